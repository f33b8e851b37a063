"""Lessons: what is done with them, by whom, and what becomes of their texts, files and mails."""

import re

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from iwg_portal.activity.models import Event
from iwg_portal.base.uploads import check
from iwg_portal.mail.compose import message
from iwg_portal.mail.models import OutboxMail
from meetings.access import lessons as access
from meetings.actions import lesson_files as files
from meetings.actions import lessons as actions
from meetings.models import Lesson, LessonText, LessonUse
from meetings.queries import lessons as query
from members.access import visible_files
from members.models import FileVersion, StoredFile
from tests.cast import PARTS
from tests.factories import LessonFactory, PersonFactory, person_with

pytestmark = pytest.mark.django_db

WORDS = {"title": "Décret", "problem": "Aucun décret.", "done": "Un décret.", "result": "", "prerequisites": ""}
OWN = {"own_delegate", "own_focal_point"}
APPROVED = {**WORDS, "title": "Décret d’application"}


def draft(cast, part="own_delegate", state=True, **facts):
    owner = cast.own if state is True else state
    facts = actions.Facts(**{"theme": "legal", **facts})
    return actions.draft_lesson(state=owner, language="fr", words=WORDS, facts=facts, by=cast.viewer(part))


def submitted(cast, **facts):
    return actions.submit_lesson(lesson=draft(cast, **facts), by=cast.viewer("own_delegate"))


def approve(cast, lesson, words=None, audience="group", titles=None):
    return actions.approve_lesson(
        lesson=lesson,
        version=lesson.version,
        words=words or APPROVED,
        audience=audience,
        files=titles or {},
        by=cast.viewer("secretariat"),
    )


def attach(cast, lesson, name="ownland-decree.txt", title="The decree", part="own_delegate"):
    return files.attach_to_lesson(
        lesson=lesson, checked=check(b"Article 1", name), title=title, language="fr", by=cast.viewer(part)
    )


def see(cast, lesson):
    return {part for part in PARTS if access.visible_lessons(cast.viewer(part)).filter(pk=lesson.pk).exists()}


# -- From draft to library -------------------------------------------------------------------------------------------


def test_who_sees_a_lesson_on_its_way(cast):
    lesson = draft(cast)
    assert see(cast, lesson) == OWN | {"secretariat"}
    lesson = actions.submit_lesson(lesson=lesson, by=cast.viewer("own_delegate"))
    assert see(cast, lesson) == OWN | {"secretariat"}
    lesson = approve(cast, lesson)
    assert see(cast, lesson) == set(PARTS) - {"anonymous", "stranger", "ex_member"}
    lesson = actions.withdraw_lesson(lesson=lesson, by=cast.viewer("own_focal_point"))
    assert see(cast, lesson) == set()


def test_a_lesson_for_the_members_is_not_for_observers(cast):
    lesson = approve(cast, submitted(cast), audience="members")
    assert see(cast, lesson) == OWN | {"other_delegate", "chair", "secretariat"}


def test_the_raw_text_stays_beside_the_approved_one(cast):
    lesson = approve(cast, submitted(cast))
    for part in OWN | {"secretariat"}:
        texts = access.visible_texts(cast.viewer(part), lesson)
        assert {text.kind: text.title for text in texts} == {"raw": "Décret", "approved": "Décret d’application"}
    for part in ("observer", "other_delegate", "chair", "administrator"):
        assert [text.kind for text in access.visible_texts(cast.viewer(part), lesson)] == ["approved"]


def test_the_secretariat_prepares_a_text_that_outsiders_do_not_see(cast):
    lesson = submitted(cast)
    words = {**WORDS, "problem": "half-done"}
    lesson = actions.edit_approved(lesson=lesson, version=lesson.version, words=words, by=cast.viewer("secretariat"))
    assert lesson.status == "submitted"
    assert not access.visible_texts(cast.viewer("other_delegate"), lesson).exists()
    assert access.visible_texts(cast.viewer("own_delegate"), lesson).count() == 2


