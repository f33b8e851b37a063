"""What is done with decisions and action points, for the table of who writes what (tests/policy/write.csv)."""

import datetime as dt

from django.utils import timezone

from iwg_portal.base.uploads import check
from meetings.actions import action_points, decisions, owners
from meetings.models import ActionEvidence
from tests.factories import ActionFactory, DecisionFactory, ItemFactory, MeetingFactory, OwnerFactory

SOON = dt.timedelta(days=20)


def _item():
    return ItemFactory(meeting=MeetingFactory(state="circulated"))


def _decision(**values):
    return DecisionFactory(block__item=_item(), **values)


def _owner(cast):
    return OwnerFactory(action=ActionFactory(block__item=_item()), state=cast.own)


def change_decision(cast, viewer):
    decision = _decision()
    decisions.change_decision(decision=decision, kind="informational", by=viewer)
    decision.refresh_from_db()
    return decision.kind == "informational"


def carry_out(cast, viewer):
    decision = _decision()
    decisions.set_decision_status(decision=decision, status="carried_out", by=viewer)
    decision.refresh_from_db()
    return decision.status == "carried_out"


def supersede(cast, viewer):
    decision, successor = _decision(number=1), _decision(number=2)
    decisions.set_decision_status(decision=decision, status="superseded", successor=successor, by=viewer)
    decision.refresh_from_db()
    return decision.superseded_by == successor


def edit_action(cast, viewer):
    owner = _owner(cast)
    action_points.edit_action(action=owner.action, due_on=timezone.localdate() + SOON, add=[cast.other], by=viewer)
    return owner.action.owners.count() == 2


def report(cast, viewer):
    owner = _owner(cast)
    owners.report(owner=owner, status="done", by=viewer)
    owner.refresh_from_db()
    return owner.status == "done"


def hand_over(cast, viewer):
    owner, holder = _owner(cast), cast.person("own_focal_point")
    owners.hand_over(owner=owner, holder=holder, by=viewer)
    owner.refresh_from_db()
    return owner.holder == holder


def grant_time(cast, viewer):
    owner = _owner(cast)
    owners.grant_time(owner=owner, until=timezone.localdate() + SOON, by=viewer)
    owner.refresh_from_db()
    return owner.due_on == timezone.localdate() + SOON


def add_evidence(cast, viewer):
    owners.add_evidence(owner=_owner(cast), checked=check(b"Done", "done.txt"), title="Done", by=viewer)
    return ActionEvidence.objects.get().file.state == cast.own


ACTS = {
    ("decision", "change"): change_decision,
    ("decision", "carry out"): carry_out,
    ("decision", "supersede"): supersede,
    ("action point", "edit"): edit_action,
    ("action point", "report"): report,
    ("action point", "hand over"): hand_over,
    ("action point", "grant time"): grant_time,
    ("action point", "show evidence"): add_evidence,
}
