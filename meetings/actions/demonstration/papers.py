"""Papers of the demonstration: one page each, which says that it is invented."""

from __future__ import annotations

from typing import Any

from iwg_portal.base.documents import pdf
from iwg_portal.base.uploads import check
from meetings.actions.demonstration.rows import People
from meetings.models import Meeting, Paper
from members.access import viewer_for
from members.actions.files import store_file
from members.enums import Audience, Language

LANGUAGES = [str(language) for language in Language]


def add_papers(meeting: Meeting, entries: list[dict[str, Any]], people: People, words: dict[str, str]) -> None:
    by = viewer_for(people.secretariat)
    items = {item.position: item for item in meeting.items.all()}
    for number, entry in enumerate(entries, start=1):
        titles = {language: entry[language] for language in LANGUAGES if language in entry}
        paper = Paper.objects.create(
            meeting=meeting,
            item=items[entry["item"]] if "item" in entry else None,
            number=number,
            title=next(iter(titles.values())),
            created_by=people.secretariat,
        )
        for language, title in titles.items():
            store_file(
                checked=check(_page(title, language, words[language]), f"paper-{number}-{language}.pdf"),
                title=title,
                audience=Audience.GROUP,
                language=language,
                parent=paper,
                by=by,
            )


def _page(title: str, language: str, word: str) -> bytes:
    return pdf(
        "sample",
        {
            "title": title,
            "language": language,
            "group": "IWG",
            "label": "TLP:GREEN",
            "label-colour": "#33FF00",
            "stamp": word,
            "page-word": "{n} / {total}",
            "demo": word,
        },
    )
