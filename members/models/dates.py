"""Rows that hold from one day until another, and how the database compares them.

Dates are calendar days in the group's zone; an end date is the first day on which the thing no longer holds, and
null means "open".
"""

from __future__ import annotations

import datetime as dt

from django.contrib.postgres.fields import DateRangeField, IntegerRangeField
from django.db.models import Func, Q

BEGINNING = dt.date(1, 1, 1)


class DateRange(Func):
    """daterange(from, until): the first day is in, the last is out; null is open."""

    function = "daterange"
    output_field = DateRangeField()


class SameRow(Func):
    """int4range(id, id + 1): lets a GiST index compare ids without the btree_gist extension."""

    function = "int4range"
    template = "int4range(%(expressions)s::int, %(expressions)s::int, '[]')"
    output_field = IntegerRangeField()


def current(on: dt.date, prefix: str = "") -> Q:
    """The rows whose dates include the day ``on``."""
    return Q(**{f"{prefix}starts_on__lte": on}) & (
        Q(**{f"{prefix}ends_on__isnull": True}) | Q(**{f"{prefix}ends_on__gt": on})
    )
