"""The files a browser receives: one style sheet, one script, the map; every class and icon that is used exists."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.storage import FileSystemStorage

from iwg_portal.base import charts, icons
from iwg_portal.base.staticfiles import ENTRIES, bundle

STATIC = Path(settings.BASE_DIR) / "static"
CSS = "".join(path.read_text(encoding="utf-8") for path in sorted((STATIC / "css").rglob("*.css")))
TEMPLATES = {path: path.read_text(encoding="utf-8") for path in (Path(settings.BASE_DIR) / "templates").rglob("*.html")}


@pytest.fixture
def paths() -> dict[str, Any]:
    storage = FileSystemStorage(STATIC)
    files = (path.relative_to(STATIC).as_posix() for path in STATIC.rglob("*") if path.is_file())
    return {name: (storage, name) for name in files}


@pytest.mark.parametrize("entry", ENTRIES)
def test_an_entry_holds_all_that_it_imports(entry: str, paths: dict[str, Any]) -> None:
    text = bundle(entry, paths)
    assert "import" not in re.sub(r"!important", "", text) or entry.endswith(".js")
    assert not re.search(r'^import "|@import', text, re.MULTILINE)
    assert "sourceMappingURL" not in text
    assert ("@layer components{" in text) if entry.endswith(".css") else ("htmx" in text)


def test_every_own_style_sheet_and_module_reaches_a_page() -> None:
    """Folded into an entry, or, where few pages need it, named by their templates."""
    sheet, script = ((STATIC / entry).read_text(encoding="utf-8") for entry in ENTRIES)
    for path in (STATIC / "css").rglob("*.css"):
        name = path.relative_to(STATIC / "css").as_posix()
        assert name == "site.css" or f'"{name}"' in sheet, name
    for path in (STATIC / "js").glob("*.js"):
        named = any(f'src="{{% static "js/{path.name}" %}}"' in text for text in TEMPLATES.values())
        assert path.name == "site.js" or named or f'"./{path.name}"' in script, path.name


def test_a_style_sheet_that_refers_to_another_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "css").mkdir()
    (tmp_path / "css/site.css").write_text('@import url("a.css") layer(base);')
    (tmp_path / "css/a.css").write_text("p { background: url(b.png) }")
    storage = FileSystemStorage(tmp_path)
    with pytest.raises(ValueError, match="refers to another file"):
        bundle("css/site.css", {name: (storage, name) for name in ("css/site.css", "css/a.css")})


def test_the_map_has_every_shape_that_pages_refer_to() -> None:
    drawing = (STATIC / "map/west-africa.svg").read_text(encoding="utf-8")
    assert set(re.findall(r'id="([A-Z]{2})"', drawing)) == charts.SHAPES
    assert {"land", "inset"} <= set(re.findall(r'id="(\w+)"', drawing))
    assert f'viewBox="0 0 {charts.MAP_WIDTH} {charts.MAP_HEIGHT}"' in drawing
    assert "fill=" not in drawing


def test_every_icon_that_a_template_names_exists() -> None:
    for path, text in TEMPLATES.items():
        for name in re.findall(r'{% icon "([\w-]+)"', text):
            assert icons.icon(name), path


def test_own_classes_are_prefixed_and_nothing_is_inline() -> None:
    for path, text in TEMPLATES.items():
        if "mail" in path.parts:
            continue
        assert not re.search(r'\s(style|on[a-z]+)="', text), path
        assert not re.search(r"<script(?![^>]*src=)|<style", text), path
    assert not re.findall(r"(?m)^\s*\.(?!iwg-|visually-hidden|errorlist)[a-z][\w-]*[^\d;]*\{", CSS)


# -- Contrast: WCAG AA in both themes ------------------------------------------------------------------------------

TEXT_ON = [
    ("ink", "paper card tint none hatch attention-tint"),
    ("muted", "paper card tint attention-tint"),
    ("link", "paper card tint attention-tint"),
    ("attention", "paper card attention-tint"),
    ("on-brand", "brand"),
    ("on-low", "scale-0 scale-1 scale-2 scale-3"),
    ("on-high", "scale-4 scale-5"),
]


def _tokens(theme: str) -> dict[str, str]:
    light, dark = (STATIC / "css/tokens.css").read_text(encoding="utf-8").split("@media screen")
    found = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6})", light))
    return found if theme == "light" else found | dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6})", dark))


def _luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(c * 2 for c in colour[1:])
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    r, g, b = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_can_be_read_on_every_ground(theme: str) -> None:
    tokens = _tokens(theme)
    for text, grounds in TEXT_ON:
        for ground in grounds.split():
            low, high = sorted((_luminance(tokens[text]), _luminance(tokens[ground])))
            ratio = (high + 0.05) / (low + 0.05)
            assert ratio >= 4.5, f"{theme}: {text} on {ground} is {ratio:.2f}"
