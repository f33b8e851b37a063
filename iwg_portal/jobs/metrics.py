"""Figures for a machine that watches the portal, in Prometheus' text format (version 0.0.4).

Only what the database answers quickly, and only names of jobs, states of mail and numbers: nobody's name, nothing
about any state.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.contrib.sessions.models import Session
from django.db.models import Max, Q

from iwg_portal.base.models import Heartbeat
from iwg_portal.jobs import queries
from iwg_portal.jobs.enums import NEEDS_YOU, Outcome, Standing
from iwg_portal.jobs.models import JobRun
from iwg_portal.mail import queries as mail
from iwg_portal.mail.models import OutboxMail

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Sample = tuple[dict[str, str], float | int | None]


def exposition(now: dt.datetime) -> str:
    """Everything at ``now`` (aware). Ages and durations are in seconds. Nine queries, one more while a job has never
    run."""
    overview = mail.overview(OutboxMail.objects.all())
    oldest = 0.0 if overview.oldest is None else (now - overview.oldest).total_seconds()
    pieces = [
        *_jobs(now),
        _family(
            "iwg_mail", "Mails in the ledger by state.", [({"state": state}, n) for state, _label, n in overview.counts]
        ),
        _family("iwg_mail_oldest_due_seconds", "How long the oldest mail has been due.", [({}, oldest)]),
        _family("iwg_mail_hindered", "Mails tried in vain that are tried again.", [({}, overview.hindered)]),
        _family("iwg_heartbeat_age_seconds", "Since beat, queue, worker and database last worked together.",
                [({}, Heartbeat.objects.age())]),
        _family("iwg_sessions_open", "Sessions that have not expired.",
                [({}, Session.objects.filter(expire_date__gt=now).count())]),
    ]  # fmt: skip
    return "".join(pieces)


def _jobs(now: dt.datetime) -> list[str]:
    lines = queries.board(JobRun.objects.all(), now)
    done = dict(
        JobRun.objects.order_by().values_list("task").annotate(at=Max("finished_at", filter=Q(outcome=Outcome.DONE)))
    )
    begun = [({"job": line.job.task}, line.last) for line in lines if line.last]
    return [
        _family(
            "iwg_job_last_start_age_seconds",
            "Since the job last began.",
            [(labels, (now - last.started_at).total_seconds()) for labels, last in begun],
        ),
        _family(
            "iwg_job_last_success_age_seconds",
            "Since the job last ended well.",
            [
                ({"job": line.job.task}, (now - at).total_seconds())
                for line in lines
                if (at := done.get(line.job.task)) is not None
            ],
        ),
        _family(
            "iwg_job_last_duration_seconds",
            "How long the last run took.",
            [(labels, last.seconds) for labels, last in begun],
        ),
        _family(
            "iwg_job_standing",
            "1 for how the job stands.",
            [
                ({"job": line.job.task, "standing": standing.value}, int(line.standing == standing))
                for line in lines
                for standing in Standing
            ],
        ),
        _family(
            "iwg_job_needs_attention",
            "1 when the job is late, failed, or did not end.",
            [({"job": line.job.task}, int(line.standing in NEEDS_YOU)) for line in lines],
        ),
    ]


def _family(name: str, help_: str, samples: Iterable[Sample]) -> str:
    """All figures of one name; those that nobody knows (None) are left out."""
    lines = [f"# HELP {name} {help_}", f"# TYPE {name} gauge"]
    for labels, value in samples:
        if value is None:
            continue
        inside = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
        lines.append(f"{name}{{{inside}}} {_number(value)}" if inside else f"{name} {_number(value)}")
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:.3f}"
