"""Order a summary, build it, and take it from draft to release; keep the Word templates.

Figures are read in one picture of the database.
"""

from __future__ import annotations

import contextlib
import copy
import datetime as dt
import logging
from collections.abc import Iterator, Sequence
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from capabilities.enums import Scope
from iwg_portal.activity.log import record
from iwg_portal.base.uploads import Checked
from iwg_portal.mail.poke import order
from iwg_portal.summaries import access, aggregates, consents, figures, papers, vetting
from iwg_portal.summaries.enums import SummaryForm, SummaryState
from iwg_portal.summaries.models import Summary, WordTemplate
from members.access import Viewer, viewer_for
from members.actions import files
from members.enums import Audience, Language

logger = logging.getLogger(__name__)
TEMPLATES = "summaries.templates"  # and under which templates change
NUMBERS = "summaries.numbers"  # the name of the advisory lock under which numbers are given, and papers released
TASK = "summaries.build"
MOST_ATTEMPTS = 5
LEASE = dt.timedelta(minutes=2)  # longer than any single step
PROGRESS = ("leased_until", "steps_done", "steps")
RIGHTS, DOCUMENT = "rights", "document "  # of ``problem``; the latter with its language and kind
COUNTED_NO_MORE = gettext_lazy(
    "Since these figures were taken, a state has changed what may be counted of it. Build a new summary."
)
NAMED_NO_MORE = gettext_lazy(
    "Since these figures were taken, a state has changed what may be named of it. Build a new summary."
)
TOLD_NO_MORE = gettext_lazy(
    "Since these figures were taken, a lesson or the record of a meeting has been taken back. Build a new summary."
)
FROM_BEFORE = gettext_lazy(
    "It cannot be asked again whether this summary may still tell what it tells. Build a new summary."
)
AUDIENCE = {SummaryForm.NAMED: Audience.MEMBERS, SummaryForm.AGGREGATED: Audience.GROUP}


@transaction.atomic
def ask(*, scope: str, form: str = SummaryForm.NAMED, by: Viewer) -> Summary:
    """Order a summary; the worker builds it within a minute at most, as ``by``.

    Asked again while it is being built, the same order is returned. Raises PermissionDenied, and ValidationError for a
    scope or form that there is not. Side effects: an event; after the commit a poke, which may be lost.
    """
    if not access.can_build(by) or by.person is None:
        raise PermissionDenied
    if scope not in Scope.values:
        raise ValidationError(_("Choose what the summary speaks of."))
    if form not in SummaryForm.values:
        raise ValidationError(_("Choose whether the summary names states."))
    _one_at_a_time()
    waiting = Summary.objects.filter(asked_by=by.person, scope=scope, form=form, state=SummaryState.QUEUED).first()
    if waiting is not None:
        return waiting
    year = timezone.localdate().year
    last = Summary.objects.filter(year=year).aggregate(last=Max("number"))["last"] or 0
    made = Summary(
        year=year,
        number=last + 1,
        scope=scope,
        form=form,
        audience=AUDIENCE[SummaryForm(form)],
        asked_by=by.person,
        asked_at=timezone.now(),
    )
    made.full_clean()
    made.save()
    record("summary.asked", by=by.person, target=made, scope=scope, form=form)
    _poke()
    return made


