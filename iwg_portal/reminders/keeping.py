"""The secretariat changes when a kind reminds and what it adds to the mail."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from iwg_portal.activity.log import record
from iwg_portal.mail.access import Viewer
from iwg_portal.reminders import access
from iwg_portal.reminders.models import ReminderPlan
from iwg_portal.reminders.registry import Reminder


@transaction.atomic
def keep_plan(
    *,
    reminder: Reminder,
    offsets: list[int],
    every: int,
    notes: dict[str, str],
    version: int,
    by: Viewer,
    sentences: dict[str, dict[str, str]] | None = None,
) -> None:
    """Keep the steps (days, rising; empty for a kind without), the notes by language, and the sentences that take the
    place of the portal's own, by name and language; of a name that is not there the portal's own holds.

    ``version`` is the one that was read, 0 for the portal's own. Raises ``PermissionDenied``, ``ValueError`` for steps
    that the kind does not allow or sentences that it does not have, or ``ValidationError`` where somebody changed it
    meanwhile. Side effect: an event. What was planned already leaves as it was planned, if it is still due then.
    """
    if not access.can_keep_plans(by):
        raise PermissionDenied
    if not (reminder.steps.allows(offsets, every) if reminder.steps else not offsets and not every):
        raise ValueError(f"{reminder.name} does not allow the steps {offsets}, {every}")
    unknown = set(sentences or {}) - set(reminder.says)
    if unknown:
        raise ValueError(f"{reminder.name} has no sentences {unknown}")
    values = {"offsets": offsets, "every": every, **{f"note_{language}": text for language, text in notes.items()}}
    if version:
        rows = ReminderPlan.objects.filter(kind=reminder.name, version=version)
        changed = rows.update(version=F("version") + 1, **values)
    else:
        _made, changed = ReminderPlan.objects.get_or_create(kind=reminder.name, defaults=values)
    if not changed:
        raise ValidationError(
            _("Somebody changed this while you wrote. What holds now stands above, what you wrote in the form."),
            "clash",
        )
    row = ReminderPlan.objects.get(kind=reminder.name)
    row.sentences.all().delete()
    for name, texts in (sentences or {}).items():
        row.sentences.create(name=name, **{f"text_{language}": text for language, text in texts.items()})
    record("reminder.plan_kept", by=by.person, target=ReminderPlan(kind=reminder.name), label=reminder.name)


@transaction.atomic
def restore_plan(*, reminder: Reminder, by: Viewer) -> None:
    """As the portal has it. Raises ``PermissionDenied``. Side effect: an event, if there was a row."""
    if not access.can_keep_plans(by):
        raise PermissionDenied
    # The plan before its sentences, as whoever keeps it locks them.
    row = ReminderPlan.objects.select_for_update().filter(kind=reminder.name).first()
    if row is not None:
        row.delete()
        record("reminder.plan_restored", by=by.person, target=ReminderPlan(kind=reminder.name), label=reminder.name)
