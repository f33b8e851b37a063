"""From the draft to the adopted record: numbers, versions, positions, silence; races on real connections."""

import datetime as dt
import threading
import uuid
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from iwg_portal.activity.models import Event
from iwg_portal.mail.models import OutboxMail
from meetings.access import silence as access
from meetings.access.records import visible_blocks, visible_records
from meetings.actions import silence as actions
from meetings.enums import BlockKind, CirculationState, MeetingState
from meetings.models import ActionPoint, Block, Circulation, Comment, Decision, Position, RecordVersion
from meetings.queries import silence as query
from meetings.queries import versions
from meetings.tasks import adopt_due
from members.access import viewer_for
from members.models import Participation
from tests.cast import PARTS
from tests.factories import (
    ActionFactory,
    BlockFactory,
    CirculationFactory,
    DecisionFactory,
    ItemFactory,
    MeetingFactory,
    MemberStateFactory,
    OrganisationFactory,
    OwnerFactory,
    PersonFactory,
    person_with,
    version_of,
)

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)
WEEK = dt.timedelta(days=7)


def drafted(state=MeetingState.DRAFTED, **meeting):
    """A meeting with two items, a sentence, a decision, and an action point with its owner."""
    meeting = MeetingFactory(state=state, **meeting)
    meeting.first, meeting.second = (ItemFactory(meeting=meeting, position=n, title=f"Item {n}") for n in (1, 2))
    meeting.block = BlockFactory(item=meeting.first, text="The group **met**.")
    meeting.decision = DecisionFactory(block__item=meeting.first, block__text="It is decided.")
    meeting.action = ActionFactory(block__item=meeting.second, block__text="It is to be done.")
    OwnerFactory(action=meeting.action, state=MemberStateFactory())
    return meeting


@pytest.fixture
def meeting(cast):
    for part in PARTS:
        cast.person(part)
    return drafted()


@pytest.fixture
def circulation(cast, meeting):
    return actions.circulate(meeting=meeting, deadline=timezone.now() + WEEK, by=cast.viewer("secretariat"))


def close_to(circulation, delta=-HOUR):
    """As if its hour were ``delta`` from now."""
    now = timezone.now()
    Circulation.objects.filter(pk=circulation.pk).update(deadline=now + delta, opened_at=now - WEEK)
    circulation.refresh_from_db()


def mails(kind):
    return set(OutboxMail.objects.filter(kind=kind).exclude(state="cancelled").values_list("recipient", flat=True))


def state_of(meeting):
    meeting.refresh_from_db()
    meeting.record.refresh_from_db()
    return meeting.state, meeting.record.audience


# -- The deadline -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "days", "hour", "zone", "expected"),
    [
        # Friday plus five working days is the next Friday; Saturday and Sunday count from Monday.
        ("2026-11-20T10:00+00:00", 5, 17, "Africa/Abidjan", "2026-11-27T17:00+00:00"),
        ("2026-11-21T10:00+00:00", 1, 9, "Africa/Abidjan", "2026-11-23T09:00+00:00"),
        ("2026-11-22T10:00+00:00", 5, 17, "Africa/Abidjan", "2026-11-27T17:00+00:00"),
        ("2026-11-24T10:00+00:00", 1, 17, "Africa/Abidjan", "2026-11-25T17:00+00:00"),
        # Late on Friday in Abidjan is Saturday in Lagos: the day is that of the zone.
        ("2026-11-20T23:30+00:00", 1, 17, "Africa/Lagos", "2026-11-23T16:00+00:00"),
        # Morocco goes back to GMT for Ramadan on 15 February 2026, and forth again on 22 March.
        ("2026-02-12T11:00+00:00", 5, 17, "Africa/Casablanca", "2026-02-19T17:00+00:00"),
        ("2026-02-10T11:00+00:00", 2, 17, "Africa/Casablanca", "2026-02-12T16:00+00:00"),
        ("2026-03-18T11:00+00:00", 5, 17, "Africa/Casablanca", "2026-03-25T16:00+00:00"),
        # Summer time in Vienna: 29 March and 25 October 2026.
        ("2026-03-25T09:00+00:00", 5, 17, "Europe/Vienna", "2026-04-01T15:00+00:00"),
        ("2026-10-21T09:00+00:00", 5, 17, "Europe/Vienna", "2026-10-28T16:00+00:00"),
    ],
)
def test_working_days_by_the_clocks_of_the_zone(start, days, hour, zone, expected):
    found = query.deadline_after(dt.datetime.fromisoformat(start), days, hour, ZoneInfo(zone))
    assert found == dt.datetime.fromisoformat(expected)
    assert found.astimezone(ZoneInfo(zone)).hour == hour