def test_what_the_approval_changed_can_be_read(cast):
    raw = LessonText(title="One", problem="The decree was missing in Ownland", done="same", result="gone")
    text = LessonText(title="One", problem="The decree was missing", done="same  \n", result="")
    found = query.differences(raw, text)
    assert set(found) == {"problem", "result"}
    assert [(p.kind, p.text) for p in found["problem"]] == [("", "The decree was missing"), ("del", "in Ownland")]
    long, other = "a b " * 2000, "a c " * 2000
    assert {p.kind for p in query.difference(long, other)} == {"del", "ins"}


def test_the_secretariat_approves_narrower_never_wider_than_the_state_said(cast):
    lesson = submitted(cast, audience="members")
    for audience in ("group", "public", "delegation", ""):
        with pytest.raises(ValidationError):
            approve(cast, lesson, audience=audience)
    assert approve(cast, lesson, audience="members").audience == "members"


def test_the_same_draft_sent_twice_is_one(cast):
    assert draft(cast) == draft(cast)
    lesson = submitted(cast)
    version = lesson.version
    once = approve(cast, lesson)
    again = actions.approve_lesson(
        lesson=lesson, version=version, words=APPROVED, audience="group", files={}, by=cast.viewer("secretariat")
    )
    assert once.version == again.version
    assert OutboxMail.objects.filter(kind="meetings.lesson_approved").count() == 1


def test_a_submitted_lesson_goes_back_and_comes_again(cast):
    cast.person("secretariat")
    lesson = submitted(cast)
    lesson = actions.return_lesson(lesson=lesson, by=cast.viewer("secretariat"))
    assert lesson.status == "draft"
    mails = OutboxMail.objects.filter(kind="meetings.lesson_submitted").order_by("pk")
    assert [mail.state for mail in mails] == ["cancelled"]
    actions.submit_lesson(lesson=lesson, by=cast.viewer("own_delegate"))
    assert [mail.state for mail in mails.all()] == ["cancelled", "due"]


# -- Whose word it is ------------------------------------------------------------------------------------------------


def test_the_focal_point_alone_lets_the_state_be_named(cast):
    assert not draft(cast, names_origin=True).names_origin
    assert draft(cast, "own_focal_point", names_origin=True).names_origin
    group = draft(cast, "secretariat", state=None, names_origin=True)
    assert not group.names_origin


def test_a_delegate_does_not_take_back_what_the_focal_point_said_by_saving(cast):
    lesson = draft(cast, "own_focal_point", names_origin=True)
    client = cast.client("own_delegate")
    form = {**WORDS, "state": cast.own.alpha2, "language": "fr", "theme": "units", "cost_band": "low"}
    form |= {"transferable": "yes", "audience": "group", "version": lesson.version}
    assert client.post(f"/lessons/{lesson.pk}/edit/", form).status_code == 302
    lesson.refresh_from_db()
    assert (lesson.names_origin, lesson.theme) == (True, "units")


@pytest.mark.parametrize(
    ("audience", "names", "allowed"),
    [
        ("members", False, {"own_delegate", "own_focal_point", "secretariat"}),
        ("members", True, {"own_focal_point"}),
        ("group", True, {"own_focal_point"}),
    ],
)
def test_more_readers_are_the_focal_points_to_give(cast, audience, names, allowed):
    """From a group's lesson without a name: narrower is anyone's who may edit, a name is the focal point's."""
    for part in PARTS:
        lesson = LessonFactory(state=cast.own)
        if part in allowed:
            found = actions.choose_readers(lesson=lesson, audience=audience, names_origin=names, by=cast.viewer(part))
            assert (found.audience, found.names_origin) == (audience, names)
        else:
            with pytest.raises(PermissionDenied):
                actions.choose_readers(lesson=lesson, audience=audience, names_origin=names, by=cast.viewer(part))


