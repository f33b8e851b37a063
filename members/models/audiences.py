"""What the database knows of audiences: which there are, and that a child is never read by more than its parent."""

from __future__ import annotations

from typing import Any

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from members.enums import Audience

_ORDER = "ARRAY[{}]".format(", ".join(f"'{audience}'" for audience in Audience.values))


def known_audience(name: str) -> models.CheckConstraint:
    """For the constraints of every table with an ``audience``: no row without one of the five."""
    return models.CheckConstraint(
        name=name,
        condition=Q(audience__in=Audience.values),
        violation_error_message=_("Say who may read this."),
    )


def never_beyond(name: str) -> models.CheckConstraint:
    """``audience`` is not wider than ``no_wider_than``, where that is set."""
    wide = list(Audience.values)
    condition = Q(no_wider_than__isnull=True)
    for place, limit in enumerate(wide):
        condition |= Q(no_wider_than=limit, audience__in=wide[: place + 1])
    return models.CheckConstraint(
        name=name, condition=condition, violation_error_message=_("This record was narrowed; it cannot be wider.")
    )


def never_wider(parent: str, key: str, name: str = "never_wider") -> list[pgtrigger.Trigger]:
    """Triggers of a child: no row whose audience is wider than that of its row in the table ``parent``.

    ``key`` is the column that names the parent. Narrow the children first, widen the parent first.
    """
    func = f"""
        IF EXISTS (
            SELECT FROM written JOIN {parent} parent ON parent.id = written.{key}
            WHERE array_position({_ORDER}, written.audience::text) > array_position({_ORDER}, parent.audience::text)
        ) THEN
            RAISE EXCEPTION 'a record may not be read by more people than the record to which it belongs'
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NULL;
    """  # noqa: S608  # names of tables and columns, written in this code
    return [_after(f"{name}_{word}", operation, func) for word, operation in _WRITES]


def never_narrower(child: str, key: str, name: str = "never_narrower") -> pgtrigger.Trigger:
    """Trigger of a parent: it is not narrowed under rows of the table ``child`` that stay wider."""
    func = f"""
        IF EXISTS (
            SELECT FROM written JOIN {child} child ON child.{key} = written.id
            WHERE array_position({_ORDER}, child.audience::text) > array_position({_ORDER}, written.audience::text)
        ) THEN
            RAISE EXCEPTION 'what belongs to this record may not be read by more people than the record'
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NULL;
    """  # noqa: S608
    return _after(name, pgtrigger.Update, func)


_WRITES = (("new", pgtrigger.Insert), ("changed", pgtrigger.Update))


def _after(name: str, operation: Any, func: str) -> pgtrigger.Trigger:
    return pgtrigger.Trigger(
        name=name,
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=operation,
        referencing=pgtrigger.Referencing(new="written"),
        func=func,
    )
