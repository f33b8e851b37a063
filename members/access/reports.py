"""Whom the scheduled reports are for. The same rule says who is told of one and who may open it.

The group's access table knows no office of a head of delegation: who answers for a state is its focal point.
"""

from __future__ import annotations

from members.access.viewer import Viewer
from members.enums import ReportKind, Role


def visible_reports(viewer: Viewer) -> tuple[ReportKind, ...]:
    """The kinds that are hers: of the chair the monthly status, of a member state's focal point the quarterly progress
    of her state, of the secretariat the weekly operations. Whoever looks as somebody else has none."""
    if viewer.looks_as:
        return ()
    hers = {
        ReportKind.STATUS: Role.CHAIR in viewer.roles,
        ReportKind.PROGRESS: bool(viewer.focal_states),
        ReportKind.OPERATIONS: viewer.in_secretariat,
    }
    return tuple(kind for kind, may in hers.items() if may)
