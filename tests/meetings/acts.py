"""What is done about meetings, their papers, what comes of them and lessons, for the table of who writes what
(tests/policy/write.csv). Each act says whether it has happened."""

import datetime as dt

from django.utils import timezone

from iwg_portal.base.uploads import check
from meetings.access.registration import own_organisations, own_states
from meetings.actions import action_points, agenda, attendance, decisions, lesson_files, lessons, owners, papers
from meetings.actions import registration as registrations
from meetings.models import ActionEvidence, AgendaItem, Attendance, Lesson, LessonText, LessonUse, Paper, Registration
from meetings.queries.agenda import fingerprint
from members.access import viewer_for
from members.models import StoredFile
from tests.factories import (
    ActionFactory,
    DecisionFactory,
    ItemFactory,
    LessonFactory,
    MeetingFactory,
    OwnerFactory,
    person_with,
)

SOON = dt.timedelta(days=20)


def _item():
    return ItemFactory(meeting=MeetingFactory(state="circulated"))


def _decision(**values):
    return DecisionFactory(block__item=_item(), **values)


def _owner(cast):
    return OwnerFactory(action=ActionFactory(block__item=_item()), state=cast.own)


def change_decision(cast, viewer):
    decision = _decision()
    decisions.change_decision(decision=decision, kind="informational", by=viewer)
    decision.refresh_from_db()
    return decision.kind == "informational"


def carry_out(cast, viewer):
    decision = _decision()
    decisions.set_decision_status(decision=decision, status="carried_out", by=viewer)
    decision.refresh_from_db()
    return decision.status == "carried_out"


def supersede(cast, viewer):
    decision, successor = _decision(number=1), _decision(number=2)
    decisions.set_decision_status(decision=decision, status="superseded", successor=successor, by=viewer)
    decision.refresh_from_db()
    return decision.superseded_by == successor


def edit_action(cast, viewer):
    owner = _owner(cast)
    action_points.edit_action(action=owner.action, due_on=timezone.localdate() + SOON, add=[cast.other], by=viewer)
    return owner.action.owners.count() == 2


def report(cast, viewer):
    owner = _owner(cast)
    owners.report(owner=owner, status="done", by=viewer)
    owner.refresh_from_db()
    return owner.status == "done"


def hand_over(cast, viewer):
    owner, holder = _owner(cast), cast.person("own_focal_point")
    owners.hand_over(owner=owner, holder=holder, by=viewer)
    owner.refresh_from_db()
    return owner.holder == holder


def grant_time(cast, viewer):
    owner = _owner(cast)
    owners.grant_time(owner=owner, until=timezone.localdate() + SOON, by=viewer)
    owner.refresh_from_db()
    return owner.due_on == timezone.localdate() + SOON


def add_evidence(cast, viewer):
    owners.add_evidence(owner=_owner(cast), checked=check(b"Done", "done.txt"), title="Done", by=viewer)
    return ActionEvidence.objects.get().file.state == cast.own


# -- Agenda ----------------------------------------------------------------------------------------------------------


def _proposal(cast):
    return ItemFactory(status="proposed", proposed_by=person_with("delegate"), state_proposing=cast.own)


def _status(item):
    item.refresh_from_db()
    return item.status


def add_item(cast, viewer):
    return bool(agenda.add_item(meeting=MeetingFactory(), title="New", by=viewer).pk)


def change_item(cast, viewer, make):
    item = make(cast)
    agenda.change_item(item=item, seen=fingerprint(item), title="Changed", by=viewer)
    item.refresh_from_db()
    return item.title == "Changed"


def move_item(cast, viewer):
    first = ItemFactory(position=1)
    second = ItemFactory(meeting=first.meeting, position=2)
    agenda.move_item(item=second, up=True, by=viewer)
    return list(AgendaItem.objects.order_by("position")) == [second, first]


def withdraw_item(cast, viewer, make):
    item = make(cast)
    agenda.withdraw_item(item=item, by=viewer)
    return _status(item) == "withdrawn"


def bring_back_item(cast, viewer):
    item = ItemFactory(status="withdrawn")
    agenda.bring_back_item(item=item, by=viewer)
    return _status(item) == "accepted"


def leave_open(cast, viewer):
    item = ItemFactory()
    agenda.mark_open(item=item, is_open=True, by=viewer)
    item.refresh_from_db()
    return item.is_open


def carry_over(cast, viewer):
    long_ago = dt.datetime(2025, 3, 1, 9, tzinfo=dt.UTC)
    before = ItemFactory(meeting__state="adopted", meeting__starts_at=long_ago, is_open=True)
    agenda.carry_over(meeting=MeetingFactory(group=before.meeting.group), items=[before.pk], by=viewer)
    return before.carried_to.exists()


