"""``manage.py rule_drops`` (``make rule-drops``): is each condition of the audience rule held by a test?

In a copy of the sources each condition is taken away in turn — an operand of "and", "or", ``|`` or ``&``, a test of an
"if", an argument of a filter, a row of a table of roles — and the tests must notice. Nothing of this checkout changes.
"""

from __future__ import annotations

import ast
import copy
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from iwg_portal.base.embedded import paths, servers

# Where the rule stands, as file → names of functions and tables; methods without their class.
RULE = {
    "members/access/viewer.py": (
        "_READS", "_STATUS_ONLY", "unproven", "without_proof", "reads", "reads_status_only", "viewer_for", "viewers",
        "seen_as", "_terms", "_from_terms",
    ),
    "members/access/audience.py": ("readable", "may_read", "status_only"),
    "members/models/dates.py": ("current",),
    "members/sign_in/proofs.py": ("is_proven", "records"),
    "members/access/files.py": ("visible_files", "visible_versions"),
    "capabilities/access.py": (
        "visible_rounds", "visible_scores", "visible_completeness", "visible_regional_scores", "visible_imports",
        "can_see_release",
    ),
}  # fmt: skip
FIRST = ("tests/members/test_access.py",)
THEN = (
    "tests/members/test_files.py", "tests/members/test_factor.py", "tests/pages/test_view_as.py",
    "tests/capabilities/test_release.py", "tests/test_list_equals_detail.py", "tests/test_canaries.py", "tests/pages",
    "tests/members", "tests/test_access_matrix.py",
)  # fmt: skip
# Whose loss changes nothing that anybody could see, with the reason.
HARMLESS = {
    "readable: always “viewer.own_states”": "without states of her own the second half of the rule names no row",
}
FORGOTTEN = ("DATABASE_URL", "REDIS_URL", "DEBUG", "DEMO", "DATABASE_ROLE")
LEFT_OUT = shutil.ignore_patterns(".git", ".venv", ".data", "__pycache__", ".*_cache", "node_modules")


@dataclass(frozen=True)
class Drop:
    """One condition less: ``source`` is the whole module without it."""

    file: str
    line: int
    where: str
    what: str
    source: str

    @property
    def name(self) -> str:
        return f"{self.where}: {self.what}"


class Command(BaseCommand):
    help = "Drops each condition of the audience rule in turn, in a copy, and says which test notices."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--list", action="store_true", help="only say what would be dropped")
        parser.add_argument("--only", default="", metavar="WORDS", help="drops whose file or name holds these words")

    def handle(self, *args: Any, **options: Any) -> None:
        found = [drop for drop in drops(settings.BASE_DIR) if options["only"] in f"{drop.file} {drop.name}"]
        if options["list"]:
            for drop in found:
                self.stdout.write(f"{drop.file}:{drop.line}  {drop.name}")
            return
        folder = Path(tempfile.mkdtemp(prefix="iwg-drop-")).resolve()
        started = servers.Servers(folder / "s", fast=True)
        try:
            started.enter()
            shutil.copytree(settings.BASE_DIR, folder / "copy", ignore=LEFT_OUT)
            unnoticed = self.run(found, folder)
        finally:
            started.leave()
            shutil.rmtree(folder, ignore_errors=True)
        self.stdout.write(f"{len(found)} conditions dropped, {len(found) - len(unnoticed)} noticed.")
        if unnoticed:
            sys.exit(1)

    def run(self, found: list[Drop], folder: Path) -> list[Drop]:
        place, data = folder / "copy", folder / "s"
        environment = {name: value for name, value in os.environ.items() if name not in FORGOTTEN}
        environment |= {"DATABASE_URL": paths.database_url(data), "REDIS_URL": paths.redis_url(data)}
        if problem := _noticed(place, environment, (*FIRST, *THEN[:1]), "--create-db"):
            self.stdout.write(f"The tests fail without any change: {problem}")
            sys.exit(2)
        unnoticed = []
        for drop in found:
            begun, file = time.monotonic(), place / drop.file
            whole = file.read_text(encoding="utf-8")
            file.write_text(drop.source, encoding="utf-8")
            test = _noticed(place, environment, FIRST) or _noticed(place, environment, THEN)
            file.write_text(whole, encoding="utf-8")
            reason = HARMLESS.get(drop.name, "")
            if not test and not reason:
                unnoticed.append(drop)
            said = test or (f"harmless: {reason}" if reason else "NOBODY NOTICED")
            self.stdout.write(f"{drop.file}:{drop.line}  {drop.name}\n    {said}  ({time.monotonic() - begun:.0f} s)")
            self.stdout.flush()
        return unnoticed


