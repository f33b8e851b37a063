"""Who reads action points, and who reports, hands over and edits. Source: the group's access table, §1 (an action point
is read as its record is) and §3.

A holder is a person: her name is for those who may read it anyway. Whether somebody holds a row at all tells of the
offices in a delegation, so that is for the delegation itself and the secretariat.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from meetings.access.meetings import in_the_room, runs_meetings
from meetings.access.records import visible_records
from meetings.models import ActionEvidence, ActionOwner, ActionPoint, ActionReport, Meeting
from members.access import Viewer, can_change_file, known_actors, visible_files
from members.enums import Audience, Role, narrowest
from members.models import Person, State, Term, current


def visible_actions(viewer: Viewer) -> QuerySet[ActionPoint]:
    """Of the records that she reads. A block that was taken out, or has no words yet, is no action point."""
    rows = ActionPoint.objects.filter(record__in=visible_records(viewer), block__is_removed=False)
    return rows.exclude(number=None, block__text="")


def visible_owners(viewer: Viewer) -> QuerySet[ActionOwner]:
    return ActionOwner.objects.filter(action__in=visible_actions(viewer), is_removed=False)


def owners_within() -> QuerySet[ActionOwner]:
    """Rows without the rule of who reads them: for a subquery of ``visible_actions`` alone, which has the rule already
    and would only ask it again for every row."""
    return ActionOwner.objects.filter(is_removed=False)


def visible_reports(viewer: Viewer) -> QuerySet[ActionReport]:
    """As widely as the action point, newest first."""
    rows = ActionReport.objects.filter(owner__in=visible_owners(viewer))
    return rows.select_related("by").order_by("-at", "id")


def visible_evidence(viewer: Viewer) -> QuerySet[ActionEvidence]:
    """Files that she reads, of rows that she reads."""
    rows = ActionEvidence.objects.filter(owner__in=visible_owners(viewer), file__in=visible_files(viewer))
    return rows.select_related("file", "owner").order_by("file__created_at", "id")


# -- Whose row ------------------------------------------------------------------------------------------------------


def own(viewer: Viewer) -> Q:
    """The rows of her own delegation or organisation, as a filter over owners."""
    states = viewer.own_states | viewer.observed_states
    return Q(state__in=sorted(states)) | Q(organisation__in=sorted(viewer.organisations))


def owns(viewer: Viewer, owner: ActionOwner) -> bool:
    """The same rule for one row."""
    if owner.state_id is not None:
        return owner.state_id in viewer.own_states | viewer.observed_states
    return owner.organisation_id in viewer.organisations


def in_office() -> QuerySet[Term]:
    """Terms of today by which a person may hold a row of her state or organisation."""
    today = timezone.localdate()
    takes_part = current(today, "state__participations__")
    member = takes_part & Q(role__in=(Role.DELEGATE, Role.FOCAL_POINT), state__participations__kind="member")
    observer = takes_part & Q(role=Role.OBSERVER, state__participations__kind="observer")
    rule = member | observer | Q(role=Role.PARTNER)
    return Term.objects.filter(current(today), rule, person__is_active=True).order_by("id")


def held() -> Exists:
    """Over owners: the holder is still in office there. Derived from the terms whenever it is read, so that nothing has
    to be written when somebody leaves: the state goes on owning the row, and nobody holds it."""
    place = Q(state=OuterRef("state")) | Q(organisation=OuterRef("organisation"))
    return Exists(in_office().filter(place, person=OuterRef("holder")))


def with_holding(owners: QuerySet[ActionOwner]) -> QuerySet[ActionOwner]:
    """Each with ``is_held``."""
    return owners.annotate(is_held=held())


def has_rows(viewer: Viewer) -> bool:
    """She acts for a state or an organisation, which may own action points."""
    return bool(viewer.own_states or viewer.observed_states or viewer.organisations)


def possible_holders(owner: ActionOwner) -> QuerySet[Person]:
    """Who sits in the delegation, or works for the organisation, today."""
    place = Q(state=owner.state_id) if owner.state_id is not None else Q(organisation=owner.organisation_id)
    people = in_office().filter(place).values("person")
    return Person.objects.filter(pk__in=people).order_by("full_name", "pk")


def holders_to_choose(viewer: Viewer, owner: ActionOwner) -> QuerySet[Person]:
    """Of these, whose names she may read: the chair knows the contacts of a delegation only."""
    people = possible_holders(owner)
    if viewer.in_secretariat or owns(viewer, owner):
        return people
    return people.filter(pk__in=known_actors(viewer) or ())


# -- Verbs -----------------------------------------------------------------------------------------------------------


def can_edit_actions(viewer: Viewer) -> bool:
    """Owners, due date, the decision behind it: the secretariat and the chair."""
    return runs_meetings(viewer)


def can_hand_over(viewer: Viewer, owner: ActionOwner) -> bool:
    """Say who holds the row: the focal point for her own state, and whoever edits."""
    return can_edit_actions(viewer) or (owner.state_id is not None and owner.state_id in viewer.focal_states)


def can_report(viewer: Viewer, owner: ActionOwner) -> bool:
    """Her own delegation, or organisation, and nobody for it."""
    return viewer.person is not None and owns(viewer, owner)


def can_grant_time(viewer: Viewer) -> bool:
    return viewer.in_secretariat


def can_add_evidence(viewer: Viewer, owner: ActionOwner) -> bool:
    """Evidence is part of a report: whoever may report for the owner shows what was done."""
    return can_report(viewer, owner)


def evidence_state(viewer: Viewer, owner: ActionOwner) -> State | None:
    """Whose file it becomes: the member state's own. Observer states and organisations own no files here; theirs is
    kept by the group, and the row says whose evidence it is."""
    return owner.state if owner.state_id in viewer.own_states else None


def can_withdraw_evidence(viewer: Viewer, evidence: ActionEvidence) -> bool:
    """Whoever may change the file; and whoever put it there, as long as she may report for the owner."""
    if can_change_file(viewer, evidence.file):
        return True
    is_hers = viewer.person is not None and evidence.file.uploaded_by_id == viewer.person.pk
    return is_hers and evidence.file.withdrawn_at is None and can_report(viewer, evidence.owner)


def evidence_audiences(viewer: Viewer, owner: ActionOwner) -> list[tuple[Audience, str]]:
    """Who may be chosen to read a file, narrowest first, each in words: never more than read the action point."""
    record_audience = owner.action.record.audience
    if evidence_state(viewer, owner) is not None:
        offered = [(audience, str(audience.label)) for audience in Audience if audience != Audience.PUBLIC]
    else:
        offered = [(Audience.SECRETARIAT, _("the secretariat"))]
        offered += [(audience, str(audience.label)) for audience in (Audience.MEMBERS, Audience.GROUP)]
    return [(audience, words) for audience, words in offered if narrowest(audience, record_audience) == audience]


def allowed(viewer: Viewer, owner: ActionOwner) -> frozenset[str]:
    """The verbs that the page may offer beside one row."""
    verbs = {
        "report": can_report(viewer, owner),
        "hand_over": can_hand_over(viewer, owner),
        "grant_time": can_grant_time(viewer),
        "add_evidence": can_add_evidence(viewer, owner),
    }
    return frozenset(verb for verb, may in verbs.items() if may)


# -- Names -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Names:
    """Whose names the viewer may read. ``known``: ids of people; None: everybody's. ``hidden``: meetings under the
    Chatham House Rule where she was not in the room; there she reads the names of her own delegation alone."""

    viewer: Viewer
    known: frozenset[int] | None
    hidden: frozenset[int] = frozenset()

    def of(self, person: Person | None, owner: ActionOwner, meeting_id: int) -> str:
        """The name, or empty."""
        if person is None or (meeting_id in self.hidden and not owns(self.viewer, owner)):
            return ""
        return str(person) if self.known is None or person.pk in self.known else ""

    def sees_holding(self, owner: ActionOwner) -> bool:
        """She may be told that nobody holds the row."""
        return self.viewer.in_secretariat or owns(self.viewer, owner)


def names(viewer: Viewer, meetings: list[Meeting]) -> Names:
    """One query, and for each meeting under the Chatham House Rule at most two."""
    hidden = frozenset(m.pk for m in {m.pk: m for m in meetings}.values() if not in_the_room(viewer, m))
    return Names(viewer, known_actors(viewer), hidden)
