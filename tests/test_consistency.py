"""Guards of the house: what the layout promises is checked by walking it."""

import ast
import importlib.util
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings

from iwg_portal.activity.sentences import SENTENCES
from iwg_portal.celery import app as celery

ROOT = Path(settings.BASE_DIR)
APPS = ("members", "capabilities", "meetings")
# Lowest first: a model may point to its own app and to those before it.
FLOORS = ("base", "activity", "mail", "reminders", "jobs", "members", "capabilities", "meetings", "summaries", "pages")
TOP_LEVEL = {
    "Dockerfile", "LICENSE", "Makefile", "README.md", "capabilities", "docker-compose.yml", "iwg_portal", "manage.py",
    "meetings", "members", "pyproject.toml", "requirements.txt", "static", "templates", "tests",
}  # fmt: skip
PROJECT_PACKAGE = {
    "__init__.py", "activity", "base", "celery.py", "data", "docs", "jobs", "locale", "mail", "pages", "reminders",
    "settings.py", "summaries", "urls.py", "wsgi.py",
}  # fmt: skip
IN_AN_APP = {
    "__init__", "access", "actions", "admin", "apps", "data", "enums", "exports", "forms", "management", "middleware",
    "migrations", "models", "notices", "queries", "reminders", "sign_in", "sorting", "tasks", "templatetags",
    "translation", "urls", "views",
}  # fmt: skip
# allauth asks for it where it refuses too many attempts, and ships none.
ASKED_BY_ALLAUTH = {"429.html"}
# Mail programs know no style sheet, so mails alone have their styles inline; no page of the portal shows them as HTML.
# tests/mail/test_kinds.py looks after these templates.
MAIL = ROOT / "templates" / "mail"
# Who asks whether htmx asks. render() chooses between a page and its piece. The others send htmx to another page; the
# desk answers its presses in place, the projector hears that there is nothing new, and the page of a summary that it is
# built now.
ASK_HTMX = {
    "iwg_portal/base/render.py", "iwg_portal/base/step_up.py", "iwg_portal/summaries/views.py",
    "meetings/views/attendance.py", "meetings/views/records.py", "members/middleware.py", "members/sign_in/late.py",
    "members/views/files.py",
}  # fmt: skip
JUNK_DRAWERS = {"utils", "util", "helpers", "helper", "services", "service", "common", "misc"}


def kept_files() -> list[Path]:
    """Every file of the project, as git knows them; without git (in an image) what lies there."""
    if (ROOT / ".git").exists():
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT, capture_output=True, text=True, check=True,
        )  # fmt: skip
        names = [ROOT / name for name in listed.stdout.split("\0") if name]
    else:
        names = [path for path in ROOT.rglob("*") if not {".venv", ".data", "__pycache__"} & set(path.parts)]
    return [path for path in names if path.is_file()]


FILES = kept_files()
PYTHON = [path for path in FILES if path.suffix == ".py"]
TEMPLATES = [path for path in FILES if path.is_relative_to(ROOT / "templates")]


def product_code() -> Iterator[tuple[Path, ast.Module]]:
    for path in PYTHON:
        inside = path.relative_to(ROOT)
        if inside.parts[0] in (*APPS, "iwg_portal") and "migrations" not in inside.parts:
            yield inside, ast.parse(path.read_text(encoding="utf-8"))


# -- Layout --------------------------------------------------------------------------------------------------------


def test_top_level_is_a_closed_list():
    names = {path.relative_to(ROOT).parts[0] for path in FILES}
    assert {name for name in names if not name.startswith(".")} <= TOP_LEVEL
    inside = {path.relative_to(ROOT).parts[1] for path in FILES if path.is_relative_to(ROOT / "iwg_portal")}
    assert inside <= PROJECT_PACKAGE


def test_file_names_inside_an_app_are_a_closed_list():
    for app in APPS:
        names = {
            path.relative_to(ROOT).parts[1].removesuffix(".py")
            for path in FILES
            if path.relative_to(ROOT).parts[0] == app
        }
        assert names <= IN_AN_APP, app


def test_no_junk_drawer():
    assert not [str(path) for path in PYTHON if path.stem in JUNK_DRAWERS or path.parent.name in JUNK_DRAWERS]


def test_modules_stay_small():
    """Past about 400 lines a module becomes a package with one file per noun."""
    lengths = {str(path): len((ROOT / path).read_text(encoding="utf-8").splitlines()) for path, _tree in product_code()}
    assert not {path: lines for path, lines in lengths.items() if lines > 450}


# -- Layers that imports do not show -----------------------------------------------------------------------------------


def test_views_ask_access_and_never_the_tables():
    views = [p for p in PYTHON if (p.name == "views.py" or p.parent.name == "views") and "tests" not in p.parts]
    assert len(views) > 8
    assert not [str(path) for path in views if re.search(r"\b\w+\.objects\b", path.read_text(encoding="utf-8"))]


def test_only_these_know_that_htmx_asks():
    """The tests that read every page of every role read a piece only where ``render`` says that there is one."""

    def asks(node: ast.AST) -> bool:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return node.value == "htmx" or node.value.upper().startswith(("HX-", "HTTP_HX"))
        return isinstance(node, ast.Attribute) and node.attr == "htmx"

    tools = ("iwg_portal/pages/benchmark",)
    found = {path.as_posix() for path, tree in product_code() for node in ast.walk(tree) if asks(node)}
    assert {path for path in found if not path.startswith(tools)} == ASK_HTMX
    assert not [str(path) for path in TEMPLATES if re.search(r"{[%{][^}]*\bhtmx\b", path.read_text(encoding="utf-8"))]


