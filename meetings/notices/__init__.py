"""What the mails of this app say. Imported when the portal starts, so that each kind is known."""

from meetings.notices import action_points, lessons, meetings, silence

__all__ = ["action_points", "lessons", "meetings", "silence"]
