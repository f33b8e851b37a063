"""Choices of the meetings app, and which state may follow which. Values are stored; labels are what a reader sees."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class GroupKind(models.TextChoices):
    """What kind of body meets; each is a series of meetings."""

    PLENARY = "plenary", _("plenary")
    SUB_GROUP = "sub_group", _("sub-group")
    DIRECTORS = "directors", _("directors’ meeting")
    WEBINAR = "webinar", _("webinar")
    BILATERAL = "bilateral", _("bilateral meeting")


class Theme(models.TextChoices):
    """The pillars of the group's work."""

    LEGAL = "legal", _("Legal framework")
    UNITS = "units", _("Passenger information units")
    INDUSTRY = "industry", _("Transport industry")
    TECHNOLOGY = "technology", _("Technology")
    COOPERATION = "cooperation", _("Cooperation")


class TurnKind(models.TextChoices):
    """What a state takes its turn in."""

    CHAIR = "chair", _("chair")
    HOST = "host", _("host of the plenary")


class MeetingState(models.TextChoices):
    """A draft tells nobody; from ``announced`` on the group knows of the meeting."""

    DRAFT = "draft", _("draft, told to nobody")
    ANNOUNCED = "announced", _("announced")
    RUNNING = "running", _("running")
    DRAFTED = "drafted", _("record drafted")
    CIRCULATED = "circulated", _("record under silence procedure")
    ADOPTED = "adopted", _("record adopted")
    CANCELLED = "cancelled", _("cancelled")


# What may follow. An objection, or an amendment, leads from ``circulated`` back to ``drafted``.
TRANSITIONS: dict[str, frozenset[str]] = {
    MeetingState.DRAFT: frozenset({MeetingState.ANNOUNCED, MeetingState.CANCELLED}),
    MeetingState.ANNOUNCED: frozenset({MeetingState.RUNNING, MeetingState.CANCELLED}),
    MeetingState.RUNNING: frozenset({MeetingState.DRAFTED}),
    MeetingState.DRAFTED: frozenset({MeetingState.RUNNING, MeetingState.CIRCULATED}),
    MeetingState.CIRCULATED: frozenset({MeetingState.DRAFTED, MeetingState.ADOPTED}),
    MeetingState.ADOPTED: frozenset(),
    MeetingState.CANCELLED: frozenset(),
}
# While the secretariat may write in the record.
WRITABLE = frozenset({MeetingState.ANNOUNCED, MeetingState.RUNNING, MeetingState.DRAFTED})
# From here on the members read the record.
SHARED = frozenset({MeetingState.CIRCULATED, MeetingState.ADOPTED})


class ItemState(models.TextChoices):
    """Of an agenda item: what a member proposed waits until it is accepted."""

    PROPOSED = "proposed", _("proposed")
    ACCEPTED = "accepted", _("on the agenda")
    DECLINED = "declined", _("declined")
    WITHDRAWN = "withdrawn", _("withdrawn")


class Answer(models.TextChoices):
    """To an invitation."""

    YES = "yes", _("will take part")
    ONLINE = "online", _("will take part online")
    NO = "no", _("will not take part")


class Presence(models.TextChoices):
    """Whether a delegation was in the room."""

    PRESENT = "present", _("present")
    LATE = "late", _("came later")
    ABSENT = "absent", _("absent")


class BlockKind(models.TextChoices):
    """The small pieces that a record is made of."""

    TEXT = "text", _("text")
    DECISION = "decision", _("decision")
    ACTION = "action", _("action point")


class DecisionKind(models.TextChoices):
    INFORMATIONAL = "informational", _("informational")
    OPERATIONAL = "operational", _("operational")


class DecisionState(models.TextChoices):
    ACTIVE = "active", _("active")
    CARRIED_OUT = "carried_out", _("carried out")
    SUPERSEDED = "superseded", _("superseded")


class OwnerState(models.TextChoices):
    """How far one owner has come with an action point."""

    OPEN = "open", _("open")
    IN_PROGRESS = "in_progress", _("in progress")
    DONE = "done", _("done")
    NOT_OURS = "not_ours", _("not ours")


# What still has to be done.
UNFINISHED = (OwnerState.OPEN, OwnerState.IN_PROGRESS)


class CirculationState(models.TextChoices):
    """Of a silence procedure; what has ended stays as it ended."""

    OPEN = "open", _("open")
    STOPPED = "stopped", _("stopped by an objection")
    ADOPTED = "adopted", _("adopted")
    WITHDRAWN = "withdrawn", _("withdrawn by the secretariat")


class Stance(models.TextChoices):
    """What a member state says to a circulated record. Silence is consent."""

    AGREE = "agree", _("agrees")
    OBJECT = "object", _("objects")


class LessonState(models.TextChoices):
    DRAFT = "draft", _("draft")
    SUBMITTED = "submitted", _("waiting for approval")
    APPROVED = "approved", _("approved")
    WITHDRAWN = "withdrawn", _("withdrawn")


LESSON_TRANSITIONS: dict[str, frozenset[str]] = {
    LessonState.DRAFT: frozenset({LessonState.SUBMITTED, LessonState.WITHDRAWN}),
    LessonState.SUBMITTED: frozenset({LessonState.DRAFT, LessonState.APPROVED, LessonState.WITHDRAWN}),
    LessonState.APPROVED: frozenset({LessonState.WITHDRAWN}),
    LessonState.WITHDRAWN: frozenset(),
}


class CostBand(models.TextChoices):
    """What it cost, in US dollars, staff not counted."""

    NONE = "none", _("no cost beyond staff")
    LOW = "low", _("under 10,000 US dollars")
    MIDDLE = "middle", _("10,000 to 100,000 US dollars")
    HIGH = "high", _("over 100,000 US dollars")
    UNKNOWN = "unknown", _("not known")


class Transferable(models.TextChoices):
    YES = "yes", _("can be taken over by others")
    PARTLY = "partly", _("can be taken over in part")
    NO = "no", _("fits this state alone")
    UNKNOWN = "unknown", _("not known")


class TextKind(models.TextChoices):
    """Of a lesson: as it was shared, as it was approved, and translations of what was approved."""

    RAW = "raw", _("as shared")
    APPROVED = "approved", _("as approved")
    TRANSLATION = "translation", _("translation")
