"""Catalogues are compiled without GNU gettext, only where needed."""

import gettext
import os

import pytest

from iwg_portal.base import catalogues

PO = """msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\\n"

msgid "State"
msgstr "État"
"""


@pytest.fixture
def po(tmp_path, settings):
    settings.LOCALE_PATHS = [tmp_path]
    file = tmp_path / "fr" / "LC_MESSAGES" / "django.po"
    file.parent.mkdir(parents=True)
    file.write_text(PO, encoding="utf-8")
    return file


def test_missing_and_older_ones_are_compiled(po):
    (mo,) = catalogues.compile_all()
    with mo.open("rb") as stream:
        assert gettext.GNUTranslations(stream).gettext("State") == "État"
    assert catalogues.compile_all() == []
    os.utime(mo, (1, 1))
    assert catalogues.compile_all() == [mo]
    assert catalogues.compile_all(force=True) == [mo]


def test_a_broken_one_is_named(po):
    po.write_text('msgid "State"\nnonsense\n', encoding="utf-8")
    with pytest.raises(ValueError, match=r"django\.po"):
        catalogues.compile_all()
