"""What stands around every document: its label, for whom and when it was made, and that its rows are invented."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from iwg_portal.base import marks
from iwg_portal.base.dates import date_format
from iwg_portal.base.extracts import bearer_of

# FIRST's own colours, on black.
LABEL_COLOURS = {"amber": "#ffc000", "green": "#33ff00", "clear": "#ffffff"}


def frame(title: str, audience: str, group_name: str, *, person: str = "") -> dict[str, Any]:
    """What ``frame.typ`` wants: the head with the label, the foot with the moment, the page and the mark of the
    demonstration, in the active language. Above the group the head bears the name of ``person``, to whom it is
    handed."""
    now = timezone.localtime()
    label, colour = marks.TLP[audience]
    bearer = bearer_of(audience, person)
    return {
        "title": title,
        "language": get_language() or settings.LANGUAGE_CODE,
        "group": _("%(group)s · handed to %(name)s") % {"group": group_name, "name": bearer[:60]}
        if bearer
        else group_name,
        "bearer": bearer,
        "label": label,
        "label-colour": LABEL_COLOURS[colour],
        "stamp": _("As of %(now)s") % {"now": f"{date_format(now, 'DATETIME_FORMAT')} {marks.zone(now)}"},
        # The document fills in the numbers: page and total are known only when it is set.
        "page-word": _("Page %(number)s of %(total)s") % {"number": "{n}", "total": "{total}"},
        "demo": _("Demonstration data, invented") if settings.DEMO else "",
    }
