"""Report a status. History stays: a mistake is corrected by a new report."""

from __future__ import annotations

import datetime as dt

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from capabilities import access
from capabilities.actions.audiences import report_audience
from capabilities.models import HEADLINE, Round, StatusReport
from capabilities.queries.releases import released
from iwg_portal.activity.log import record
from members.access import Viewer
from members.enums import is_wider
from members.models import Person, State


@transaction.atomic
def report_status(
    *,
    state: State,
    kind: str,
    legal: str,
    delivery: str,
    as_of: dt.date,
    by: Viewer,
    since: dt.date | None = None,
    reason: str = "",
    source: str = "",
    audience: str = "",
    seen: int | None = None,
) -> StatusReport:
    """A focal point reports for her state, or the secretariat on behalf of it (marked so).

    ``audience``, where given, may be narrower than what the state released for its status, never wider.
    ``seen`` is the id of the last report that the person saw before saving (0: none); when another has been recorded
    since, also one for an earlier day, a ``ValidationError`` with code ``overtaken`` asks her to look again. Raises
    ``PermissionDenied`` without the right, ``ValidationError`` for bad values. Side effects: an event.
    """
    if not access.can_report_status(by, state):
        raise PermissionDenied
    _lock(state)
    if seen is not None and seen != _newest_id(by, state, kind):
        raise ValidationError(
            _("Somebody reported another status meanwhile. Compare it with yours and confirm again."), "overtaken"
        )
    if as_of > timezone.localdate():
        raise ValidationError({"as_of": _("The date lies in the future.")})
    most = released(state.pk).of(HEADLINE).audience
    if audience and (audience not in access.audiences_to_choose(by, state) or is_wider(audience, most)):
        raise ValidationError({"audience": _("The state has not released its status so widely.")})
    on_behalf = access.reports_on_behalf(by, state)
    report = append_report(
        state=state,
        kind=kind,
        legal=legal,
        delivery=delivery,
        as_of=as_of,
        by=by.person,
        since=since,
        reason=reason,
        source=source,
        no_wider_than=audience if audience and audience != most else None,
        on_behalf=on_behalf,
    )
    record(
        "status.reported_on_behalf" if on_behalf else "status.reported",
        by=by.person,
        target=report,
        state=state,
        label=f"{state} ({report.get_kind_display()})",
    )
    return report


def append_report(
    *,
    state: State,
    kind: str,
    legal: str,
    delivery: str,
    as_of: dt.date,
    by: Person | None,
    since: dt.date | None = None,
    reason: str = "",
    source: str = "",
    no_wider_than: str | None = None,
    round: Round | None = None,
    on_behalf: bool = False,
) -> StatusReport:
    """Append one report and move the mark of the current one. For actions only: the caller has checked the right,
    holds the transaction, and writes the event. Who reads it is what the state released, cut to ``no_wider_than``."""
    _lock(state)
    report = StatusReport(
        state=state,
        kind=kind,
        legal=legal,
        delivery=delivery,
        as_of=as_of,
        since=since,
        reason=reason,
        source=source,
        audience=report_audience(no_wider_than, released(state.pk)),
        no_wider_than=no_wider_than,
        round=round,
        by=by,
        on_behalf=on_behalf,
    )
    report.full_clean(exclude=["label", "by"])
    report.save()
    history = StatusReport.objects.filter(state=state, kind=kind)
    newest = history.order_by("-as_of", "-id").values_list("id", flat=True)[0]
    history.filter(is_current=True).exclude(id=newest).update(is_current=False)
    history.filter(id=newest, is_current=False).update(is_current=True)
    report.is_current = report.id == newest
    return report


def _lock(state: State) -> None:
    """Two reports for one state at once: the second waits."""
    State.objects.select_for_update(of=("self",), no_key=True).get(pk=state.pk)


def _newest_id(by: Viewer, state: State, kind: str) -> int:
    """The report recorded last, whichever day it speaks of: so that a form sent twice is noticed in every case.

    Of those that she may read: nobody is told of a report that she cannot see.
    """
    history = access.visible_status(by).filter(state=state, kind=kind)
    return history.order_by("-id").values_list("id", flat=True).first() or 0
