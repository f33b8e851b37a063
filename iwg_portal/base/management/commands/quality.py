"""``manage.py quality`` (``make check``): everything that a machine can check without running the tests."""

import base64
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from iwg_portal.base import translations

ROOT: Path = settings.BASE_DIR
# A server that cannot exist: these checks read files, and must not start or touch a database.
NOWHERE = {"DATABASE_URL": "postgres://nobody@%2Fnonexistent/none", "REDIS_URL": "unix:///nonexistent/none"}
LINES = 12  # shown of a check's output
Outcome = str  # what is wrong; empty when nothing is


class Command(BaseCommand):
    help = "Checks style, templates, imports, types, migrations, translations, deployment settings and the locks."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        failed = []
        with tempfile.TemporaryDirectory(prefix="iwg-quality-") as folder, ThreadPoolExecutor(os.cpu_count()) as pool:
            checks = Checks(Path(folder))
            running = {name: pool.submit(_timed, check) for name, check in checks.all().items()}
            for name, future in running.items():
                seconds, problem = future.result()
                self.stdout.write(f"{'FAILED' if problem else 'ok':6}  {name:13} {seconds:5.1f} s")
                if problem:
                    failed.append(name)
                    self.stdout.write("\n".join(f"        {line}" for line in problem.splitlines()))
        if failed:
            self.stdout.write(f"Not good yet: {', '.join(failed)}.")
            sys.exit(1)


def _timed(check: Callable[[], Outcome]) -> tuple[float, Outcome]:
    start = time.monotonic()
    try:
        problem = check()
    except Exception as error:
        problem = f"{type(error).__name__}: {error}"
    return time.monotonic() - start, problem


class Checks:
    """Each check returns what is wrong. ``folder`` is temporary: the data folder of the commands that want one."""

    def __init__(self, folder: Path) -> None:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
        secret = {"SECRET_KEY": secrets.token_urlsafe(64), "DATA_DIR": str(folder), "PYTHONWARNINGS": "ignore"}
        module = {"DJANGO_SETTINGS_MODULE": "iwg_portal.settings"}
        self.environment = {**kept, **secret, **module, **NOWHERE, "IWG_MODE": "test"}
        self.production = {
            **self.environment,
            "IWG_MODE": "production",
            "FACTOR_KEYS": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            "ALLOWED_HOSTS": "portal.example.org",
            "MAIL_FROM": "portal@example.org",
            "PUBLIC_URL": "https://portal.example.org",
        }

    def all(self) -> dict[str, Callable[[], Outcome]]:
        """In the order in which they are reported; the slow ones start first."""
        return {
            "types": lambda: self.program("mypy"),
            "imports": lambda: self.program("lint-imports", "--no-logo", "--no-cache"),
            "templates": lambda: self.program("djlint", "--lint", "--quiet", "templates"),
            "style": lambda: self.program("ruff", "check", "--quiet", "--output-format", "concise", "."),
            "translations": self.translations,
            "migrations": lambda: self.manage("makemigrations", "--check", "--dry-run"),
            "deployment": lambda: self.manage("check", "--deploy", "--fail-level", "WARNING", env=self.production),
            "compose": lambda: self.program(
                "check-jsonschema", "--builtin-schema", "vendor.compose-spec", "docker-compose.yml"
            ),
            "locks": self.locks,
        }

    def program(self, name: str, *arguments: str) -> Outcome:
        found = shutil.which(name, path=str(Path(sys.executable).parent))
        if found is None:
            return f"{name} is not installed here: “make check” installs it."
        return self._run([found, *arguments], self.environment)

    def manage(self, *arguments: str, env: dict[str, str] | None = None) -> Outcome:
        return self._run([sys.executable, "-m", "django", *arguments], env or self.environment)

    def _run(self, command: list[str], environment: dict[str, str]) -> Outcome:
        done = subprocess.run(  # noqa: S603
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
        )
        if not done.returncode:
            return ""
        lines = (done.stdout + done.stderr).strip().splitlines() or [f"exit code {done.returncode}"]
        # Of a traceback the end counts, and of a list of findings any part.
        return "\n".join(lines if len(lines) <= LINES else [f"… {len(lines) - LINES} lines", *lines[-LINES:]])

    def translations(self) -> Outcome:
        try:
            wanted = translations.texts_in_sources(ROOT, self.environment)
        except translations.MissingGettext as problem:
            return str(problem)
        found = translations.problems(ROOT, wanted)
        more = [f"… and {len(found) - LINES} more"] if len(found) > LINES else []
        return "\n".join(found[:LINES] + more)

    def locks(self) -> Outcome:
        """The locks hold every direct dependency in a version that pyproject allows, with hashes and no address."""
        project = tomllib.loads((ROOT / "pyproject.toml").read_text())
        direct = project["project"]["dependencies"]
        wanted = {
            "requirements.txt": direct,
            "tests/requirements.txt": [*direct, *project["dependency-groups"]["test"]],
        }
        return "\n".join(
            f"{name}: {problem}"
            for name, dependencies in wanted.items()
            for problem in lock_problems((ROOT / name).read_text(), dependencies)
        )


def lock_problems(lock: str, dependencies: list[str]) -> list[str]:
    """What is wrong with the text of a lock, given the requirements that it is to fulfil."""
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    found = []
    pinned: dict[str, Requirement] = {}
    for block in lock.replace("\\\n", " ").splitlines():
        line = block.split(" #")[0].strip()
        if not line or line.startswith(("#", "-c ", "-r ")):
            continue
        if line.startswith("-"):
            found.append(f"an address or option does not belong here: {line.split()[0]}")
            continue
        requirement = Requirement(line.split(" --hash")[0].strip())
        pinned[canonicalize_name(requirement.name)] = requirement
        if "--hash=sha256:" not in line:
            found.append(f"{requirement.name} has no hash")
    for text in dependencies:
        wanted = Requirement(text)
        held = pinned.get(canonicalize_name(wanted.name))
        version = next((s.version for s in held.specifier if s.operator == "=="), "") if held else ""
        if not version:
            found.append(f"{wanted.name} is not locked")
        elif not wanted.specifier.contains(version, prereleases=True):
            found.append(f"{wanted.name} is locked as {version}, but pyproject.toml wants {wanted.specifier}")
    return found