# -- Closing ----------------------------------------------------------------------------------------------------------


def test_what_is_missing_is_noted_with_its_place(meeting):
    empty = ItemFactory(meeting=meeting, position=3, title="Silent item")
    lonely = ActionFactory(block__item=meeting.second, block__text="Nobody does it.", due_on=None)
    ActionFactory(block__item=meeting.second, block__text="All do it.", each_member=True)
    wordless = DecisionFactory(block__item=meeting.first, block__text="  ")
    removed = ActionFactory(block__item=meeting.second, block__is_removed=True, due_on=None)
    found = {(gap.kind, gap.item, gap.block) for gap in query.gaps(meeting.record)}
    assert found == {
        ("no_text", "1 Item 1", str(wordless.block_id)),
        ("no_owner", "2 Item 2", str(lonely.block_id)),
        ("no_date", "2 Item 2", str(lonely.block_id)),
        ("empty_item", "3 Silent item", ""),
    }
    assert str(removed.block_id) not in str(found)
    assert next(gap for gap in query.gaps(meeting.record) if gap.kind == "empty_item").item_id == empty.pk


def test_a_draft_is_closed_and_opened_again(cast):
    meeting, by = drafted(MeetingState.RUNNING), cast.viewer("secretariat")
    actions.close_draft(meeting=meeting, by=by)
    assert state_of(meeting) == ("drafted", "secretariat")
    actions.reopen_draft(meeting=meeting, by=by)
    assert state_of(meeting) == ("running", "secretariat")
    kinds = Event.objects.filter(target_id=str(meeting.record.pk)).order_by("id")
    assert list(kinds.values_list("kind", "target_label")) == [
        ("record.closed", f"plenary {meeting.number}"),
        ("record.reopened", f"plenary {meeting.number}"),
    ]


@pytest.mark.parametrize("verb", ["close_draft", "reopen_draft"])
@pytest.mark.parametrize("state", ["draft", "announced", "running", "drafted", "circulated", "adopted", "cancelled"])
def test_only_one_step_at_a_time(cast, verb, state):
    may = {("close_draft", "running"), ("reopen_draft", "drafted")}
    meeting = MeetingFactory(state=state)
    if (verb, state) in may:
        return getattr(actions, verb)(meeting=meeting, by=cast.viewer("secretariat"))
    with pytest.raises(ValidationError, match="somebody was quicker"):
        getattr(actions, verb)(meeting=meeting, by=cast.viewer("secretariat"))
    meeting.refresh_from_db()
    assert meeting.state == state
    return None


# -- Circulating ------------------------------------------------------------------------------------------------------


def test_the_record_goes_to_the_members(cast, meeting, circulation):
    assert state_of(meeting) == ("circulated", "members")
    version = circulation.version
    assert version.number == 1
    assert versions.is_intact(version)
    sections = versions.sections(version.content)
    assert [(section.number, section.title) for section in sections] == [(1, "Item 1"), (2, "Item 2")]
    words = [(p.number, p.label, p.text) for section in sections for p in section.paragraphs]
    assert words == [
        (1, "", "The group **met**."),
        (2, "1.1", "It is decided."),
        (3, "2.a", "It is to be done."),
    ]
    action = sections[1].paragraphs[0].action
    assert action["due_on"] == "2026-06-30"
    assert action["states"] == [meeting.action.owners.get().state.alpha2]
    told = {cast.person(part).pk for part in ("own_delegate", "own_focal_point", "other_delegate")}
    assert mails("meetings.circulated") == told
    event = Event.objects.get(kind="record.circulated")
    assert event.data == {"version": 1, "states": 2, "people": 3}


