"""Groups, meetings with their record, and what comes of them."""

import datetime as dt
import uuid
from typing import Any

import factory
import pgtrigger
from django.utils import timezone
from factory.django import DjangoModelFactory

from iwg_portal.base.uploads import check
from meetings import enums, models
from meetings.actions.owners import add_evidence
from meetings.queries.versions import content_of, sha256_of
from members.access import Viewer
from tests.factories.members import PersonFactory


class GroupFactory(DjangoModelFactory):
    class Meta:
        model = models.Group
        django_get_or_create = ("key",)

    key = "plenary"
    kind = enums.GroupKind.PLENARY
    name_en = name_fr = name_pt = "Plenary"


class MeetingFactory(DjangoModelFactory):
    """An announced meeting of two days, with its record (still a draft). ``state``: how far it has come."""

    class Meta:
        model = models.Meeting
        skip_postgeneration_save = True

    group = factory.SubFactory(GroupFactory)
    number = factory.Sequence(lambda n: n + 1)
    title = factory.LazyAttribute(lambda o: f"Meeting {o.number}")
    state = enums.MeetingState.ANNOUNCED
    starts_at = dt.datetime(2026, 3, 10, 9, 0, tzinfo=dt.UTC)
    ends_at = dt.datetime(2026, 3, 11, 17, 0, tzinfo=dt.UTC)
    zone = "Africa/Abidjan"
    announced_at = factory.LazyAttribute(lambda o: None if o.state == "draft" else o.starts_at - dt.timedelta(days=60))
    place = "Praia"
    languages = factory.LazyFunction(lambda: ["en", "fr", "pt"])

    @factory.post_generation
    def record(self, create: bool, extracted: Any, **kwargs: Any) -> None:
        shared = self.state in enums.SHARED
        kwargs.setdefault("audience", "members" if shared else "secretariat")
        models.Record.objects.get_or_create(meeting=self, defaults=kwargs)


class ItemFactory(DjangoModelFactory):
    class Meta:
        model = models.AgendaItem

    meeting = factory.SubFactory(MeetingFactory)
    position = factory.Sequence(lambda n: n + 1)
    title = factory.LazyAttribute(lambda o: f"Item {o.position}")
    status = enums.ItemState.ACCEPTED
    decline_reason = factory.LazyAttribute(lambda o: "Not now." if o.status == "declined" else "")


class BlockFactory(DjangoModelFactory):
    """A block with its first revision; also in a record that is adopted already."""

    class Meta:
        model = models.Block
        skip_postgeneration_save = True

    item = factory.SubFactory(ItemFactory)
    record = factory.LazyAttribute(lambda o: o.item.meeting.record)
    position = factory.Sequence(lambda n: (n + 1) * 100)
    text = factory.Sequence(lambda n: f"Paragraph {n}.")
    updated_by = factory.SubFactory(PersonFactory)
    updated_at = factory.LazyFunction(timezone.now)

    @classmethod
    def _create(cls, model_class: Any, *args: Any, **kwargs: Any) -> Any:
        with pgtrigger.ignore("meetings.Block:frozen_when_adopted"):
            return super()._create(model_class, *args, **kwargs)

    @factory.post_generation
    def first(self, create: bool, extracted: Any, **kwargs: Any) -> None:
        models.BlockRevision.objects.create(
            block=self, number=self.version, text=self.text, client_id=uuid.uuid4(), by=self.updated_by,
            at=self.updated_at,
        )  # fmt: skip


class DecisionFactory(DjangoModelFactory):
    class Meta:
        model = models.Decision

    block = factory.SubFactory(BlockFactory, kind=enums.BlockKind.DECISION)
    record = factory.SelfAttribute("block.record")


class ActionFactory(DjangoModelFactory):
    """An action point without owner; ``OwnerFactory(action=…, state=…)`` adds one."""

    class Meta:
        model = models.ActionPoint

    block = factory.SubFactory(BlockFactory, kind=enums.BlockKind.ACTION)
    record = factory.SelfAttribute("block.record")
    due_on = dt.date(2026, 6, 30)


class OwnerFactory(DjangoModelFactory):
    class Meta:
        model = models.ActionOwner

    action = factory.SubFactory(ActionFactory)


class CirculationFactory(DjangoModelFactory):
    """A silence procedure of a week about the record of ``meeting`` as it stands; the meeting says that it is
    circulated. Without numbers in the register and without mail: for these call the action."""

    class Meta:
        model = models.Circulation

    class Params:
        meeting = factory.SubFactory(MeetingFactory, state=enums.MeetingState.CIRCULATED)
        by = factory.SubFactory(PersonFactory)

    record = factory.LazyAttribute(lambda o: o.meeting.record)
    version = factory.LazyAttribute(lambda o: version_of(o.record, by=o.by, at=o.opened_at))
    opened_at = factory.LazyFunction(timezone.now)
    deadline = factory.LazyAttribute(lambda o: o.opened_at + dt.timedelta(days=7))


def version_of(record: models.Record, *, by: Any, at: dt.datetime, **changed: Any) -> models.RecordVersion:
    """The record as it stands, frozen as its next version. ``changed``: fields that are to be wrong."""
    number = record.versions.count() + 1
    content = content_of(record, number)
    values = {"content": content, "sha256": sha256_of(content), **changed}
    return models.RecordVersion.objects.create(record=record, number=number, by=by, at=at, **values)


def evidence_of(owner: models.ActionOwner, by: Viewer, **row: Any) -> models.ActionEvidence:
    """A text file that ``by`` (a focal point of the owner) has put beside the row. ``row``: title, audience."""
    given = {"title": "A draft", "audience": "secretariat", **row}
    return add_evidence(owner=owner, checked=check(b"What was done", "done.txt"), by=by, **given)


class LessonFactory(DjangoModelFactory):
    """An approved lesson of ``state`` with its raw and its approved text."""

    class Meta:
        model = models.Lesson
        skip_postgeneration_save = True

    status = enums.LessonState.APPROVED
    theme = enums.Theme.LEGAL
    shared_by = factory.SubFactory(PersonFactory)
    approved_at = factory.LazyAttribute(lambda o: timezone.now() if o.status == enums.LessonState.APPROVED else None)

    @factory.post_generation
    def words(self, create: bool, extracted: Any, **kwargs: Any) -> None:
        kinds = ["raw"] + (["approved"] if self.status == enums.LessonState.APPROVED else [])
        values = {"language": "en", "title": f"Lesson {self.pk}", "problem": "A problem", "done": "What was done"}
        for kind in kinds:
            models.LessonText.objects.create(lesson=self, kind=kind, by=self.shared_by, **{**values, **kwargs})


def answered_in_time(meeting: models.Meeting) -> None:
    """Everybody who is registered answered on the day before: what is answered later opens no closed room."""
    models.Registration.objects.filter(meeting=meeting).update(at=meeting.starts_at - dt.timedelta(days=1))