def propose_item(cast, viewer):
    return agenda.propose_item(meeting=MeetingFactory(), state=cast.own, title="New", by=viewer).status == "proposed"


def accept_item(cast, viewer):
    item = _proposal(cast)
    agenda.accept_item(item=item, by=viewer)
    return _status(item) == "accepted"


def decline_item(cast, viewer):
    item = _proposal(cast)
    agenda.decline_item(item=item, reason="Not now.", by=viewer)
    return _status(item) == "declined"


# -- Papers ----------------------------------------------------------------------------------------------------------


def _values(**changed):
    return {"number": 1, "title": "A paper", "item": None, "due_on": None, "audience": "group", **changed}


def _paper(**more):
    keeper = viewer_for(person_with("secretariat"))
    return papers.create_paper(meeting=MeetingFactory(), by=keeper, **_values(), **more)


def enter_paper(cast, viewer):
    return bool(papers.create_paper(meeting=MeetingFactory(), by=viewer, **_values()).pk)


def change_paper(cast, viewer, audience):
    paper = _paper()
    papers.change_paper(paper=paper, by=viewer, **_values(audience=audience))
    paper.refresh_from_db()
    return paper.audience == audience


def store_paper(cast, viewer):
    return bool(papers.add_file(paper=_paper(), checked=check(b"A paper", "paper.txt"), language="en", by=viewer).pk)


def withdraw_language(cast, viewer):
    paper, file = _paper(checked=check(b"A paper", "paper.txt"), language="en"), StoredFile.objects.get()
    papers.withdraw_language(paper=paper, file=file, by=viewer)
    file.refresh_from_db()
    return file.withdrawn_at is not None


def withdraw_paper(cast, viewer):
    papers.withdraw_paper(paper=_paper(), by=viewer)
    return Paper.objects.get().is_withdrawn


def look_at_papers(cast, viewer):
    return bool(papers.note_look(meeting=MeetingFactory(), by=viewer).pk)


# -- Registration and attendance -------------------------------------------------------------------------------------


def answer_invitation(cast, viewer):
    """Each for the place that she takes."""
    place = {"state": own_states(viewer).first() if viewer.person else None}
    if viewer.organisations:
        place = {"organisation": own_organisations(viewer).get()}
    registrations.answer_invitation(meeting=MeetingFactory(), answer="yes", by=viewer, **place)
    return Registration.objects.get().person == viewer.person


def nominate(cast, viewer):
    person = cast.person("own_delegate")
    registrations.nominate(meeting=MeetingFactory(), person=person, state=cast.own, by=viewer)
    return Registration.objects.get().nominated_by == viewer.person


def take_back_nomination(cast, viewer):
    focal = person_with("focal_point", state=cast.own)
    row = Registration.objects.create(
        meeting=MeetingFactory(), person=cast.person("own_delegate"), state=cast.own, nominated_by=focal
    )
    registrations.take_back_nomination(registration=row, by=viewer)
    return not Registration.objects.exists()


def _running():
    now = timezone.now()
    return MeetingFactory(state="running", starts_at=now - dt.timedelta(hours=1), ends_at=now + dt.timedelta(hours=1))


def mark_attendance(cast, viewer):
    attendance.mark_attendance(meeting=_running(), presence="present", state=cast.own, by=viewer)
    return Attendance.objects.get().presence == "present"


def declare_attendance(cast, viewer):
    attendance.declare_attendance(meeting=_running(), state=cast.own, by=viewer)
    return Attendance.objects.get().self_declared


# -- Lessons ---------------------------------------------------------------------------------------------------------

WORDS = {"title": "A lesson", "problem": "A problem", "done": "What was done", "result": "", "prerequisites": ""}


def _lesson(cast, **values):
    return LessonFactory(state=cast.own, **values)


def draft_lesson(cast, viewer, state):
    lessons.draft_lesson(state=state, language="en", words=WORDS, facts=lessons.Facts("legal"), by=viewer)
    return Lesson.objects.get().status == "draft"


def change_lesson(cast, viewer):
    lesson, words = _lesson(cast, status="draft"), {**WORDS, "title": "Changed"}
    lessons.change_lesson(
        lesson=lesson, version=lesson.version, language="en", words=words, facts=lessons.Facts("legal"), by=viewer
    )
    return LessonText.objects.get().title == "Changed"


def move_lesson(cast, viewer, before, act, after):
    lesson = _lesson(cast, status=before)
    act(lesson=lesson, by=viewer)
    return _status(lesson) == after


def edit_lesson(cast, viewer):
    lesson = _lesson(cast, status="submitted")
    lessons.edit_approved(lesson=lesson, version=lesson.version, words=WORDS, by=viewer)
    return lesson.texts.filter(kind="approved").exists()


