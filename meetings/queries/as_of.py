"""Action points as they stood at a moment. What the past is known by are the reports of owners, each with its hour;
owners, dates and what was taken out are as they are today. Rows come in visible: nothing here decides who may see.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, Count, Exists, F, Min, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.utils.translation import get_language

from meetings.enums import UNFINISHED, OwnerState
from meetings.models import ActionOwner, ActionReport
from meetings.queries.action_points import with_due


def standing(owners: QuerySet[ActionOwner], at: dt.datetime) -> QuerySet[Any]:
    """The rows of meetings that had begun before ``at``, each with ``due``, with its status ``then``, and with
    ``settled_at``, when that was reported (None: never). A row without any report stands as it stands today."""
    reports = ActionReport.objects.filter(owner=OuterRef("pk"))
    newest = reports.filter(at__lt=at).order_by("-at", "-id")
    silent = Case(When(Exists(reports), then=Value(OwnerState.OPEN.value)), default=F("status"))
    rows = with_due(owners.filter(action__record__meeting__starts_at__lt=at))
    return rows.annotate(
        then=Coalesce(Subquery(newest.values("status")[:1]), silent), settled_at=Subquery(newest.values("at")[:1])
    )


@dataclass(frozen=True)
class Owed:
    """One owner's rows: how many are ``new`` and ``done`` since the period began, ``left`` and ``overdue`` at its end,
    and the oldest date of these. ``key``: as the register is filtered by, ``s-GH`` or ``o-au``."""

    key: str
    name: str
    new: int
    done: int
    left: int
    overdue: int
    oldest: dt.date | None


def by_owner(owners: QuerySet[ActionOwner], since: dt.datetime, at: dt.datetime, on: dt.date) -> list[Owed]:
    """States, then organisations, in the alphabetical order of the reader's language. ``on``: the day of ``at`` by the
    group's calendar. One query."""
    language = get_language() or "en"
    state, organisation = f"state__name_{language}", f"organisation__acronym_{language}"
    left = Q(then__in=UNFINISHED)
    rows = standing(owners, at).order_by(
        F(f"state__sort_name_{language}").asc(nulls_last=True), F(organisation).asc(nulls_last=True)
    )
    found = rows.values(
        "state__alpha2", "organisation__key", f"state__sort_name_{language}", state, organisation
    ).annotate(
        new=Count("pk", filter=Q(action__record__meeting__starts_at__gte=since)),
        done=Count("pk", filter=Q(then=OwnerState.DONE, settled_at__gte=since)),
        left=Count("pk", filter=left),
        overdue=Count("pk", filter=left & Q(due__lt=on)),
        oldest=Min("due", filter=left & Q(due__lt=on)),
    )
    return [
        Owed(
            f"s-{row['state__alpha2']}" if row["state__alpha2"] else f"o-{row['organisation__key']}",
            row[state] or row[organisation] or "",
            row["new"],
            row["done"],
            row["left"],
            row["overdue"],
            row["oldest"],
        )
        for row in found
    ]
