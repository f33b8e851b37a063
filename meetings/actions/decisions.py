"""What becomes of a decision after it was taken: type, addressee, carried out, superseded."""

from __future__ import annotations

from collections.abc import Collection

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, transaction
from django.utils.translation import gettext as _

from iwg_portal.activity.log import record
from meetings.access import decisions as access
from meetings.actions.records import refuse_under_silence
from meetings.enums import DecisionState
from meetings.models import Decision
from meetings.queries.decisions import leads_to
from members.access import Viewer
from members.models import Organisation, State

CHAIN = "meetings.superseded"  # the name of the advisory lock under which decisions take each other's place


@transaction.atomic
def change_decision(
    *,
    decision: Decision,
    by: Viewer,
    kind: str | None = None,
    to_all: bool | None = None,
    states: Collection[State] | None = None,
    organisations: Collection[Organisation] | None = None,
) -> bool:
    """Type and addressee; None leaves what is there, so that two who change different things do not undo each other.
    Returns whether anything changed. Raises ``PermissionDenied``, ``ValidationError`` (addressed to nobody; the
    record is under silence procedure). Side effect: an event."""
    _refuse_others(by)
    refuse_under_silence(decision.record)
    decision = _locked(decision, by)
    before = _facts(decision)
    if kind is not None:
        decision.kind = kind
    if to_all is not None:
        decision.to_all = to_all
    decision.full_clean()
    decision.save(update_fields=["kind", "to_all"])
    if decision.to_all:
        states, organisations = (), ()
    if states is not None:
        decision.states.set(states)
    if organisations is not None:
        decision.organisations.set(organisations)
    if not decision.to_all and not decision.states.exists() and not decision.organisations.exists():
        raise ValidationError(_("Name at least one addressee, or choose all member states."))
    if _facts(decision) == before:
        return False
    record("decision.changed", by=by.person, target=decision, label=decision.code)
    return True


@transaction.atomic
def set_decision_status(*, decision: Decision, status: str, by: Viewer, successor: Decision | None = None) -> bool:
    """Active (again), carried out, or superseded by ``successor``. Returns whether anything changed.

    Raises ``PermissionDenied``, ``ValidationError`` (no successor, or one that would close a circle). Side effect: an
    event.
    """
    _lock_chain()  # two decisions may not take each other's place at the same moment
    decision = _locked(decision, by)
    if status != DecisionState.SUPERSEDED:
        successor = None
    elif successor is None:
        raise ValidationError({"successor": _("Say which decision takes its place.")})
    elif leads_to(successor, decision):
        raise ValidationError(
            {"successor": _("This would close a circle: the decision would take its own place in the end.")}
        )
    if (decision.status, decision.superseded_by) == (status, successor):
        return False
    decision.status, decision.superseded_by = status, successor
    decision.full_clean()
    decision.save(update_fields=["status", "superseded_by"])
    if status == DecisionState.CARRIED_OUT:
        record("decision.carried_out", by=by.person, target=decision, label=decision.code)
    elif successor is not None:
        record("decision.superseded", by=by.person, target=decision, label=decision.code, successor=successor.pk)
    else:
        record("decision.reactivated", by=by.person, target=decision, label=decision.code)
    return True


def _locked(decision: Decision, by: Viewer) -> Decision:
    _refuse_others(by)
    rows = access.visible_decisions(by).select_for_update(of=("self",), no_key=True)
    found = rows.filter(pk=decision.pk).first()
    if found is None:
        raise PermissionDenied
    return found


def _refuse_others(by: Viewer) -> None:
    if not access.can_change_decision(by):
        raise PermissionDenied


def _lock_chain() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [CHAIN])


def _facts(decision: Decision) -> tuple[object, ...]:
    states = decision.states.order_by("pk").values_list("pk", flat=True)
    organisations = decision.organisations.order_by("pk").values_list("pk", flat=True)
    return decision.kind, decision.to_all, tuple(states), tuple(organisations)
