"""Groups, meetings, records, and what lives on from them."""

from meetings.models.action_points import ActionEvidence, ActionOwner, ActionPoint, ActionReport
from meetings.models.attendance import Attendance, Registration
from meetings.models.calendars import CalendarFeed
from meetings.models.decisions import Decision
from meetings.models.groups import CoChair, Group, Turn
from meetings.models.lessons import Lesson, LessonText, LessonUse
from meetings.models.meetings import AgendaItem, Meeting
from meetings.models.papers import Paper, PaperLook, PaperOpening
from meetings.models.records import Block, BlockRevision, Here, Record
from meetings.models.silence import Circulation, Comment, Position, RecordVersion

__all__ = [
    "ActionEvidence",
    "ActionOwner",
    "ActionPoint",
    "ActionReport",
    "AgendaItem",
    "Attendance",
    "Block",
    "BlockRevision",
    "CalendarFeed",
    "Circulation",
    "CoChair",
    "Comment",
    "Decision",
    "Group",
    "Here",
    "Lesson",
    "LessonText",
    "LessonUse",
    "Meeting",
    "Paper",
    "PaperLook",
    "PaperOpening",
    "Position",
    "Record",
    "RecordVersion",
    "Registration",
    "Turn",
]
