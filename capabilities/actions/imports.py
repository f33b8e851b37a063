"""Keep an uploaded workbook, import it, or discard it. An import is all or nothing."""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from collections import defaultdict
from collections.abc import Sequence

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from capabilities import access
from capabilities.actions.assessments import Declared, publish_answers, refresh_regional_scores
from capabilities.actions.rounds import ensure_round
from capabilities.actions.status import append_report
from capabilities.enums import ImportState
from capabilities.models import Edition, Round, RoundNote, StatusImport
from capabilities.queries.imports import Change, Plan, Problem, StateRow, plan
from capabilities.queries.workbooks import vocabulary
from iwg_portal.activity.log import record
from members.access import Viewer
from members.models import Person, State

KEPT_FOR = dt.timedelta(days=7)


@transaction.atomic
def upload(*, content: bytes, file_name: str, year: int, by: Viewer) -> StatusImport:
    """Keep the workbook until it is confirmed or discarded. Raises PermissionDenied. Side effects: an event."""
    if by.person is None or not access.can_import(by):
        raise PermissionDenied
    kept = StatusImport.objects.create(
        year=year,
        file_name=file_name[-200:],
        content=content,
        sha256=hashlib.sha256(content).hexdigest(),
        by=by.person,
    )
    record("workbook.uploaded", by=by.person, target=kept, label=str(year))
    return kept


@transaction.atomic
def apply(
    *,
    status_import: uuid.UUID,
    rows: Sequence[StateRow],
    problems: Sequence[Problem],
    digest: str,
    replace: bool,
    by: Viewer,
    is_demonstration: bool = False,
) -> Plan:
    """Import the rows read from the bytes of ``status_import``, exactly as previewed (``digest`` of that plan).

    Raises PermissionDenied, or ValidationError with code ``closed`` (somebody was faster), ``overtaken`` (the data
    changed since the preview), ``problems`` or ``replace`` (see ``import_rows``). Side effects: drops the bytes; an
    event.
    """
    if not access.can_import(by):
        raise PermissionDenied
    kept = _open_import(status_import)
    done = import_rows(
        rows=rows,
        problems=problems,
        year=kept.year,
        file_name=kept.file_name,
        replace=replace,
        by=by,
        digest=digest,
        is_demonstration=is_demonstration,
    )
    _close(kept, ImportState.APPLIED)
    return done


@transaction.atomic
def import_rows(
    *,
    rows: Sequence[StateRow],
    problems: Sequence[Problem],
    year: int,
    file_name: str,
    replace: bool,
    by: Viewer | None,
    digest: str | None = None,
    is_demonstration: bool = False,
) -> Plan:
    """Compare the rows with the portal under lock and write every difference. ``by`` None: the operator at the
    command line. Imports run one after the other.

    Raises PermissionDenied, or ValidationError with code ``problems`` (the rows cannot be imported), ``replace``
    (values would be overwritten without ``replace``) or ``overtaken`` (the plan is not the one with ``digest``).
    Side effects: makes the round where missing; scores anew; an event unless nothing changes.
    """
    if by is not None and not access.can_import(by):
        raise PermissionDenied
    _lock(rows)
    words = vocabulary(year)
    if words is None:
        raise ValidationError(_("The framework is not loaded."), "problems")
    found = plan(rows, words, problems)
    if found.problems:
        raise ValidationError(refused(found), "problems")
    if digest is not None and digest != found.digest:
        raise ValidationError(
            _("The data changed since you looked, so nothing was imported. Check the new preview and confirm again."),
            "overtaken",
        )
    if found.replacements and not replace:
        raise ValidationError(would_replace(found), "replace")
    if found.changes:
        _write(found, by.person if by else None, is_demonstration)
    return found


def refused(found: Plan) -> str:
    count = len(found.problems)
    return ngettext(
        "The workbook has %(count)s problem, so nothing was imported.",
        "The workbook has %(count)s problems, so nothing was imported.",
        count,
    ) % {"count": count}


