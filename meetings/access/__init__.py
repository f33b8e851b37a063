"""Who may see and do what with meetings and what comes of them. One file per noun; built on the audience rule of
``members.access``. ``meetings`` is the trunk: everything below starts from ``visible_meetings``."""

from meetings.access.meetings import (
    can_edit_agenda,
    can_manage,
    in_the_room,
    runs_meetings,
    visible_groups,
    visible_items,
    visible_meetings,
    visible_turns,
)
from meetings.access.records import can_close, can_write, reads_drafts, visible_blocks, visible_records

__all__ = [
    "can_close",
    "can_edit_agenda",
    "can_manage",
    "can_write",
    "in_the_room",
    "reads_drafts",
    "runs_meetings",
    "visible_blocks",
    "visible_groups",
    "visible_items",
    "visible_meetings",
    "visible_records",
    "visible_turns",
]