def test_wider_again_is_the_focal_points_alone(cast):
    for part in PARTS:
        lesson = LessonFactory(state=cast.own, audience="members")
        if part == "own_focal_point":
            found = actions.choose_readers(lesson=lesson, audience="group", names_origin=False, by=cast.viewer(part))
            assert found.audience == "group"
        else:
            with pytest.raises(PermissionDenied):
                actions.choose_readers(lesson=lesson, audience="group", names_origin=False, by=cast.viewer(part))


def test_a_lesson_of_the_group_is_the_secretariats(cast):
    lesson = draft(cast, "secretariat", state=None)
    assert see(cast, lesson) == {"secretariat"}
    lesson = actions.submit_lesson(lesson=lesson, by=cast.viewer("secretariat"))
    lesson = approve(cast, lesson)
    page = cast.client("observer").get(f"/lessons/{lesson.pk}/").content.decode()
    assert "the group" in page
    for part in ("own_focal_point", "chair", "administrator"):
        with pytest.raises(PermissionDenied):
            actions.withdraw_lesson(lesson=lesson, by=cast.viewer(part))


# -- Two at once -----------------------------------------------------------------------------------------------------


def change(cast, lesson, words, version=None, part="own_delegate"):
    return actions.change_lesson(
        lesson=lesson,
        version=lesson.version if version is None else version,
        language="fr",
        words=words,
        facts=actions.Facts(theme="legal"),
        by=cast.viewer(part),
    )


def test_the_second_of_two_does_not_overwrite_the_first(cast):
    lesson = draft(cast)
    first = change(cast, lesson, {**WORDS, "problem": "first"})
    with pytest.raises(ValidationError) as clash:
        change(cast, lesson, {**WORDS, "problem": "second"}, version=lesson.version)
    assert clash.value.code == actions.CLASH
    assert change(cast, lesson, {**WORDS, "problem": "first"}, version=lesson.version).version > first.version
    assert lesson.texts.get(kind="raw").problem == "first"


def test_the_page_of_a_clash_has_both_texts_and_saves_what_was_put_together(cast):
    lesson = draft(cast)
    change(cast, lesson, {**WORDS, "problem": "from <the> server"})
    form = {**WORDS, "problem": "typed here", "state": cast.own.alpha2, "language": "fr", "theme": "legal"}
    form |= {"cost_band": "low", "transferable": "yes", "audience": "group", "version": lesson.version}
    page = cast.client("own_focal_point").post(f"/lessons/{lesson.pk}/edit/", form).content.decode()
    assert "from &lt;the&gt; server" in page
    assert "typed here" in page
    version = re.search(r'name="version" value="(\d+)"', page)[1]
    again = {**form, "version": version}
    assert cast.client("own_focal_point").post(f"/lessons/{lesson.pk}/edit/", again).status_code == 302
    assert lesson.texts.get(kind="raw").problem == "typed here"


def test_the_secretariats_page_keeps_both_too(cast):
    lesson = submitted(cast)
    other = {**WORDS, "problem": "by a colleague"}
    actions.edit_approved(lesson=lesson, version=lesson.version, words=other, by=cast.viewer("secretariat"))
    form = {**WORDS, "problem": "by me", "version": lesson.version, "audience": "group", "do": "approve"}
    page = cast.client("secretariat").post(f"/lessons/{lesson.pk}/review/", form).content.decode()
    assert "by a colleague" in page
    assert "by me" in page
    lesson.refresh_from_db()
    assert lesson.status == "submitted"


