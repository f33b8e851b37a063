"""Loading in advance what Django otherwise loads at the first visit, for web processes that are forked afterwards."""

from pathlib import Path

from django.conf import settings
from django.db import connections
from django.template import TemplateSyntaxError, engines
from django.template.exceptions import TemplateDoesNotExist
from django.urls import get_resolver
from django.utils import translation


def load_everything() -> None:
    """URLs, catalogues and our templates. Asks no database; leaves no connection that forks would share."""
    resolver = get_resolver()
    for language, _ in settings.LANGUAGES:
        with translation.override(language):
            resolver.reverse_dict  # noqa: B018 - filled per language at the first look
            translation.gettext("Region")
    engine = engines["django"]
    for folder in settings.TEMPLATES[0]["DIRS"]:
        for file in Path(folder).rglob("*.html"):
            try:
                engine.get_template(str(file.relative_to(folder)))
            except (TemplateSyntaxError, TemplateDoesNotExist):
                continue  # reported by the page that uses it, and by the tests
    connections.close_all()
