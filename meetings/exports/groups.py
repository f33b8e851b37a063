"""What a chair leaves to the next, as one document: the rows of its page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from iwg_portal.base.dates import date_format
from iwg_portal.base.documents import frame, pdf
from iwg_portal.base.extracts import file_name
from meetings.exports import listed_row
from meetings.queries.action_points import due_words
from members.models import Term


def hand_over(
    *,
    sentence: str,
    chair: str,
    decisions: Sequence[Mapping[str, Any]],
    owners: Sequence[Mapping[str, Any]],
    contacts: Sequence[Term],
    upcoming: Sequence[Mapping[str, Any]],
    cut: frozenset[str],
    audience: str,
    group_name: str,
    person: str,
) -> tuple[str, bytes, str]:
    """File name, PDF in the active language, label. ``decisions``, ``owners``, ``upcoming``: as the page shows them,
    with ``title`` of a decision and of an action point; ``cut``: the lists of which there is more in the portal."""
    framed = frame(_("Hand-over"), audience, group_name, person=person)
    parts = [
        ("decisions", _("Decisions still open"), [_decision(row) for row in decisions]),
        ("actions", _("Action points still open"), [_owner(row) for row in owners]),
        ("upcoming", _("Meetings to come"), [_meeting(row) for row in upcoming]),
        ("contacts", _("Contacts"), [_contact(term) for term in contacts]),
    ]
    data = {
        **framed,
        "sentence": sentence,
        "facts": [(label, value) for label, value in ((_("Chair"), chair), (_("Made for"), framed["bearer"])) if value],
        "parts": [
            {
                "title": title,
                "note": "",
                "rows": rows,
                "none": _("None."),
                "more": _("There are more; they are in the portal.") if name in cut else "",
            }
            for name, title, rows in parts
        ],
    }
    return (
        file_name(f"hand-over-{get_language()}", person, timezone.now(), "pdf"),
        pdf("hand-over", data),
        data["label"],
    )


def _decision(row: Mapping[str, Any]) -> dict[str, Any]:
    return listed_row(row["title"], row["text"], row["decision"].record.language, _at(row["meeting"]))


def _owner(row: Mapping[str, Any]) -> dict[str, Any]:
    owner = row["owner"]
    words = [due_words(row["due"], overdue=row["late"]), str(owner.get_status_display()), _at(row["meeting"])]
    title = f"{row['who']} · {row['title']}"
    return listed_row(title, row["text"], owner.action.record.language, " · ".join(words), late=row["late"])


def _at(meeting: Any) -> str:
    """At which meeting, and when it was."""
    day = date_format(meeting.starts_at.astimezone(meeting.tz), "DATE_FORMAT")
    return _("%(meeting)s, %(day)s") % {"meeting": meeting.title, "day": day}


def _meeting(row: Mapping[str, Any]) -> dict[str, Any]:
    meeting, when = row["meeting"], row["when"]
    words = [when.days, f"{when.hours}", row["place"], meeting.group.name, str(meeting.get_state_display())]
    return listed_row(meeting.title, detail=" · ".join(word for word in words if word))


def _contact(term: Term) -> dict[str, Any]:
    office = f"{term.person}, {term.get_role_display()}"
    detail = " · ".join(word for word in (office, term.post, term.person.email) if word)
    return listed_row(str(term.state or ""), detail=detail)