def test_every_date_is_written_in_one_place():
    """Also in views and pages, where the linter lets Django's own modules in."""
    found = [
        str(path)
        for path, tree in product_code()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        and node.module == "django.utils.formats"
        and any(name.name == "date_format" for name in node.names)
    ]
    assert found == []


def test_foreign_keys_never_point_to_a_higher_app():
    for model in apps.get_models(include_auto_created=True):
        if model._meta.app_label not in FLOORS:
            continue
        for field in model._meta.get_fields(include_hidden=True):
            target = getattr(field, "related_model", None)
            points = target and getattr(field, "concrete", False) and target._meta.app_label in FLOORS
            if not points or target._meta.label == settings.AUTH_USER_MODEL:
                continue
            own, other = FLOORS.index(model._meta.app_label), FLOORS.index(target._meta.app_label)
            assert other <= own, f"{model._meta.label}.{field.name} points up to {target._meta.label}"


def test_every_model_lives_on_a_floor():
    ours = {config.label for config in apps.get_app_configs() if Path(config.path).is_relative_to(ROOT)}
    ours = {label for label in ours if ".venv" not in apps.get_app_config(label).path}
    assert ours <= set(FLOORS)


# -- Names that must exist somewhere else ------------------------------------------------------------------------------


def test_each_name_on_the_schedule_is_a_task():
    celery.loader.import_default_modules()
    wanted = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert wanted <= set(celery.tasks)


def recorded_kinds() -> Iterator[tuple[str, str]]:
    """(file, kind) of every call of ``record`` and every ``Note``: its first argument is a word, or one of two."""
    for path, tree in product_code():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("record", "Note"):
                kind = node.args[0]
                for word in (kind.body, kind.orelse) if isinstance(kind, ast.IfExp) else (kind,):
                    assert isinstance(word, ast.Constant), f"{path}:{node.lineno}: write the kind of event as a word"
                    yield str(path), word.value


def test_every_event_has_a_sentence_and_every_sentence_an_event():
    assert {kind for _path, kind in recorded_kinds()} == set(SENTENCES)
    for sentence in SENTENCES.values():
        assert set(re.findall(r"%\((\w+)\)s", str(sentence))) <= {"actor", "target"}


def test_every_action_takes_its_values_by_name():
    """Keyword-only: a call reads like a sentence, and two dates are never swapped."""
    for path, tree in product_code():
        if "actions" not in path.parts and path.name != "actions.py":
            continue
        for node in tree.body:
            if not isinstance(node, ast.FunctionDef) or not any(a.arg == "by" for a in node.args.kwonlyargs):
                continue
            assert not node.args.args, f"{path}: {node.name} takes {node.args.args[0].arg} by position"


# -- Templates ---------------------------------------------------------------------------------------------------------


def test_every_template_is_used():
    sources = [p for p in FILES if p.suffix in (".py", ".html", ".txt") and "tests" not in p.relative_to(ROOT).parts]
    text = {path: path.read_text(encoding="utf-8") for path in sources}
    allauth = Path(importlib.util.find_spec("allauth").origin).parent / "templates"
    unused = []
    for path in TEMPLATES:
        if path.is_relative_to(MAIL) and path.parent != MAIL:
            continue  # found by the name of its kind
        name = str(path.relative_to(ROOT / "templates"))
        named = any(f'"{name}' in content or f"'{name}" in content for file, content in text.items() if file != path)
        if not named and not (allauth / name).exists() and name not in ASKED_BY_ALLAUTH:
            unused.append(name)
    assert not unused


@pytest.mark.parametrize(
    ("what", "pattern"),
    [
        ("inline style", r"\sstyle\s*="),
        ("inline script", r"<script(?![^>]*\ssrc=)"),
        ("inline event handler", r"<[^>]*\son[a-z]+\s*="),
        ("htmx attribute without data-", r"\shx-[a-z]"),
        ("address outside the portal", r"(src|href)\s*=\s*[\"'](https?:)?//"),
        ("unescaped value", r"\|\s*safe\b|autoescape\s+off"),
    ],
)
def test_templates_keep_to_the_policy(what, pattern):
    bound = [path for path in TEMPLATES if not (what == "inline style" and path.is_relative_to(MAIL))]
    found = [str(path) for path in bound if re.search(pattern, path.read_text(encoding="utf-8"))]
    assert not found, what


# No cookie stands behind it: whoever knows its secret address may send it, and nobody else can (decision 23).
WITHOUT_A_COOKIE = ("meetings/replies/act.html", "members/digests/unsubscribe.html")


def test_every_form_that_writes_carries_its_token():
    for path in TEMPLATES:
        if path.name == "gallery.html" or any(path.match(page) for page in WITHOUT_A_COOKIE):
            continue
        for form in re.findall(r"<form\b.*?</form>", path.read_text(encoding="utf-8"), flags=re.S):
            if 'method="post"' in form:
                assert "{% csrf_token %}" in form, path