def test_who_reads_it_is_not_put_back_by_somebody_who_had_not_seen_the_change(cast):
    lesson = draft(cast)
    form = {**WORDS, "state": cast.own.alpha2, "language": "fr", "theme": "legal", "version": lesson.version}
    form |= {"cost_band": "low", "transferable": "yes", "audience": "group"}
    client = cast.client("own_focal_point")
    seen = re.search(r'name="version" value="(\d+)"', client.get(f"/lessons/{lesson.pk}/edit/").content.decode())[1]
    assert client.post(f"/lessons/{lesson.pk}/edit/", {**form, "audience": "members"}).status_code == 302
    page = client.post(f"/lessons/{lesson.pk}/edit/", {**form, "version": seen})
    stored = page.content.decode().partition('id="stored"')[2].partition("</section>")[0]
    assert "the delegations of all member states and the secretariat" in stored
    assert "group, observer" not in stored
    lesson.refresh_from_db()
    assert lesson.audience == "members"


def test_the_secretariat_sees_what_the_author_changed_before_there_is_an_approved_text(cast):
    lesson = submitted(cast)
    seen = lesson.version
    actions.return_lesson(lesson=lesson, by=cast.viewer("secretariat"))
    lesson.refresh_from_db()
    change(cast, lesson, {**WORDS, "problem": "the author’s second thought"}, version=lesson.version)
    actions.submit_lesson(lesson=lesson, by=cast.viewer("own_focal_point"))
    form = {**WORDS, "problem": "what I made of the first", "version": seen, "do": "save"}
    page = cast.client("secretariat").post(f"/lessons/{lesson.pk}/review/", form).content.decode()
    assert "second thought" in page.partition('id="stored"')[2].partition("</section>")[0]
    assert "what I made of the first" in page
    assert not lesson.texts.filter(kind="approved").exists()


def test_what_comes_too_late_is_kept_for_who_typed_it(cast):
    lesson = submitted(cast)
    person = cast.person("own_focal_point")
    form = {**WORDS, "problem": "a late thought", "version": 1}
    answer = cast.client("own_focal_point").post(f"/lessons/{lesson.pk}/edit/", form)
    assert answer.status_code == 302
    assert ["problem", "a late thought"] in person.parked_texts.get().fields
    actions.withdraw_lesson(lesson=lesson, by=cast.viewer("own_focal_point"))
    gone = cast.client("own_delegate").post(f"/lessons/{lesson.pk}/edit/", form)
    never = cast.client("own_delegate").post("/lessons/999999/edit/", form)
    assert gone.status_code == never.status_code == 302
    assert gone["Location"] == never["Location"]
    assert cast.person("own_delegate").parked_texts.count() == 2


# -- Translations ----------------------------------------------------------------------------------------------------


def translate(cast, lesson, language="en", is_machine=False, part="secretariat", **words):
    lesson.refresh_from_db()
    return actions.translate_lesson(
        lesson=lesson,
        version=lesson.version,
        language=language,
        words={**WORDS, **words},
        is_machine=is_machine,
        by=cast.viewer(part),
    )


def test_a_machine_never_takes_a_persons_place(cast):
    lesson = approve(cast, submitted(cast))
    translate(cast, lesson, title="machine", is_machine=True)
    translate(cast, lesson, title="human")
    with pytest.raises(ValidationError):
        translate(cast, lesson, title="machine again", is_machine=True)
    for is_machine in (True, False):
        with pytest.raises(ValidationError):
            translate(cast, lesson, language="fr", title="over the original", is_machine=is_machine)
    held = {(t.language, t.is_machine, t.title) for t in lesson.texts.exclude(kind="raw")}
    assert held == {("fr", False, "Décret d’application"), ("en", False, "human")}


def test_a_machines_text_says_so_and_the_original_is_there(cast):
    lesson = approve(cast, submitted(cast))
    translate(cast, lesson, title="By a machine", problem="machine words", is_machine=True)
    page = cast.client("observer").get(f"/lessons/{lesson.pk}/").content.decode()
    assert "A machine translated this text" in page
    assert "machine words" in page
    assert "Aucun décret." in page
    assert (
        '<em class="iwg-lesson-machine">machine translation'
        in cast.client("observer").get("/lessons/").content.decode()
    )
    french = cast.client("observer").get(f"/lessons/{lesson.pk}/?language=fr").content.decode()
    assert "A machine translated this text" not in french


