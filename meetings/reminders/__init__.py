"""What this app reminds people of. Imported when the portal starts, so that each kind is known."""

from meetings.reminders import action_points, digest, lessons, meetings, registration, silence

__all__ = ["action_points", "digest", "lessons", "meetings", "registration", "silence"]