def approve_lesson(cast, viewer):
    lesson = _lesson(cast, status="submitted")
    release = {"audience": "group", "files": {}}
    lessons.approve_lesson(lesson=lesson, version=lesson.version, words=WORDS, by=viewer, **release)
    return _status(lesson) == "approved"


def translate_lesson(cast, viewer):
    lesson = _lesson(cast)
    lessons.translate_lesson(
        lesson=lesson, version=lesson.version, language="fr", words=WORDS, is_machine=False, by=viewer
    )
    return lesson.texts.filter(kind="translation").exists()


def choose_readers(cast, viewer, before, after, names_origin=False):
    lesson = _lesson(cast, audience=before)
    lessons.choose_readers(lesson=lesson, audience=after, names_origin=names_origin, by=viewer)
    lesson.refresh_from_db()
    return (lesson.audience, lesson.names_origin) == (after, names_origin)


def find_useful(cast, viewer):
    lessons.find_useful(lesson=LessonFactory(state=cast.other), state=cast.own, useful=True, by=viewer)
    return LessonUse.objects.get().state == cast.own


def _attach(lesson, viewer):
    checked = check(b"A guide", "guide.txt")
    return lesson_files.attach_to_lesson(lesson=lesson, checked=checked, title="Guide", language="en", by=viewer)


def attach_to_lesson(cast, viewer):
    return _attach(_lesson(cast, status="draft"), viewer).state == cast.own


def remove_from_lesson(cast, viewer):
    lesson = _lesson(cast, status="draft")
    file = _attach(lesson, viewer_for(person_with("focal_point", state=cast.own)))
    lesson_files.remove_from_lesson(lesson=lesson, file=file.pk, by=viewer)
    file.refresh_from_db()
    return file.withdrawn_at is not None


ACTS = {
    ("decision", "change"): change_decision,
    ("decision", "carry out"): carry_out,
    ("decision", "supersede"): supersede,
    ("action point", "edit"): edit_action,
    ("action point", "report"): report,
    ("action point", "hand over"): hand_over,
    ("action point", "grant time"): grant_time,
    ("action point", "show evidence"): add_evidence,
    ("agenda", "add an item"): add_item,
    ("agenda", "change an item"): lambda cast, by: change_item(cast, by, lambda _cast: ItemFactory()),
    ("agenda", "order"): move_item,
    ("agenda", "take an item off"): lambda cast, by: withdraw_item(cast, by, lambda _cast: ItemFactory()),
    ("agenda", "bring an item back"): bring_back_item,
    ("agenda", "leave an item open"): leave_open,
    ("agenda", "carry over"): carry_over,
    ("proposal", "propose"): propose_item,
    ("proposal", "change"): lambda cast, by: change_item(cast, by, _proposal),
    ("proposal", "withdraw"): lambda cast, by: withdraw_item(cast, by, _proposal),
    ("proposal", "accept"): accept_item,
    ("proposal", "decline"): decline_item,
    ("paper", "enter"): enter_paper,
    ("paper", "narrow"): lambda cast, by: change_paper(cast, by, "secretariat"),
    ("paper", "store a language"): store_paper,
    ("paper", "withdraw a language"): withdraw_language,
    ("paper", "withdraw"): withdraw_paper,
    ("paper", "look"): look_at_papers,
    ("registration", "answer"): answer_invitation,
    ("registration", "nominate"): nominate,
    ("registration", "take back"): take_back_nomination,
    ("attendance", "note"): mark_attendance,
    ("attendance", "declare"): declare_attendance,
    ("lesson", "draft"): lambda cast, by: draft_lesson(cast, by, cast.own),
    ("lesson", "draft for the group"): lambda cast, by: draft_lesson(cast, by, None),
    ("lesson", "change"): change_lesson,
    ("lesson", "submit"): lambda cast, by: move_lesson(cast, by, "draft", lessons.submit_lesson, "submitted"),
    ("lesson", "return"): lambda cast, by: move_lesson(cast, by, "submitted", lessons.return_lesson, "draft"),
    ("lesson", "withdraw"): lambda cast, by: move_lesson(cast, by, "approved", lessons.withdraw_lesson, "withdrawn"),
    ("lesson", "edit"): edit_lesson,
    ("lesson", "approve"): approve_lesson,
    ("lesson", "translate"): translate_lesson,
    ("lesson", "narrow"): lambda cast, by: choose_readers(cast, by, "group", "members"),
    ("lesson", "widen"): lambda cast, by: choose_readers(cast, by, "members", "group"),
    ("lesson", "name the state"): lambda cast, by: choose_readers(cast, by, "group", "group", names_origin=True),
    ("lesson", "find useful"): find_useful,
    ("lesson", "attach a file"): attach_to_lesson,
    ("lesson", "remove a file"): remove_from_lesson,
}