def test_a_clash_of_translations_has_both_and_another_language_is_none(cast):
    lesson = approve(cast, submitted(cast))
    client = cast.client("secretariat")
    form = {**WORDS, "problem": "by me", "version": lesson.version}
    translate(cast, lesson, language="pt", problem="por um colega")
    assert client.post(f"/lessons/{lesson.pk}/text/en/", form).status_code == 302  # no English was there to lose
    translate(cast, lesson, problem="by a colleague", is_machine=False)
    page = client.post(f"/lessons/{lesson.pk}/text/en/", {**form, "is_machine": "on", "problem": "by me too"})
    assert page.status_code == 200  # a machine’s never takes its place
    page = client.post(f"/lessons/{lesson.pk}/text/en/", {**form, "problem": "by me too"}).content.decode()
    assert "by a colleague" in page.partition('id="stored"')[2].partition("</section>")[0]
    assert "by me too" in page
    assert lesson.texts.get(language="en").problem == "by a colleague"


def test_only_the_secretariat_translates(cast):
    lesson = approve(cast, submitted(cast))
    for part in set(PARTS) - {"secretariat"}:
        with pytest.raises(PermissionDenied):
            translate(cast, lesson, part=part)


# -- Files -----------------------------------------------------------------------------------------------------------


def test_the_owners_files_are_for_the_owner_and_copies_for_the_readers(cast):
    lesson = draft(cast)
    chosen, other = attach(cast, lesson), attach(cast, lesson, name="second.txt", title="Not this one")
    lesson = actions.submit_lesson(lesson=lesson, by=cast.viewer("own_delegate"))
    outsiders = ("observer", "other_delegate", "chair", "administrator")
    for part in outsiders:
        assert not visible_files(cast.viewer(part)).filter(pk__in=[chosen.pk, other.pk]).exists()
    lesson = approve(cast, lesson, titles={str(chosen.pk): "A decree"})
    for part in outsiders:
        shown = visible_files(cast.viewer(part)).filter(parent_id=str(lesson.pk))
        assert [file.title for file in shown] == ["A decree"]
        assert [(file.state_id, file.audience) for file in shown] == [(None, "group")]
        answer = cast.client(part).get(f"/files/{shown.get().pk}/")
        assert f"lesson-{lesson.pk}-1.txt" in answer["Content-Disposition"]
        assert cast.client(part).get(f"/files/{chosen.pk}/").status_code == 404
    own = access.visible_lesson_files(cast.viewer("own_delegate"), lesson)
    assert own.count() == 3


def test_files_follow_their_lesson(cast):
    lesson = draft(cast)
    file = attach(cast, lesson)
    lesson = actions.submit_lesson(lesson=lesson, by=cast.viewer("own_delegate"))
    lesson = approve(cast, lesson, titles={str(file.pk): "A decree"})
    copy = StoredFile.objects.get(title="A decree")
    focal = cast.viewer("own_focal_point")
    lesson = actions.choose_readers(lesson=lesson, audience="members", names_origin=False, by=focal)
    assert cast.client("observer").get(f"/files/{copy.pk}/").status_code == 404
    assert cast.client("other_delegate").get(f"/files/{copy.pk}/").status_code == 200
    lesson = actions.choose_readers(lesson=lesson, audience="group", names_origin=False, by=focal)
    assert cast.client("observer").get(f"/files/{copy.pk}/").status_code == 200
    file.refresh_from_db()
    assert file.audience == "secretariat"
    actions.withdraw_lesson(lesson=lesson, by=focal)
    for part in ("observer", "own_focal_point", "secretariat"):
        for pk in (copy.pk, file.pk):
            assert cast.client(part).get(f"/files/{pk}/").status_code == 404