def test_numbers_follow_each_other_without_a_gap_and_are_kept(cast, meeting):
    by = cast.viewer("secretariat")
    DecisionFactory(block__item=meeting.first, block__text="")
    DecisionFactory(block__item=meeting.first, block__is_removed=True)
    DecisionFactory(block__item=ItemFactory(meeting=meeting, status="declined"))
    # Turned into a sentence since: it is no decision any more.
    DecisionFactory(block__item=meeting.first, block__kind=BlockKind.TEXT)
    circulation = actions.circulate(meeting=meeting, deadline=timezone.now() + WEEK, by=by)
    assert set(Decision.objects.exclude(number=None).values_list("number", flat=True)) == {1}
    second = drafted()
    actions.circulate(meeting=second, deadline=timezone.now() + WEEK, by=by)
    actions.withdraw(circulation=circulation, by=by)
    DecisionFactory(block__item=meeting.second, block__text="Decided later.")
    again = actions.circulate(meeting=meeting, deadline=timezone.now() + WEEK, by=by)
    meeting.decision.refresh_from_db()
    second.decision.refresh_from_db()
    assert (meeting.decision.number, second.decision.number) == (1, 2)
    assert sorted(Decision.objects.exclude(number=None).values_list("number", flat=True)) == [1, 2, 3]
    assert sorted(ActionPoint.objects.values_list("number", flat=True)) == [1, 2]
    assert again.version.number == 2
    blocks = [paragraph for section in versions.sections(again.version.content) for paragraph in section.paragraphs]
    assert [paragraph.decision["number"] for paragraph in blocks if paragraph.decision] == [1, 3]


@pytest.mark.parametrize("audience", ["members", "group", "public"])
def test_a_circulated_record_is_for_members_however_public_the_meeting_is(cast, audience):
    cast.person("own_delegate")
    meeting = drafted(audience=audience)
    actions.circulate(meeting=meeting, deadline=timezone.now() + WEEK, by=cast.viewer("secretariat"))
    assert state_of(meeting) == ("circulated", "members")


def test_what_no_delegation_would_read_is_not_circulated(cast):
    cast.person("own_delegate")
    meeting = drafted(audience="secretariat")
    with pytest.raises(ValidationError, match="No delegation"):
        actions.circulate(meeting=meeting, deadline=timezone.now() + WEEK, by=cast.viewer("secretariat"))
    assert state_of(meeting) == ("drafted", "secretariat")
    assert not RecordVersion.objects.exists()


def test_a_deadline_that_has_passed_is_refused_and_nothing_is_left_behind(cast, meeting):
    with pytest.raises(ValidationError, match="future"):
        actions.circulate(meeting=meeting, deadline=timezone.now() - HOUR, by=cast.viewer("secretariat"))
    assert state_of(meeting) == ("drafted", "secretariat")
    assert not RecordVersion.objects.exists()
    assert not Decision.objects.exclude(number=None).exists()


@pytest.mark.parametrize("state", ["announced", "running", "circulated", "adopted"])
def test_only_a_closed_draft_is_circulated(cast, state):
    cast.person("own_delegate")
    with pytest.raises(ValidationError):
        actions.circulate(
            meeting=MeetingFactory(state=state), deadline=timezone.now() + WEEK, by=cast.viewer("secretariat")
        )


def test_whoever_is_no_longer_a_member_is_not_concerned(cast, meeting):
    gone = person_with("focal_point", state=MemberStateFactory())
    Participation.objects.filter(state=gone.terms.get().state).update(ends_on=dt.date(2024, 1, 1))
    closed = person_with("delegate", state=cast.own, person={"is_active": False})
    concerned = access.concerned(meeting)
    assert concerned.states == {cast.own.pk, cast.other.pk}
    assert {gone, closed}.isdisjoint(concerned.people)


def test_the_frozen_version_holds_no_person(cast, meeting):
    OwnerFactory(action=meeting.action, organisation=OrganisationFactory(key="un-x"), holder=cast.person("partner"))
    content = versions.content_of(meeting.record, 1)
    said = versions.canonical(content).decode()
    assert "un-x" in said
    for part in PARTS[1:]:
        assert cast.person(part).full_name not in said


def test_the_hash_is_of_the_text_and_finds_a_changed_one(cast, meeting, capsys):
    good = version_of(meeting.record, by=cast.person("secretariat"), at=timezone.now())
    again = RecordVersion.objects.get(pk=good.pk)  # as PostgreSQL gives it back: keys in another order
    assert versions.is_intact(again)
    CirculationFactory(meeting=drafted(MeetingState.CIRCULATED), by=cast.person("secretariat"))
    Circulation.objects.create(
        record=meeting.record, version=good, state="withdrawn", opened_at=timezone.now(),
        deadline=timezone.now() + HOUR, ended_at=timezone.now(),
    )  # fmt: skip
    call_command("verify_records")
    assert "2 versions, 0 changed" in capsys.readouterr().out
    bad = version_of(meeting.record, by=cast.person("secretariat"), at=timezone.now(), sha256="0" * 64)
    Circulation.objects.create(
        record=meeting.record, version=bad, opened_at=timezone.now(), deadline=timezone.now() + HOUR
    )
    with pytest.raises(SystemExit):
        call_command("verify_records")
    assert f"plenary {meeting.number}, version 2" in capsys.readouterr().out


