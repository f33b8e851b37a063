"""What the pages about people hand out: the contacts of one's own delegation."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils import timezone
from django.utils.translation import gettext as _

from iwg_portal.base.extracts import Column, Extract
from members.enums import Audience
from members.models import State, Term


def contact_list(
    terms: Sequence[Term], states: Sequence[State], *, person: str, filters: Sequence[tuple[str, str]] = ()
) -> Extract:
    """Who is in office in these delegations, with telephone numbers, a row for each office; fetch person and state
    along. The file is as narrow as the numbers: for the delegation and the secretariat."""
    columns = [
        Column("state", _("State"), _("Whose delegation it is; code of two letters."), 10),
        Column("name", _("Name"), _("Of the person."), 32),
        Column("role", _("Office"), _("In the delegation."), 20),
        Column("post", _("Post"), _("At home."), 36),
        Column("email", _("E-mail address"), _("As the person keeps it."), 36),
        Column("phone", _("Telephone"), _("For the delegation and the secretariat."), 22),
        Column("starts_on", _("Since"), _("First day of the office."), 12),
        Column("last_day", _("Until"), _("Last day of the office, where it has one."), 12),
        Column("confirmed_on", _("Confirmed on"), _("When it was last said that the office still holds."), 14),
    ]
    rows = [
        [
            term.state.alpha2 if term.state else "",
            term.person.full_name,
            str(term.get_role_display()),
            term.post,
            term.person.email,
            term.person.phone,
            term.starts_on,
            term.last_day,
            term.confirmed_on,
        ]
        for term in terms
    ]
    name = "-".join(["contacts", *(state.alpha2.lower() for state in states)])
    title = _("Contacts of %(states)s") % {"states": ", ".join(state.name for state in states)}
    return Extract(name, title, Audience.SECRETARIAT, person, timezone.now(), columns, rows, filters)