def test_the_secretariat_removes_what_it_published_and_nothing_of_the_state(cast):
    lesson = draft(cast)
    file = attach(cast, lesson)
    lesson = actions.submit_lesson(lesson=lesson, by=cast.viewer("own_delegate"))
    lesson = approve(cast, lesson, titles={str(file.pk): "A decree"})
    copy = StoredFile.objects.get(title="A decree")
    desk, address = cast.client("secretariat"), f"/lessons/{lesson.pk}/files/"
    page = desk.get(address).content.decode()
    assert f'value="{copy.pk}"' in page
    assert f'value="{file.pk}"' not in page
    assert desk.post(address, {"do": "remove", "file": str(file.pk)}).status_code == 403
    assert cast.client("own_delegate").get(f"/files/{file.pk}/").status_code == 200
    assert desk.post(address, {"do": "remove", "file": str(copy.pk)}).status_code == 302
    assert cast.client("observer").get(f"/files/{copy.pk}/").status_code == 404


def test_a_download_says_nothing_of_the_origin_to_who_reads_her_own_log(cast):
    lesson = draft(cast)
    file = attach(cast, lesson)
    lesson = actions.submit_lesson(lesson=lesson, by=cast.viewer("own_delegate"))
    approve(cast, lesson, titles={str(file.pk): "A decree"})
    cast.client("observer").get(f"/files/{StoredFile.objects.get(title='A decree').pk}/")
    assert "Ownland" not in cast.client("observer").get("/account/activity/").content.decode()


def test_files_are_for_drafts_and_who_writes_them(cast):
    lesson = draft(cast)
    for part in ("other_delegate", "chair", "secretariat", "observer"):
        with pytest.raises(PermissionDenied):
            attach(cast, lesson, part=part)
    for number in range(files.MOST):
        attach(cast, lesson, name=f"{number}.txt")
    with pytest.raises(ValidationError):
        attach(cast, lesson, name="more.txt")
    first = access.visible_lesson_files(cast.viewer("own_delegate"), lesson).order_by("created_at").first()
    files.remove_from_lesson(lesson=lesson, file=first.pk, by=cast.viewer("own_delegate"))
    assert access.visible_lesson_files(cast.viewer("own_delegate"), lesson).count() == files.MOST - 1
    actions.submit_lesson(lesson=lesson, by=cast.viewer("own_delegate"))
    with pytest.raises(ValidationError):
        attach(cast, lesson, name="late.txt", part="own_focal_point")
    assert FileVersion.objects.filter(name="late.txt").count() == 0


# -- Useful to us ----------------------------------------------------------------------------------------------------


def test_each_state_says_once_that_it_is_useful(cast):
    lesson = LessonFactory(state=cast.own)
    client, address = cast.client("other_delegate"), f"/lessons/{lesson.pk}/useful/"
    for _twice in range(2):
        assert client.post(address, {"state": cast.other.alpha2, "useful": "1"}).status_code == 302
    colleague = person_with("focal_point", state=cast.other)
    from members.access import viewer_for

    actions.find_useful(lesson=lesson, state=cast.other, useful=True, by=viewer_for(colleague))
    assert LessonUse.objects.count() == 1
    assert "Useful to 1 state." in cast.client("observer").get(f"/lessons/{lesson.pk}/").content.decode()
    client.post(address, {"state": cast.other.alpha2, "useful": "0"})
    assert not LessonUse.objects.exists()


def test_who_may_not_say_so(cast):
    lesson, unfinished = LessonFactory(state=cast.own), LessonFactory(state=cast.own, status="submitted")
    for part in set(PARTS) - {"other_delegate"}:
        for state in (cast.own, cast.other, cast.observing):
            with pytest.raises(PermissionDenied):
                actions.find_useful(lesson=lesson, state=state, useful=True, by=cast.viewer(part))
    with pytest.raises(PermissionDenied):
        actions.find_useful(lesson=unfinished, state=cast.other, useful=True, by=cast.viewer("other_delegate"))


# -- Mail and the log ------------------------------------------------------------------------------------------------