def would_replace(found: Plan) -> str:
    count = len(found.replacements)
    return ngettext(
        "%(count)s value is already there and differs, so nothing was imported. Confirm that it may be replaced.",
        "%(count)s values are already there and differ, so nothing was imported. Confirm that they may be replaced.",
        count,
    ) % {"count": count}


@transaction.atomic
def discard(*, status_import: uuid.UUID, by: Viewer) -> None:
    """Drop the bytes. Raises PermissionDenied, or ValidationError with code ``closed``. Side effects: an event."""
    if not access.can_import(by):
        raise PermissionDenied
    _discard(_open_import(status_import), by.person)


def discard_old(*, now: dt.datetime) -> int:
    """Discard what nobody confirmed within seven days; returns how many. Called by the daily task."""
    count = 0
    old = StatusImport.objects.filter(state=ImportState.PENDING, uploaded_at__lt=now - KEPT_FOR)
    for pk in old.order_by("uploaded_at").values_list("pk", flat=True):
        with transaction.atomic():
            try:
                _discard(_open_import(pk), None)
            except ValidationError:  # confirmed or discarded at this very moment
                continue
            count += 1
    return count


def _discard(kept: StatusImport, by: Person | None) -> None:
    _close(kept, ImportState.DISCARDED)
    record("workbook.discarded", by=by, target=kept, label=str(kept.year))


def _open_import(pk: uuid.UUID) -> StatusImport:
    """Lock the row: of two confirmations at once the second waits here, then learns that it is too late."""
    kept = StatusImport.objects.select_for_update(of=("self",)).defer("content").get(pk=pk)
    if kept.state == ImportState.APPLIED:
        raise ValidationError(_("This workbook is already imported."), "closed")
    if kept.state == ImportState.DISCARDED:
        raise ValidationError(_("This workbook was discarded. Upload it again to import it."), "closed")
    return kept


def _close(kept: StatusImport, state: ImportState) -> None:
    kept.state = state
    kept.content = b""
    kept.closed_at = timezone.now()
    kept.save(update_fields=["state", "content", "closed_at"])


def _lock(rows: Sequence[StateRow]) -> None:
    """One import at a time, and no status report of these states in between; always in the same order."""
    list(Edition.objects.select_for_update(of=("self",), no_key=True).order_by("-number")[:1])
    states = State.objects.filter(pk__in=[row.state_id for row in rows]).order_by("pk")
    list(states.select_for_update(of=("self",), no_key=True).values_list("pk"))


def _write(found: Plan, by: Person | None, is_demonstration: bool) -> None:
    round_ = ensure_round(year=found.vocabulary.year, is_demonstration=settings.DEMO or is_demonstration)
    by_state: dict[int, list[Change]] = defaultdict(list)
    for change in found.changes:
        by_state[change.state_id].append(change)
    states = State.objects.in_bulk(by_state)
    for state_id, changes in by_state.items():
        _write_state(states[state_id], round_, changes, by)
    if any(change.part == "answer" for change in found.changes):
        refresh_regional_scores(round=round_)
    record(
        "workbook.imported",
        by=by,
        target=round_,
        label=str(round_.year),
        states=len(by_state),
        added=len(found.additions),
        replaced=len(found.replacements),
    )


def _write_state(state: State, round_: Round, changes: list[Change], by: Person | None) -> None:
    answers = {int(c.key): Declared(*c.new) for c in changes if c.part == "answer"}
    source = next((c.new for c in changes if c.part == "source"), "")
    if answers or source:
        publish_answers(state=state, round=round_, answers=answers, source=source, by=by)
    for change in changes:
        if change.part == "status":
            append_report(
                state=state,
                kind=str(change.key),
                legal=change.new.legal,
                delivery=change.new.delivery,
                since=change.new.since,
                source=change.new.source,
                as_of=round_.reference_date,
                round=round_,
                by=by,
            )
        elif change.part == "note":
            RoundNote.objects.update_or_create(state=state, round=round_, defaults={"text": change.new})
    given = [change.part for change in changes if change.part in ("status", "note")]
    if given:
        reports, notes = given.count("status"), given.count("note")
        record("status.imported", by=by, target=state, state=state, round=round_.year, reports=reports, notes=notes)