def _noticed(place: Path, environment: dict[str, str], tests: tuple[str, ...], database: str = "--reuse-db") -> str:
    """The first test that failed; empty when none did."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "--no-header", "-p", "no:cacheprovider", "-n", "0", database,
               "--tb=no", "-rfE", *tests]  # fmt: skip
    done = subprocess.run(  # noqa: S603
        command, cwd=place, env=environment, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    if not done.returncode:
        return ""
    lines = [line for line in done.stdout.splitlines() if line.startswith(("FAILED ", "ERROR "))]
    if not lines:  # not a test that noticed, but a run that did not take place
        raise CommandError(f"pytest ended with {done.returncode}:\n{(done.stdout + done.stderr)[-2000:]}")
    return lines[0].partition(" - ")[0]


# -- What can be dropped ---------------------------------------------------------------------------------------------


def drops(root: Path) -> list[Drop]:
    """Every condition of the rule, in the order of the sources. Raises KeyError for a name that is not there."""
    found = []
    for file, names in RULE.items():
        tree = ast.parse((root / file).read_text(encoding="utf-8"))
        parts = {name: node for node in ast.walk(tree) for name in _names(node)}
        for name in names:
            for path, what in _choices(parts[name]):
                changed = copy.deepcopy(tree)
                node = next(part for part in ast.walk(changed) for found_ in _names(part) if found_ == name)
                line = path.apply(node)
                found.append(Drop(file, line, name, what, ast.unparse(ast.fix_missing_locations(changed))))
    return found


def _names(node: ast.AST) -> list[str]:
    if isinstance(node, ast.FunctionDef):
        return [node.name]
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return [node.target.id]
    return []


@dataclass(frozen=True)
class Change:
    """The ``place``-th node of a walk over a part, and what to do with it."""

    place: int
    kind: str
    number: int = 0

    def apply(self, part: ast.AST) -> int:
        node: Any = list(ast.walk(part))[self.place]
        match self.kind:
            case "operand":
                del node.values[self.number]
            case "side":
                _become(node, node.left if self.number else node.right)
            case "less":
                _become(node, node.left)
            case "entry":
                del node.keys[self.number], node.values[self.number]
            case "true" | "false":
                node.test = ast.Constant(self.kind == "true")
            case "argument":
                del node.keywords[self.number]
            case "positional":
                del node.args[self.number]
            case "row":
                node.values[self.number] = ast.Call(ast.Name("frozenset", ast.Load()), [], [])
            case "widest":
                node.values[self.number] = ast.Call(
                    ast.Name("frozenset", ast.Load()), [ast.Name("Audience", ast.Load())], []
                )
        return getattr(node, "lineno", getattr(part, "lineno", 0))


def _become(node: Any, other: Any) -> None:
    """Put ``other`` where ``node`` stands. Sets and Q objects joined with themselves stay what they are."""
    node.left, node.op, node.right = other, ast.BitOr(), copy.deepcopy(other)


def _choices(part: ast.AST) -> Iterator[tuple[Change, str]]:
    """What can be dropped inside a function or table."""
    table, types = isinstance(part, ast.AnnAssign), _annotations(part)
    for place, node in enumerate(ast.walk(part)):
        if id(node) in types:
            continue
        if table and isinstance(node, ast.Dict):
            for number, key in enumerate(node.keys):
                said = ast.unparse(key) if key else ""
                yield Change(place, "row", number), f"nothing for {said}"
                yield Change(place, "widest", number), f"everything for {said}"
        elif table:
            continue
        elif isinstance(node, ast.BoolOp):
            for number, value in enumerate(node.values):
                yield Change(place, "operand", number), f"without “{_short(value)}”"
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr | ast.BitAnd):
            for number, value in enumerate((node.left, node.right)):
                yield Change(place, "side", 1 - number), f"without “{_short(value)}”"
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub):
            yield Change(place, "less"), f"without “- {_short(node.right)}”"
        elif isinstance(node, ast.Dict) and len(node.keys) > 1:
            for number, key in enumerate(node.keys):
                yield Change(place, "entry", number), f"without the entry “{_short(key) if key else ''}”"
        elif isinstance(node, ast.If | ast.IfExp):
            yield Change(place, "true"), f"always “{_short(node.test)}”"
            yield Change(place, "false"), f"never “{_short(node.test)}”"
        elif isinstance(node, ast.Call) and _is_filter(node):
            for number, keyword in enumerate(node.keywords):
                yield Change(place, "argument", number), f"filter without “{_short(keyword)}”"
            for number, value in enumerate(node.args):
                yield Change(place, "positional", number), f"filter without “{_short(value)}”"


def _annotations(part: ast.AST) -> set[int]:
    """Types of arguments and of the answer: no conditions, though they are written with ``|``."""
    if not isinstance(part, ast.FunctionDef):
        return set()
    types = [argument.annotation for argument in ast.walk(part.args) if isinstance(argument, ast.arg)] + [part.returns]
    return {id(node) for found in types if found for node in ast.walk(found)}


def _is_filter(node: ast.Call) -> bool:
    return isinstance(node.func, ast.Attribute) and node.func.attr in ("filter", "exclude")


def _short(node: ast.AST) -> str:
    text = ast.unparse(node)
    return text if len(text) <= 60 else text[:57] + "…"