def test_the_secretariat_is_told_then_the_author_and_neither_mail_says_anything(cast):
    cast.person("secretariat")
    lesson = submitted(cast)
    mails = OutboxMail.objects.filter(kind="meetings.lesson_submitted").select_related("recipient")
    assert {mail.recipient for mail in mails} == {cast.person("secretariat")}
    sent = [message(mail) for mail in mails]
    approve(cast, lesson)
    assert [message(mail) for mail in mails] == [None], "it waits no more"
    done = OutboxMail.objects.get(kind="meetings.lesson_approved")
    assert done.recipient == cast.person("own_delegate")
    sent.append(message(done))
    for mail in sent:
        said = f"{mail.subject} {mail.body} {mail.alternatives[0][0]}"
        assert f"/lessons/{lesson.pk}/" in said
        assert not re.search(r"Décret|décret|Ownland", said)
    actions.withdraw_lesson(lesson=lesson, by=cast.viewer("own_focal_point"))
    done.refresh_from_db()
    assert done.state == "cancelled"


def test_an_author_who_left_is_not_told(cast):
    lesson = submitted(cast)
    cast.person("own_delegate").terms.update(ends_on="2024-01-01")
    approve(cast, lesson)
    assert not OutboxMail.objects.filter(kind="meetings.lesson_approved").exists()


def test_the_log_holds_no_word_and_no_number_of_a_lesson(cast):
    lesson = approve(cast, submitted(cast))
    actions.withdraw_lesson(lesson=lesson, by=cast.viewer("own_focal_point"))
    events = list(Event.objects.filter(kind__startswith="lesson.").order_by("pk"))
    assert [e.kind for e in events] == ["lesson.drafted", "lesson.submitted", "lesson.approved", "lesson.withdrawn"]
    assert {e.target_label for e in events} == {"lesson"}
    assert [e.state_id for e in events] == [cast.own.pk, cast.own.pk, None, cast.own.pk]
    assert not any("cret" in str(e.data) for e in events)


def test_who_may_do_what(cast):
    """The same act on the same row, with only the person changed (the group's access table, §3)."""
    acts = {
        "draft": (lambda by: draft_as(cast, by), None, OWN),
        "submit": (lambda by, row: actions.submit_lesson(lesson=row, by=by), "draft", OWN),
        "return": (lambda by, row: actions.return_lesson(lesson=row, by=by), "submitted", OWN | {"secretariat"}),
        "approve": (lambda by, row: approve_as(row, by), "submitted", {"secretariat"}),
        "edit": (lambda by, row: edit_as(row, by), "approved", {"secretariat"}),
        "withdraw": (
            lambda by, row: actions.withdraw_lesson(lesson=row, by=by),
            "approved",
            {"own_focal_point"},
        ),
    }
    for act, status, allowed in acts.values():
        for part in PARTS:
            rows = [LessonFactory(state=cast.own, status=status)] if status else []
            if part in allowed:
                act(cast.viewer(part), *rows)
            else:
                with pytest.raises(PermissionDenied):
                    act(cast.viewer(part), *rows)


def draft_as(cast, by):
    return actions.draft_lesson(state=cast.own, language="fr", words=WORDS, facts=actions.Facts(theme="legal"), by=by)


def approve_as(row, by):
    return actions.approve_lesson(lesson=row, version=row.version, words=WORDS, audience="group", files={}, by=by)


def edit_as(row, by):
    return actions.edit_approved(lesson=row, version=row.version, words=WORDS, by=by)


def test_nothing_leads_out_of_the_end(cast):
    lesson = LessonFactory(state=cast.own, shared_by=PersonFactory())
    actions.withdraw_lesson(lesson=lesson, by=cast.viewer("own_focal_point"))
    for act in (actions.submit_lesson, actions.return_lesson, actions.withdraw_lesson):
        with pytest.raises(PermissionDenied):
            act(lesson=lesson, by=cast.viewer("own_focal_point"))
    assert Lesson.objects.get(pk=lesson.pk).status == "withdrawn"
