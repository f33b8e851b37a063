"""What a digest tells of meetings, papers, records, decisions and lessons: what each reader may see, and of what is
not for the whole group nothing but that it is there."""

import datetime as dt

import pytest
import time_machine
from django.utils import translation

from iwg_portal.activity.log import record
from iwg_portal.reminders.digests import TOPICS
from meetings.actions.meetings import announce, cancel, change_meeting
from meetings.models import Meeting, Paper, PaperOpening
from tests.factories import (
    BlockFactory,
    CirculationFactory,
    DecisionFactory,
    GroupFactory,
    ItemFactory,
    LessonFactory,
    MeetingFactory,
    PersonFactory,
)

pytestmark = pytest.mark.django_db
SINCE, UNTIL = dt.datetime(2026, 6, 22, 6, tzinfo=dt.UTC), dt.datetime(2026, 6, 29, 6, tzinfo=dt.UTC)
WITHIN, BEFORE, AFTER = (dt.datetime(2026, 6, day, 12, tzinfo=dt.UTC) for day in (24, 20, 29))
READERS = ("own_delegate", "other_delegate", "observer", "partner", "secretariat", "chair", "administrator")


def told(cast, part, name, **only):
    """Sentences with the last part of their links."""
    with time_machine.travel(UNTIL, tick=False):
        lines = list(TOPICS[name].lines(cast.person(part), SINCE, UNTIL, only))
    return [(line.text, line.link.partition("://")[2].partition("/")[2]) for line in lines]


def meeting(**row):
    begins = dt.datetime(2026, 9, 1, 9, tzinfo=dt.UTC)
    return MeetingFactory(title="Secret title", starts_at=begins, ends_at=begins + dt.timedelta(days=1), **row)


def as_it_happened(act, at=WITHIN, **values):
    with time_machine.travel(at, tick=False):
        return act(**values)


# -- Lessons ---------------------------------------------------------------------------------------------------------


def test_lessons_are_named_where_the_whole_group_reads_them(cast):
    shown = LessonFactory(approved_at=WITHIN, audience="group", words__title="For all")
    LessonFactory(approved_at=WITHIN, audience="members", words__title="Secret of members")
    LessonFactory(approved_at=WITHIN, audience="members", words__title="Secret of members too")
    LessonFactory(approved_at=BEFORE, audience="group", words__title="Old")
    LessonFactory(approved_at=AFTER, audience="group", words__title="Not yet")
    LessonFactory(status="draft", state=cast.own, words__title="Secret draft")
    LessonFactory(status="submitted", state=cast.own, words__title="Secret draft")
    named, hidden = ("“For all”", f"lessons/{shown.pk}/"), ("There are new lessons for the members.", "lessons/")
    for part in READERS:
        found = told(cast, part, "meetings.lessons")
        assert found == ([named] if part in ("observer", "partner", "administrator") else [named, hidden]), part


def test_a_withdrawn_lesson_and_one_of_a_delegation_are_told_to_nobody_else(cast):
    LessonFactory(status="withdrawn", approved_at=WITHIN, words__title="Gone")
    LessonFactory(approved_at=WITHIN, audience="delegation", state=cast.own, words__title="Own")
    assert told(cast, "other_delegate", "meetings.lessons") == []
    assert told(cast, "own_delegate", "meetings.lessons") == [("There are new lessons for the members.", "lessons/")]


def test_a_lesson_is_named_in_the_readers_language(cast):
    row = LessonFactory(approved_at=WITHIN, audience="group", words__title="In English")
    row.texts.create(kind="translation", language="fr", title="En français", problem="x", done="x", by=row.shared_by)
    with translation.override("fr"):
        assert "En français" in told(cast, "observer", "meetings.lessons")[0][0]


# -- Meetings --------------------------------------------------------------------------------------------------------


def test_a_meeting_is_told_of_by_what_it_came_to(cast):
    by = cast.viewer("secretariat")
    announced, called_off, moved, both = (meeting(state="draft") for _ in range(4))
    for row in (called_off, moved):
        as_it_happened(announce, BEFORE, meeting=row, by=by)
    for row in (announced, both):
        as_it_happened(announce, meeting=row, by=by)
    for row in (called_off, both):
        as_it_happened(cancel, WITHIN + dt.timedelta(hours=1), meeting=Meeting.objects.get(pk=row.pk), by=by)
    as_it_happened(change_meeting, meeting=moved, by=by, seen=1, place="Dakar")
    for part in READERS:
        assert told(cast, part, "meetings.meetings") == [
            ("Announced: “Secret title”, 1–2 September 2026.", f"meetings/{announced.pk}/"),
            ("Called off: “Secret title”, 1–2 September 2026.", f"meetings/{called_off.pk}/"),
            ("Changed time or place: “Secret title”, 1–2 September 2026.", f"meetings/{moved.pk}/"),
            ("Called off: “Secret title”, 1–2 September 2026.", f"meetings/{both.pk}/"),
        ], part


def test_another_title_is_no_news_and_a_draft_is_nobodys(cast):
    by = cast.viewer("secretariat")
    row = meeting(announced_at=BEFORE)
    as_it_happened(change_meeting, meeting=row, by=by, seen=1, title="Another")
    meeting(state="draft")
    with time_machine.travel(WITHIN, tick=False):
        record("meeting.changed", by=None, target=meeting(state="draft"), fields=["place"])
    for part in READERS:
        assert told(cast, part, "meetings.meetings") == [], part


