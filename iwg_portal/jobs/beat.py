"""Beat's schedule: which task is ordered how often, in seconds. Imports nothing: the settings read it."""

from __future__ import annotations

from typing import Any

BEAT: dict[str, dict[str, Any]] = {
    "heartbeat": {"task": "base.heartbeat", "schedule": 60.0},
    "run-asked": {"task": "jobs.run_asked", "schedule": 60.0},
    "mail": {"task": "mail.sweep", "schedule": 60.0},
    "bounces": {"task": "mail.collect_bounces", "schedule": 300.0},
    "reminders": {"task": "reminders.plan", "schedule": 900.0},
    "mail-audit-head": {"task": "members.mail_audit_head", "schedule": 3600.0},  # planned once a day
    "verify-log": {"task": "members.verify_log", "schedule": 86400.0},
    "prune-changes": {"task": "base.prune_changes", "schedule": 86400.0},
    "clear-sessions": {"task": "base.clear_sessions", "schedule": 86400.0},
    "forget-ended-sessions": {"task": "members.forget_ended_sessions", "schedule": 86400.0},
    "discard-old-parked": {"task": "members.discard_old_parked", "schedule": 86400.0},
    "sweep-files": {"task": "members.sweep_files", "schedule": 86400.0},
    "lapse-unconfirmed": {"task": "members.lapse_unconfirmed", "schedule": 86400.0},
    "apply-retention": {"task": "members.apply_retention", "schedule": 86400.0},
    "adopt-due": {"task": "meetings.adopt_due", "schedule": 60.0},
    "build-summaries": {"task": "summaries.build", "schedule": 60.0},
    "discard-old-imports": {"task": "capabilities.discard_old_imports", "schedule": 86400.0},
}