def _one_at_a_time() -> None:
    """Until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [NUMBERS])


@transaction.atomic
def retry(*, summary: Summary, by: Viewer) -> None:
    """Have a failed one built again. Raises PermissionDenied. Twice is once."""
    held = Summary.objects.select_for_update(of=("self",)).get(pk=summary.pk)
    if not access.can_retry(by, held) or by.person is None:
        raise PermissionDenied
    held.state, held.problem, held.asked_by, held.attempts = SummaryState.QUEUED, "", by.person, 0
    held.full_clean()
    held.save(update_fields=["state", "problem", "asked_by", "attempts"])
    record("summary.asked", by=by.person, target=held, scope=held.scope, form=held.form)
    _poke()


def _poke() -> None:
    transaction.on_commit(lambda: order(TASK), robust=True)


def build_waiting() -> int:
    """Build what was ordered, one after the other; how many were built. Every minute by beat, and after an order.

    Figures are read first, each document is tried with them, and they are written then, in one step: of a worker that
    is killed the order stays, and there is no half summary ever. Between the steps the row says how far it is. Of two
    workers that build the same one, because the first was silent longer than its lease, the first to end is heard.
    """
    built = 0
    tried: set[int] = set()
    while (held := _next(tried)) is not None:
        tried.add(held.pk)
        try:
            found, problem = _try(held) if held.attempts <= MOST_ATTEMPTS else (None, "attempts")
            built += _settle(held, found, problem)
        except (OperationalError, InterfaceError) as error:
            # The database is away, full, or has ended this one: the order waits for the next run, the others do not.
            logger.warning("The summary %s waits (%s).", held, type(error).__name__)
            _let_go(held)
        except BaseException:
            _let_go(held)
            raise
    return built


@transaction.atomic
def _next(tried: set[int]) -> Summary | None:
    """The oldest order that no worker holds, with this try counted: also of one that ends its worker."""
    now = timezone.now()
    rows = Summary.objects.filter(state=SummaryState.QUEUED).exclude(pk__in=tried).exclude(leased_until__gt=now)
    rows = rows.select_related("asked_by").order_by("pk")
    held = rows.select_for_update(of=("self",), skip_locked=True).first()
    if held is not None:
        held.attempts += 1
        held.steps_done, held.steps = 0, 1 + len(papers.kinds(held.form))  # the figures, and each document
        held.leased_until = now + LEASE
        held.save(update_fields=["attempts", "steps_done", "steps", "leased_until"])
    return held


def _ahead(held: Summary) -> None:
    """One step more is done, and the lease begins anew; for whoever looks at the page. In a statement of its own."""
    held.steps_done += 1
    ours = Summary.objects.filter(pk=held.pk, state=SummaryState.QUEUED, attempts=held.attempts)
    ours.update(steps_done=held.steps_done, leased_until=timezone.now() + LEASE)


def _let_go(held: Summary) -> None:
    """The order is queued again at once, not only when the lease ends."""
    ours = Summary.objects.filter(pk=held.pk, state=SummaryState.QUEUED, attempts=held.attempts)
    with contextlib.suppress(OperationalError, InterfaceError):  # then the lease ends by itself
        ours.update(leased_until=None, steps_done=0, steps=0)


def _try(held: Summary) -> tuple[Taken | None, str]:
    """The figures, after each document could be made with them; or why there are none."""
    taken, problem = _read(held)
    if taken is None:
        return None, problem
    _ahead(held)
    try:
        for _document in papers.tried(_drafted(held, taken), reader=str(held.asked_by)):
            _ahead(held)
    except papers.NotMade as error:
        if isinstance(error.__cause__, (OperationalError, InterfaceError)):
            raise error.__cause__ from error
        logger.exception("A document of the summary %s could not be made.", held)
        return None, f"{DOCUMENT}{error}"
    return taken, ""


Taken = tuple[dict[str, Any], dict[str, Any]]


def _read(held: Summary) -> tuple[Taken | None, str]:
    """The figures with their basis; or why there are none."""
    try:
        with one_picture():
            if not access.can_build(viewer_for(held.asked_by)):
                return None, RIGHTS  # the office has ended since she asked
            return _take(held), ""
    except figures.NothingToSay:
        return None, "nothing"
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        logger.exception("The summary %s could not be built.", held)
        return None, type(error).__name__


def _take(held: Summary) -> Taken:
    today, now = timezone.localdate(), timezone.now()
    if held.form == SummaryForm.AGGREGATED:
        return aggregates.take(held.scope, today, now, access.last_aggregated())
    return consents.take(held.scope, today, now, access.to_follow(held.scope, now))


@contextlib.contextmanager
def one_picture() -> Iterator[None]:
    """All that is read within sees the database as at one moment; nothing may be written (the log's chain least)."""
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        if outermost:  # a test that rolls everything back is within a transaction already
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


@transaction.atomic
def _settle(summary: Summary, taken: Taken | None, problem: str) -> bool:
    """False where another worker was faster."""
    held = Summary.objects.select_for_update(of=("self",)).select_related("asked_by").get(pk=summary.pk)
    if held.state != SummaryState.QUEUED or held.asked_by_id != summary.asked_by_id:
        return False  # or somebody else has asked for it anew
    if taken is not None and not access.can_build(viewer_for(held.asked_by)):
        taken, problem = None, RIGHTS
    held.leased_until, held.steps_done, held.steps = None, 0, 0
    if taken is None:
        held.state, held.problem = SummaryState.FAILED, problem[:200]
        held.save(update_fields=["state", "problem", *PROGRESS])
        record("summary.failed", by=None, target=held, problem=held.problem)
        return True
    _write(held, taken)
    held.save(update_fields=["content", "basis", "taken_at", "sha256", "check_code", "state", *PROGRESS])
    record("summary.built", by=held.asked_by, target=held, sha256=held.sha256)
    return True


def _drafted(held: Summary, taken: Taken) -> Summary:
    """As it will be, for the documents; not saved."""
    made = copy.copy(held)
    _write(made, taken)
    return made


def _write(held: Summary, taken: Taken) -> None:
    content, held.basis = taken
    held.content, held.taken_at = content, dt.datetime.fromisoformat(content["as_of"])
    held.sha256 = figures.sha256_of(content)
    held.check_code = figures.check_code(held.sha256, held.code)
    held.state = SummaryState.DRAFT


@transaction.atomic
def approve(*, summary: Summary, by: Viewer) -> None:
    """The chair's word that the figures may go to ministers. Raises PermissionDenied, and ValidationError where a state
    takes back what is named of it. Twice is once."""
    held = _locked(summary)
    if held.state == SummaryState.APPROVED and access.may_approve(by):
        return
    if not access.can_approve(by, held):
        raise PermissionDenied
    _check_consents(held)
    held.state, held.approved_at = SummaryState.APPROVED, timezone.now()
    held.save(update_fields=["state", "approved_at"])
    record("summary.approved", by=by.person, target=held)


@transaction.atomic
def release(*, summary: Summary, by: Viewer) -> None:
    """From now on every member state reads it, of an aggregated one the whole group. Raises PermissionDenied, and
    ValidationError as ``approve``. Twice is once."""
    held = _locked(summary)
    if held.state == SummaryState.RELEASED and by.in_secretariat:
        return
    if not access.can_release(by, held):
        raise PermissionDenied
    _check_consents(held)
    held.state, held.released_at = SummaryState.RELEASED, timezone.now()
    held.save(update_fields=["state", "released_at"])
    record("summary.opened" if held.form == SummaryForm.AGGREGATED else "summary.released", by=by.person, target=held)


def _check_consents(held: Summary) -> None:
    """What it names, counts and quotes, it may today: consents and audiences are asked again before it goes further.
    A newer report beside the one that it names is no objection; that one taken back is. Raises ValidationError."""
    if held.form == SummaryForm.AGGREGATED:
        return _check_aggregated(held)
    if held.basis is None:
        raise ValidationError(FROM_BEFORE)
    try:
        gone = consents.told(held.basis) - consents.tellable(held.scope, timezone.localdate())
    except figures.NothingToSay:
        raise ValidationError(NAMED_NO_MORE) from None
    kinds = {fact[0] for fact in gone}
    if kinds & {consents.STATUS, consents.LEVEL, consents.ORIGIN}:
        raise ValidationError(NAMED_NO_MORE)
    if kinds:
        raise ValidationError(COUNTED_NO_MORE if consents.MEDIAN in kinds else TOLD_NO_MORE)
    return None


def _check_aggregated(held: Summary) -> None:
    """It follows the last one that the group has seen: of two that follow the same one, one could be subtracted from
    the other. And what it counts for the first time, in whichever round, may be counted today. Raises ValidationError.
    """
    _one_at_a_time()
    last = access.last_aggregated()
    if (last.code if last else None) != (held.content or {}).get("after"):
        raise ValidationError(
            _("Another aggregated summary has been released since this one was built. Build a new summary.")
        )
    try:
        gone = aggregates.contributors(held.basis or {}) - aggregates.countable(held.scope, timezone.localdate())
    except figures.NothingToSay:
        gone = {("", "", "")}
    if gone:
        raise ValidationError(COUNTED_NO_MORE)


@transaction.atomic
def withdraw(*, summary: Summary, by: Viewer) -> None:
    """It is handed out no more; its check code says so. Raises PermissionDenied. Twice is once."""
    held = _locked(summary)
    if held.state == SummaryState.WITHDRAWN and by.in_secretariat:
        return
    if not access.can_withdraw(by, held):
        raise PermissionDenied
    held.state = SummaryState.WITHDRAWN
    held.save(update_fields=["state"])
    record("summary.withdrawn", by=by.person, target=held)


def _locked(summary: Summary) -> Summary:
    return Summary.objects.select_for_update(of=("self",)).get(pk=summary.pk)


# -- Word templates --------------------------------------------------------------------------------------------------


@transaction.atomic
def replace_template(*, checked: Checked, languages: Sequence[str], by: Viewer) -> list[str]:
    """Put a template in force for the summaries in ``languages``; returns the known fields that it does not name.

    It is tried first, which takes some seconds. Raises PermissionDenied, ValidationError (one sentence for each
    objection; nothing is kept), OSError. Side effects: a file on the disk; events.
    """
    if not access.keeps_templates(by) or by.person is None:
        raise PermissionDenied
    if not languages or not set(languages) <= set(Language.values):
        raise ValidationError(_("Choose the language of the documents."))
    if checked.kind.extension != "docx":
        raise ValidationError(_("A template is a Word document (.docx)."))
    unused = vetting.vet(checked.content, tuple(languages))
    file = files.store_file(
        checked=checked,
        title="Word template of the regional summary",
        by=by,
        audience=Audience.SECRETARIAT,
        language=languages[0] if len(languages) == 1 else "",
    )
    for language in sorted(languages):
        _end_template(language, by)
        made = WordTemplate(language=language, file=file, accepted_by=by.person, accepted_at=timezone.now())
        made.full_clean()
        made.save()
        record("summary.template_replaced", by=by.person, target=made, language=language)
    return unused


@transaction.atomic
def restore_template(*, language: str, by: Viewer) -> None:
    """Back to the portal's own. Raises PermissionDenied. Twice is once. Side effects: an event."""
    if not access.keeps_templates(by) or by.person is None:
        raise PermissionDenied
    ended = _end_template(language, by)
    if ended is not None:
        record("summary.template_restored", by=by.person, target=ended, language=ended.language)


def _end_template(language: str, by: Viewer) -> WordTemplate | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [TEMPLATES])
    held = WordTemplate.objects.filter(language=language, ended_at=None).first()
    if held is not None:
        held.ended_at, held.ended_by = timezone.now(), by.person
        held.full_clean()
        held.save(update_fields=["ended_at", "ended_by"])
    return held
