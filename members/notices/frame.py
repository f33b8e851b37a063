"""What this app adds to the head and foot of every mail."""

from __future__ import annotations

from typing import Any

from iwg_portal.mail import kinds
from members.access import visible_group


@kinds.frame
def group() -> dict[str, Any]:
    """The group's name in the language of the mail."""
    found = visible_group()
    return {"group_name": found.short_name} if found else {}
