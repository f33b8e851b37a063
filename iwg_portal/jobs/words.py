"""What each job on the schedule does, in a sentence for people. A job without one fails a test."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

WORDS = {
    "base.heartbeat": _("Gives a sign of life: clock, queue, worker and database work together."),
    "base.clear_sessions": _("Deletes sessions that have ended."),
    "base.prune_changes": _("Shortens the list by which pages learn that data have changed."),
    "jobs.run_asked": _("Starts what was asked for on this page and did not start at once."),
    "mail.sweep": _("Sends the mail that is due."),
    "mail.collect_bounces": _("Reads in a mailbox which mail came back, where one is set."),
    "reminders.plan": _("Plans the reminders and digests that are due: one mail a day for each reader."),
    "members.mail_audit_head": _("Mails the seal of the log to the secretariat and the chair, once a day."),
    "members.verify_log": _("Checks that nothing in the log was changed."),
    "members.forget_ended_sessions": _("Takes sessions that are over off people’s lists of devices."),
    "members.discard_old_parked": _("Deletes texts that were kept for a week and that nobody took back."),
    "members.sweep_files": _("Removes files that belong to nothing."),
    "members.lapse_unconfirmed": _("Ends offices that nobody confirmed although somebody was warned."),
    "members.apply_retention": _("Removes personal data whose time is over."),
    "meetings.adopt_due": _("Adopts records that nobody has objected to by their hour."),
    "summaries.build": _("Builds the regional summaries that were asked for."),
    "capabilities.discard_old_imports": _("Deletes uploaded workbooks that nobody confirmed within a week."),
}