def test_a_meeting_for_some_is_neither_named_nor_told_to_others(cast):
    meeting(announced_at=WITHIN, audience="members")
    meeting(announced_at=WITHIN, audience="secretariat")
    by_part = {part: [text for text, _link in told(cast, part, "meetings.meetings")] for part in READERS}
    one = ["A meeting was announced."]
    assert by_part == {
        "own_delegate": one, "other_delegate": one, "observer": [], "partner": [], "administrator": [],
        "secretariat": one * 2, "chair": one * 2,
    }  # fmt: skip


# -- Papers ----------------------------------------------------------------------------------------------------------


def paper(row, number, audience, at=WITHIN, **more):
    made = Paper.objects.create(
        meeting=row, number=number, title="Secret paper", audience=audience, created_by=PersonFactory(), **more
    )
    Paper.objects.filter(pk=made.pk).update(created_at=at)
    return made


def test_papers_are_one_line_for_each_meeting(cast):
    shown, hidden = meeting(), meeting()
    for number in (1, 2):
        paper(shown, number, "group")
    paper(hidden, 1, "members")
    paper(hidden, 2, "group", BEFORE)
    paper(meeting(), 1, "secretariat")
    paper(meeting(), 1, "group", is_withdrawn=True)
    named = ("New papers for “Secret title”, 1–2 September 2026.", f"meetings/{shown.pk}/papers/")
    assert told(cast, "observer", "meetings.papers") == [named]
    assert told(cast, "own_delegate", "meetings.papers") == [
        named, ("New papers for a meeting.", f"meetings/{hidden.pk}/papers/"),
    ]  # fmt: skip


def test_a_paper_that_was_opened_is_new_to_whom_it_was_opened(cast):
    row = paper(meeting(), 1, "group", BEFORE)
    PaperOpening.objects.create(paper=row, before="members", at=WITHIN)
    assert len(told(cast, "observer", "meetings.papers")) == 1
    assert told(cast, "own_delegate", "meetings.papers") == []


# -- Records and decisions -------------------------------------------------------------------------------------------


def circulation(state="open", **row):
    times = {"opened_at": WITHIN, **row}
    made = CirculationFactory(meeting=meeting(state="circulated"), **times)
    if state != "open":
        type(made).objects.filter(pk=made.pk).update(
            state=state, ended_at=WITHIN, adopted_number=made.pk if state == "adopted" else None
        )
    return made


def test_records_are_told_to_the_members_without_a_name(cast):
    opened, adopted = circulation(), circulation("adopted", opened_at=BEFORE)
    circulation("withdrawn")
    circulation("stopped")
    circulation(opened_at=BEFORE)
    expected = {
        ("The record of a meeting was circulated.", f"meetings/{opened.record.meeting_id}/silence/"),
        ("The record of a meeting was adopted.", f"meetings/{adopted.record.meeting_id}/silence/"),
    }
    for part in READERS:
        found = told(cast, part, "meetings.records")
        assert set(found) == (set() if part in ("observer", "partner", "administrator") else expected), part
        assert len(found) == len(set(found))


def test_decisions_are_one_line_for_who_reads_them(cast):
    made = circulation("adopted")
    for _ in range(2):
        block = BlockFactory(item=ItemFactory(meeting=made.record.meeting), kind="decision", text="Secret decision")
        DecisionFactory(block=block)
    expected = [("The register of decisions has new entries.", "decisions/")]
    for part in READERS:
        found = told(cast, part, "meetings.decisions")
        assert found == ([] if part in ("observer", "partner", "administrator") else expected), part


def test_decisions_of_a_record_that_is_not_adopted_are_not_told(cast):
    block = BlockFactory(item=ItemFactory(meeting=circulation().record.meeting), kind="decision", text="Secret")
    DecisionFactory(block=block)
    assert told(cast, "secretariat", "meetings.decisions") == []


# -- What she follows alone ------------------------------------------------------------------------------------------


def test_whoever_follows_one_group_is_told_of_that_group_alone(cast):
    other = GroupFactory(key="legal", kind="sub_group", theme="legal")
    for group in (GroupFactory(), other):
        row = MeetingFactory(group=group, state="circulated", announced_at=WITHIN)
        made = CirculationFactory(meeting=row, opened_at=WITHIN)
        type(made).objects.filter(pk=made.pk).update(state="adopted", ended_at=WITHIN, adopted_number=made.pk)
        DecisionFactory(block=BlockFactory(item=ItemFactory(meeting=row), kind="decision", text="Secret"))
        paper(MeetingFactory(group=group, announced_at=BEFORE), 1, "group")
    for name in ("meetings.meetings", "meetings.papers", "meetings.records"):
        assert len(told(cast, "own_delegate", name)) == 2, name
        ((_text, link),) = told(cast, "own_delegate", name, groups=frozenset({"legal"}))
        assert Meeting.objects.get(pk=link.split("/")[1]).group == other
    assert len(told(cast, "own_delegate", "meetings.decisions", groups=frozenset({"legal"}))) == 1
    assert told(cast, "own_delegate", "meetings.decisions", groups=frozenset({"gone"})) == []


def test_whoever_follows_one_theme_is_told_of_its_lessons(cast):
    LessonFactory(approved_at=WITHIN, audience="group", theme="legal", words__title="Of law")
    LessonFactory(approved_at=WITHIN, audience="group", theme="units", words__title="Of units")
    LessonFactory(approved_at=WITHIN, audience="members", theme="units", words__title="Hidden")
    ((text, _link),) = told(cast, "own_delegate", "meetings.lessons", themes=frozenset({"legal"}))
    assert text == "“Of law”"