def test_a_version_is_never_changed_and_what_has_ended_stays(circulation):
    for change in (
        lambda: RecordVersion.objects.update(sha256="0" * 64),
        lambda: RecordVersion.objects.all()._raw_delete("default"),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
    close_to(circulation)
    actions.adopt_due(now=timezone.now())
    with pytest.raises(DatabaseError), transaction.atomic():
        Circulation.objects.filter(pk=circulation.pk).update(adopted_number=7)


# -- Words ------------------------------------------------------------------------------------------------------------


def test_a_comment_sent_twice_is_one(cast, meeting, circulation):
    key, block = uuid.uuid4(), str(meeting.block.pk)
    for _ in range(2):
        row = actions.comment(
            circulation=circulation, text=" So. ", by=cast.viewer("own_delegate"), block=block, id=key
        )
    assert Comment.objects.get() == row
    assert (row.text, row.state, row.is_late, row.block_id) == ("So.", cast.own, False, meeting.block.pk)
    assert Event.objects.filter(kind="record.commented", state_id=cast.own.pk).count() == 1


def test_the_key_of_somebody_elses_comment_is_no_use(cast, circulation):
    key = uuid.uuid4()
    actions.comment(circulation=circulation, text="Mine.", by=cast.viewer("own_delegate"), id=key)
    with pytest.raises(ValidationError):
        actions.comment(circulation=circulation, text="Hers.", by=cast.viewer("other_delegate"), id=key)
    assert Comment.objects.get().text == "Mine."


def test_the_chair_comments_for_no_state_and_approves(cast, circulation):
    row = actions.comment(circulation=circulation, text="From the chair.", by=cast.viewer("chair"))
    assert row.state is None
    for _ in range(2):
        actions.approve(circulation=circulation, by=cast.viewer("chair"))
    circulation.refresh_from_db()
    assert circulation.approved_by == cast.person("chair")
    assert Event.objects.filter(kind="record.approved").count() == 1
    assert circulation.state == CirculationState.OPEN


def test_a_paragraph_that_is_not_in_the_version_takes_no_comment(cast, circulation):
    for block in (str(BlockFactory().pk), "nonsense", ""):
        with pytest.raises(ValidationError, match="not in the version"):
            actions.comment(circulation=circulation, text="Where?", by=cast.viewer("own_delegate"), block=block)


@pytest.mark.parametrize("part", ["observer", "partner", "administrator", "stranger", "ex_member", "secretariat"])
def test_who_may_not_comment(cast, circulation, part):
    with pytest.raises(PermissionDenied):
        actions.comment(circulation=circulation, text="Hello.", by=cast.viewer(part))


@pytest.mark.parametrize("part", [part for part in PARTS if part != "own_focal_point"])
@pytest.mark.parametrize("stance", ["agree", "object"])
def test_who_may_not_speak_for_a_state(cast, circulation, part, stance):
    with pytest.raises(PermissionDenied):
        actions.take_position(circulation=circulation, state=cast.own, stance=stance, text="So.", by=cast.viewer(part))
    assert not Position.objects.exists()
    circulation.refresh_from_db()
    assert circulation.state == "open"


def test_an_observer_does_not_vote_for_the_state_that_she_watches_for(cast, circulation):
    with pytest.raises(PermissionDenied):
        actions.take_position(
            circulation=circulation, state=cast.observing, stance="object", text="No.", by=cast.viewer("observer")
        )
    with pytest.raises(PermissionDenied):
        actions.take_position(
            circulation=circulation, state=cast.other, stance="object", text="No.", by=cast.viewer("own_focal_point")
        )


@pytest.mark.parametrize("part", [part for part in PARTS if part != "secretariat"])
def test_who_may_not_run_the_procedure(cast, meeting, circulation, part):
    by, note = cast.viewer(part), actions.comment(circulation=circulation, text="So.", by=cast.viewer("own_delegate"))
    for act in (
        lambda: actions.close_draft(meeting=meeting, by=by),
        lambda: actions.reopen_draft(meeting=meeting, by=by),
        lambda: actions.circulate(meeting=meeting, deadline=timezone.now() + WEEK, by=by),
        lambda: actions.withdraw(circulation=circulation, by=by),
        lambda: actions.settle(comment=note, settled=True, by=by),
    ):
        with pytest.raises(PermissionDenied):
            act()


@pytest.mark.parametrize("part", [part for part in PARTS if part != "chair"])
def test_who_may_not_approve(cast, circulation, part):
    with pytest.raises(PermissionDenied):
        actions.approve(circulation=circulation, by=cast.viewer(part))


def test_the_secretariat_notes_what_is_dealt_with(cast, circulation):
    note = actions.comment(circulation=circulation, text="So.", by=cast.viewer("own_delegate"))
    for settled in (True, True, False):
        actions.settle(comment=note, settled=settled, by=cast.viewer("secretariat"))
        note.refresh_from_db()
        assert note.is_settled is settled
    assert Event.objects.filter(kind="record.comment_settled").count() == 2


def test_the_latest_position_of_a_state_holds(cast, circulation):
    by = cast.viewer("own_focal_point")
    for text in ("", "", "With a remark."):
        actions.take_position(circulation=circulation, state=cast.own, stance="agree", text=text, by=by)
    assert Position.objects.count() == 2
    (latest,) = access.visible_positions(cast.viewer("other_delegate"), circulation)
    assert latest.text == "With a remark."
    counted = query.with_counts(Circulation.objects.order_by("id")).get()
    assert (counted.agree_count, counted.object_count) == (1, 0)
    actions.take_position(circulation=circulation, state=cast.own, stance="object", text="Not so.", by=by)
    counted = query.with_counts(Circulation.objects.order_by("id")).get()
    assert (counted.agree_count, counted.object_count) == (0, 1)
    with pytest.raises(DatabaseError), transaction.atomic():
        Position.objects.update(stance="agree")


# -- An objection -----------------------------------------------------------------------------------------------------


def object_to(circulation, cast, part="own_focal_point", text="Paragraph 2 was not said."):
    return actions.take_position(
        circulation=circulation, state=cast.own, stance="object", text=text, by=cast.viewer(part)
    )


@pytest.mark.parametrize("text", ["", "   ", "\n"])
def test_an_objection_has_a_reason(cast, circulation, text):
    with pytest.raises(ValidationError, match="object"):
        object_to(circulation, cast, text=text)
    assert state_of(circulation.record.meeting)[0] == "circulated"


def test_an_objection_stops_the_adoption_at_once(cast, meeting, circulation):
    object_to(circulation, cast)
    circulation.refresh_from_db()
    assert circulation.state == CirculationState.STOPPED
    assert state_of(meeting) == ("drafted", "secretariat")
    assert mails("meetings.objection") == {cast.person("secretariat").pk, cast.person("chair").pk}
    assert mails("meetings.circulated") == set()
    close_to_never = Circulation.objects.get().deadline + HOUR
    assert actions.adopt_due(now=close_to_never) == 0
    assert state_of(meeting)[0] == "drafted"
    object_to(circulation, cast)  # the form was sent twice
    assert Position.objects.count() == 1
    assert Event.objects.filter(kind="record.objected").count() == 1


def test_after_an_objection_members_keep_the_text_they_were_sent_and_do_not_see_the_draft(cast, meeting, circulation):
    object_to(circulation, cast)
    Block.objects.filter(pk=meeting.block.pk).update(text="A secret draft.")
    reader = cast.viewer("other_delegate")
    assert not visible_records(reader).exists()
    assert not visible_blocks(reader).exists()
    kept = access.visible_circulations(reader).get()
    assert "The group **met**." in str(kept.version.content)
    assert "secret" not in str(kept.version.content)
    for part in ("observer", "partner", "administrator", "stranger", "ex_member", "anonymous"):
        assert not access.visible_circulations(cast.viewer(part)).exists()


def test_an_amended_record_is_a_new_version_with_its_difference(cast, meeting, circulation):
    object_to(circulation, cast)
    Block.objects.filter(pk=meeting.block.pk).update(text="The group **met** again in Praia.")
    Block.objects.filter(pk=meeting.decision.block_id).update(is_removed=True)
    ActionPoint.objects.update(due_on=dt.date(2026, 9, 30))
    meeting.second.title = "Second item"
    meeting.second.save()
    BlockFactory(item=meeting.second, text="New words.", position=1)
    again = actions.circulate(meeting=meeting, deadline=timezone.now() + WEEK, by=cast.viewer("secretariat"))
    assert again.version.number == 2
    found = {
        (change.kind, change.number, "".join(f"[{piece.kind}:{piece.text}]" for piece in change.pieces))
        for change in versions.differences(circulation.version.content, again.version.content)
    }
    assert found == {
        ("title", None, "[gone:Item 2][new:Second item]"),
        ("changed", 1, "[same:The group ][gone:met.][new:met again in Praia.]"),
        ("new", 2, "[new:New words.]"),
        ("facts", 3, "[same:It is to be done.]"),
        ("gone", None, "[gone:It is decided.]"),
    }
    assert mails("meetings.circulated") >= {cast.person("own_delegate").pk}


def test_whose_sentence_it_is_makes_no_difference_for_whoever_may_not_know(cast, meeting):
    before = versions.content_of(meeting.record, 1)
    Block.objects.filter(pk=meeting.block.pk).update(said_by=cast.own)
    after = versions.content_of(meeting.record, 1)
    assert [change.kind for change in versions.differences(before, after)] == ["facts"]
    assert versions.differences(before, after, names=False) == []


def test_a_very_long_paragraph_is_compared_in_bounded_time():
    old, new = "a b " * 5_000, "b a " * 5_000
    assert [piece.kind for piece in versions.words_between(old, new)] == ["gone", "new"]


def test_the_letters_of_action_points():
    assert [versions.letters(number) for number in (1, 26, 27, 52, 53)] == ["a", "z", "aa", "az", "ba"]


# -- Taken back -------------------------------------------------------------------------------------------------------


def test_what_the_secretariat_takes_back_is_gone_for_the_members(cast, meeting, circulation):
    mine = actions.comment(circulation=circulation, text="Mine.", by=cast.viewer("own_delegate"))
    actions.withdraw(circulation=circulation, by=cast.viewer("secretariat"))
    circulation.refresh_from_db()
    assert state_of(meeting) == ("drafted", "secretariat")
    assert mails("meetings.circulated") == set()
    assert not access.can_read_text(cast.viewer("other_delegate"), circulation)
    assert list(access.visible_comments(cast.viewer("other_delegate"), circulation)) == []
    assert list(access.visible_comments(cast.viewer("own_delegate"), circulation)) == [mine]
    assert list(access.visible_positions(cast.viewer("own_delegate"), circulation)) == []
    assert access.can_read_text(cast.viewer("secretariat"), circulation)
    with pytest.raises(ValidationError, match="has ended"):
        actions.withdraw(circulation=circulation, by=cast.viewer("secretariat"))
    with pytest.raises(ValidationError, match="has ended"):
        actions.approve(circulation=circulation, by=cast.viewer("chair"))


# -- After the hour ---------------------------------------------------------------------------------------------------


def test_a_late_comment_is_kept_for_the_secretariat_and_its_author(cast, circulation):
    close_to(circulation)
    late = actions.comment(circulation=circulation, text="Too late.", by=cast.viewer("own_delegate"))
    assert late.is_late
    readers = {part for part in PARTS if late in access.visible_comments(cast.viewer(part), circulation)}
    assert readers == {"own_delegate", "secretariat"}


@pytest.mark.parametrize("adopted", [False, True])
def test_an_objection_after_the_hour_changes_nothing_and_is_kept(cast, meeting, circulation, adopted):
    close_to(circulation)
    if adopted:
        adopt_due()
    kept = object_to(circulation, cast, text="We do object.")
    assert isinstance(kept, Comment)
    assert (kept.text, kept.is_late, kept.state) == ("We do object.", True, cast.own)
    assert not Position.objects.exists()
    agreed = actions.take_position(
        circulation=circulation, state=cast.own, stance="agree", text="", by=cast.viewer("own_focal_point")
    )
    assert (agreed.is_late, agreed.text) == (True, "agrees")
    assert actions.adopt_due(now=timezone.now()) == (0 if adopted else 1)
    assert state_of(meeting)[0] == "adopted"


def test_after_the_hour_and_before_the_sweep_nobody_approves_and_the_secretariat_may_take_back(cast, circulation):
    close_to(circulation)
    with pytest.raises(ValidationError, match="being recorded"):
        actions.approve(circulation=circulation, by=cast.viewer("chair"))
    actions.withdraw(circulation=circulation, by=cast.viewer("secretariat"))
    assert actions.adopt_due(now=timezone.now()) == 0


def test_silence_adopts_at_the_hour_and_not_before(cast, meeting, circulation):
    assert actions.adopt_due(now=circulation.deadline - dt.timedelta(microseconds=1)) == 0
    assert state_of(meeting)[0] == "circulated"
    assert actions.adopt_due(now=circulation.deadline) == 1
    assert state_of(meeting) == ("adopted", "members")
    circulation.refresh_from_db()
    assert (circulation.state, circulation.adopted_number) == ("adopted", 1)
    event = Event.objects.get(kind="record.adopted")
    assert (event.actor_label, event.data) == ("system", {"number": 1, "version": 1})
    told = {"own_delegate", "own_focal_point", "other_delegate", "secretariat", "chair"}
    assert mails("meetings.adopted") == {cast.person(part).pk for part in told}
    assert mails("meetings.circulated") == set()
    assert actions.adopt_due(now=circulation.deadline + WEEK) == 0


def test_numbers_of_adopted_records_follow_each_other(cast, circulation):
    other = actions.circulate(meeting=drafted(), deadline=timezone.now() + 2 * WEEK, by=cast.viewer("secretariat"))
    third = actions.circulate(meeting=drafted(), deadline=timezone.now() + WEEK / 2, by=cast.viewer("secretariat"))
    assert actions.adopt_due(now=timezone.now() + 3 * WEEK) == 3
    numbers = dict(Circulation.objects.order_by("pk").values_list("pk", "adopted_number"))
    assert numbers == {third.pk: 1, circulation.pk: 2, other.pk: 3}


def test_a_version_that_was_changed_is_not_adopted_and_the_others_are(cast, meeting, caplog):
    by = cast.viewer("secretariat")
    broken = drafted(MeetingState.CIRCULATED)
    version = version_of(broken.record, by=by.person, at=timezone.now(), sha256="0" * 64)
    Circulation.objects.create(
        record=broken.record, version=version, opened_at=timezone.now(), deadline=timezone.now() + HOUR
    )
    actions.circulate(meeting=meeting, deadline=timezone.now() + 2 * HOUR, by=by)
    assert actions.adopt_due(now=timezone.now() + WEEK) == 1
    assert state_of(broken)[0] == "circulated"
    assert state_of(meeting)[0] == "adopted"
    assert "not adopted" in caplog.text


def test_an_adopted_record_is_frozen_in_the_database(cast, meeting, circulation):
    close_to(circulation)
    adopt_due()
    block = meeting.block
    changes = [
        lambda: Block.objects.filter(pk=block.pk).update(text="Other words."),
        lambda: Block.objects.filter(pk=block.pk).update(is_removed=True),
        lambda: Block.objects.filter(pk=block.pk)._raw_delete("default"),
        lambda: Block.objects.create(
            record=meeting.record, item=meeting.first, position=9, text="One more.",
            updated_by=cast.person("secretariat"), updated_at=timezone.now(),
        ),
        # Nor is anything moved out of it, or in.
        lambda: Block.objects.filter(pk=block.pk).update(record=MeetingFactory().record),
        lambda: Block.objects.filter(pk=BlockFactory().pk).update(record=meeting.record),
    ]  # fmt: skip
    for change in changes:
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
    assert Block.objects.get(pk=block.pk).text == "The group **met**."
    other = BlockFactory()
    assert Block.objects.filter(pk=other.pk).update(text="Of another record.") == 1


# -- The Chatham House Rule -------------------------------------------------------------------------------------------


def test_under_the_rule_the_log_names_nobody(cast):
    for part in ("own_focal_point", "own_delegate", "secretariat"):
        cast.person(part)
    meeting = drafted(chatham_house=True)
    circulation = actions.circulate(meeting=meeting, deadline=timezone.now() + WEEK, by=cast.viewer("secretariat"))
    actions.comment(circulation=circulation, text="So.", by=cast.viewer("own_delegate"))
    by = cast.viewer("own_focal_point")
    actions.take_position(circulation=circulation, state=cast.own, stance="agree", text="", by=by)
    object_to(circulation, cast)
    rows = Event.objects.filter(kind__endswith="_unnamed").order_by("id")
    assert [row.kind for row in rows] == [
        "record.commented_unnamed", "record.agreed_unnamed", "record.objected_unnamed",
    ]  # fmt: skip
    for row in rows:
        assert (row.actor_id, row.state_id, row.data) == (None, None, {})


# -- At once, on connections of their own -----------------------------------------------------------------------------


def at_once(*works):
    """Run each in a thread with a connection of its own, all together; what each returned or raised, in order."""
    start, done = threading.Barrier(len(works)), [None] * len(works)

    def run(place, work):
        try:
            start.wait(10)
            done[place] = work()
        except Exception as error:
            done[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return done


@pytest.mark.django_db(transaction=True)
def test_two_close_at_once_and_one_learns_that_she_is_late():
    meeting, by = drafted(MeetingState.RUNNING), viewer_for(person_with("secretariat"))
    found = at_once(*[lambda: actions.close_draft(meeting=meeting, by=by)] * 2)
    assert sorted(type(outcome).__name__ for outcome in found) == ["NoneType", "ValidationError"]
    assert Event.objects.filter(kind="record.closed").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_circulate_at_once_and_two_meetings_share_the_register():
    state = MemberStateFactory()
    person_with("delegate", state=state)
    by, deadline = viewer_for(person_with("secretariat")), timezone.now() + WEEK
    meetings = [drafted(), drafted()]
    works = [lambda m=meeting: actions.circulate(meeting=m, deadline=deadline, by=by) for meeting in meetings] * 2
    found = at_once(*works)
    assert sorted(type(outcome).__name__ for outcome in found) == [
        "Circulation", "Circulation", "ValidationError", "ValidationError",
    ]  # fmt: skip
    assert sorted(Decision.objects.values_list("number", flat=True)) == [1, 2]
    assert sorted(ActionPoint.objects.values_list("number", flat=True)) == [1, 2]
    assert RecordVersion.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_sweeps_at_once_adopt_once():
    state = MemberStateFactory()
    person_with("delegate", state=state)
    for _ in range(3):
        CirculationFactory(meeting=drafted(MeetingState.CIRCULATED), by=PersonFactory())
    found = at_once(*[lambda: actions.adopt_due(now=timezone.now() + 2 * WEEK)] * 4)
    assert sum(found) == 3
    assert sorted(Circulation.objects.values_list("adopted_number", flat=True)) == [1, 2, 3]
    assert Event.objects.filter(kind="record.adopted").count() == 3
    assert OutboxMail.objects.filter(kind="meetings.adopted").count() == 3


@pytest.mark.django_db(transaction=True)
def test_an_objection_and_the_sweep_at_the_same_moment_leave_one_outcome():
    """Whoever comes first decides, and the other sees it; never both, never neither."""
    state = MemberStateFactory()
    by = viewer_for(person_with("focal_point", state=state))
    for _ in range(4):
        circulation = CirculationFactory(meeting=drafted(MeetingState.CIRCULATED), by=PersonFactory())
        objected, adopted = at_once(
            lambda c=circulation: actions.take_position(circulation=c, state=state, stance="object", text="No.", by=by),
            lambda c=circulation: actions.adopt_due(now=c.deadline),
        )
        circulation.refresh_from_db()
        if adopted:
            assert isinstance(objected, Comment)
            assert objected.is_late
            assert state_of(circulation.record.meeting)[0] == circulation.state == "adopted"
        else:
            assert isinstance(objected, Position)
            assert (circulation.state, state_of(circulation.record.meeting)[0]) == ("stopped", "drafted")


@pytest.mark.django_db(transaction=True)
def test_of_two_objections_at_once_one_stops_it_and_the_other_is_kept():
    states = [MemberStateFactory(), MemberStateFactory()]
    viewers = [viewer_for(person_with("focal_point", state=state)) for state in states]
    circulation = CirculationFactory(meeting=drafted(MeetingState.CIRCULATED), by=PersonFactory())
    found = at_once(
        *(
            lambda s=state, by=viewer: actions.take_position(
                circulation=circulation, state=s, stance="object", text="No.", by=by
            )
            for state, viewer in zip(states, viewers, strict=True)
        )
    )
    assert sorted(type(outcome).__name__ for outcome in found) == ["Comment", "Position"]
    assert state_of(circulation.record.meeting)[0] == "drafted"


def test_one_adoption_that_fails_stops_no_other_and_the_job_counts_as_failed(cast, circulation, monkeypatch):
    other = actions.circulate(meeting=drafted(), deadline=timezone.now() + WEEK / 2, by=cast.viewer("secretariat"))
    adopted = actions.notices.adopted

    def fail(row, people):
        if row.pk == other.pk:
            raise RuntimeError("a fault of this one")
        adopted(row, people)

    monkeypatch.setattr(actions.notices, "adopted", fail)
    with pytest.raises(RuntimeError):
        actions.adopt_due(now=timezone.now() + 3 * WEEK)
    circulation.refresh_from_db()
    other.refresh_from_db()
    assert (circulation.state, other.state) == ("adopted", "open")
