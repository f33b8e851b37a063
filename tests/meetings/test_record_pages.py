"""The record as pages: written with and without JavaScript, read, projected, its history; and who sees none of it."""

import datetime as dt
import re
import uuid
from urllib.parse import urlencode

import pytest
from django.template.loader import render_to_string
from django.utils import timezone

from iwg_portal.activity.models import Event
from meetings.access.records import reads_record
from meetings.models import ActionOwner, Attendance, Block, Here, Meeting, Registration
from meetings.queries import records as query
from meetings.views.records import read
from members.access import viewer_for
from members.models import ParkedText
from tests.base.uploading import td3
from tests.cast import sign_in
from tests.factories import (
    ActionFactory,
    BlockFactory,
    DecisionFactory,
    ItemFactory,
    MeetingFactory,
    OwnerFactory,
    answered_in_time,
    person_with,
)
from tests.meetings.payloads import PAYLOADS, is_harmless, packed

pytestmark = pytest.mark.django_db
JSON = {"Accept": "application/json", "HX-Request": "true"}
HOSTILE = " ".join(PAYLOADS)


@pytest.fixture
def desk(cast):
    cast.meeting = MeetingFactory(state="running", title="A plenary")
    cast.item = ItemFactory(meeting=cast.meeting, position=1, title="Opening")
    cast.block = BlockFactory(item=cast.item, text="A first sentence.", updated_by=cast.person("secretariat"))
    cast.desk = cast.client("secretariat")
    return cast


def address(desk, word=""):
    return f"/meetings/{desk.meeting.pk}/record/{word}"


def fields(held, **more):
    row = {"block": held.pk, "base": held.version, "client_id": uuid.uuid4(), "kind": held.kind, "text": held.text}
    return {**{name: str(value) for name, value in row.items()}, **more}


def save(desk, held=None, by=None, headers=JSON, **more):
    data = fields(held or desk.block, **more)
    return (by or desk.desk).post(address(desk, "save/"), data, headers=headers)


def news(desk, by=None, **more):
    return (by or desk.desk).post(address(desk, "news/"), more, headers=JSON).json()


def page(desk, word="", by=None):
    answer = (by or desk.desk).get(address(desk, word))
    assert answer.status_code == 200
    return answer.content.decode()


# -- Without JavaScript ------------------------------------------------------------------------------------------------


def test_each_block_is_a_form_that_works_by_itself(desk):
    answer = save(desk, headers={}, text="A first sentence, mended.")
    assert answer.status_code == 302
    assert answer["Location"] == f"{address(desk)}#block-{desk.block.pk}"
    shown = page(desk)
    assert re.search(r"On the server \d\d:\d\d:\d\d GMT, version 2\.", shown)
    assert "A first sentence, mended.</textarea>" in shown
    assert 'name="base" value="2"' in shown


def test_a_new_block_comes_below_its_item(desk):
    form = re.search(r"<form[^>]*data-add>.*?</form>", page(desk), re.DOTALL)[0]
    sent = dict(re.findall(r'name="(block|base|client_id|item|lift)" value="([^"]*)"', form))
    desk.own  # noqa: B018
    for _ in range(2):  # the button was pressed twice
        desk.desk.post(address(desk, "save/"), {**sent, "kind": "action", "text": "Do it @Ownland 1 May 2031"})
    assert Block.objects.count() == 2
    shown = page(desk)
    assert "Action 1.a" in shown
    assert "Do it</textarea>" in shown
    assert re.search(r'value="state:\d+">Ownland', shown)
    assert "due 1 May 2031" in shown


def test_a_date_that_is_past_is_taken_with_a_warning(desk):
    block = ActionFactory(block__item=desk.item).block
    assert save(desk, block, headers={}, text="Do it @2020-02-03", lift="1").status_code == 302
    assert "This day is past." in page(desk)
    (chip,) = save(desk, Block.objects.get(pk=block.pk), text="Do it at once").json()["chips"]
    assert (chip["value"], chip["doubt"]) == ("due", "This day is past.")


def test_lines_end_in_one_way_and_nothing_is_cut(desk):
    save(desk, headers={}, text="  One \r\n\r\ntwo\x00 \r\n ")
    desk.block.refresh_from_db()
    assert desk.block.text == "  One \n\ntwo \n "


def test_a_block_that_is_too_long_stays_in_its_form(desk):
    text = "é" * 20_001
    shown = save(desk, headers={}, text=text).content.decode()
    assert "This block has 20001 characters; a block holds 20000." in shown
    assert text in shown
    assert f'name="block" value="{desk.block.pk}"' in shown
    told = save(desk, text=text)
    assert told.status_code == 422
    assert told.json()["keep"] is True
    assert save(desk, text="é" * 20_000).json()["outcome"] == "saved"


def test_ten_megabytes_change_nothing_and_are_given_back(desk):
    body = urlencode(fields(desk.block, text="a word " * 1_500_000))
    form = "application/x-www-form-urlencoded"
    answer = desk.desk.post(address(desk, "save/"), body, content_type=form, headers={"Origin": "http://testserver"})
    assert answer.status_code == 413
    assert "a word a word" in answer.content.decode()
    desk.block.refresh_from_db()
    assert desk.block.text == "A first sentence."


def test_passenger_data_are_refused_and_not_kept(desk):
    for headers in ({}, JSON):
        answer = save(desk, headers=headers, text="\n".join(td3()))
        assert "machine-readable zone" in answer.content.decode()
    assert answer.json()["keep"] is False
    assert not ParkedText.objects.exists()
    assert desk.block.revisions.count() == 1
    kept = Event.objects.filter(kind="passenger_data.refused")
    assert [event.data for event in kept] == [{"detectors": ["mrz"]}] * 2


def test_a_broken_form_is_kept_if_it_holds_words(desk):
    answer = save(desk, headers={}, base="x", client_id="none", text="Words from a broken page")
    assert answer["Location"] == address(desk)
    assert ParkedText.objects.get().fields[-1] == ["text", "Words from a broken page"]
    assert desk.desk.post(address(desk, "save/"), {"text": " "}).status_code == 302
    assert ParkedText.objects.count() == 1


@pytest.mark.parametrize("field", ["said_by", "item", "after", "kind", "do", "number", "drop", "parked", "block"])
def test_hostile_values_in_the_other_fields_harm_nobody(desk, field):
    for value in (HOSTILE, "-1", "9" * 40, "\x00", "state:99999999999", "'; --"):
        answer = save(desk, text="Kept words", **{field: value})
        assert answer.status_code in (200, 422), value
    assert is_harmless(page(desk))


def test_hostile_text_is_only_text(desk):
    for kind in ("text", "decision", "action"):
        block = BlockFactory(item=desk.item, kind=kind, updated_by=desk.person("secretariat"))
        assert save(desk, block, text=HOSTILE, lift="1").status_code == 200
    for position, title in enumerate(packed(200), start=2):
        ItemFactory(meeting=desk.meeting, title=title, position=position)
    Meeting.objects.filter(pk=desk.meeting.pk).update(title=packed(200)[0])
    for word in ("", "projector/", f"blocks/{desk.block.pk}/"):
        assert is_harmless(page(desk, word))
    assert is_harmless(render_to_string("meetings/records/read.html", read(desk.viewer("secretariat"), desk.meeting)))


# -- With JavaScript ---------------------------------------------------------------------------------------------------


def test_a_save_answers_with_a_receipt(desk):
    told = save(desk, text="A first sentence, mended.").json()
    assert told["outcome"] == "saved"
    assert (told["version"], told["own"], told["text"]) == (2, 2, "A first sentence, mended.")
    assert re.fullmatch(r"On the server \d\d:\d\d:\d\d GMT, version 2", told["receipt"])


def test_news_bring_what_others_changed_and_who_is_there(desk):
    other = desk_of_another(desk)
    before = news(desk, since="0")["cursor"]
    assert news(desk, since=before)["blocks"] == []
    save(desk, by=other, text="A first sentence, by Awa.")
    second = BlockFactory(item=desk.item, text="Another")
    told = news(desk, since=before, item=desk.item.pk)
    changed = {block["id"]: block for block in told["blocks"]}
    assert changed[str(desk.block.pk)]["text"] == "A first sentence, by Awa."
    assert changed[str(desk.block.pk)]["by"] == "Awa"
    assert "A first sentence, by Awa.</textarea>" in changed[str(desk.block.pk)]["html"]
    assert [pk for pk, _heading in told["order"][str(desk.item.pk)]] == [str(desk.block.pk), str(second.pk)]
    assert news(desk, since=told["cursor"])["blocks"] == []
    save(desk, by=other, do="remove", base="2")
    (gone,) = news(desk, since=told["cursor"])["gone"]
    assert (gone["id"], gone["by"]) == (str(desk.block.pk), "Awa")


def test_what_is_left_behind_is_numbered_anew(desk):
    """A decision that goes to another item, or is removed: the other editor hears of the numbers of both items."""
    other = desk_of_another(desk)
    second = ItemFactory(meeting=desk.meeting, position=2, title="Second")
    moved, kept = (DecisionFactory(block__item=desk.item, block__text=f"Decision {n}.", number=None) for n in (1, 2))
    there = DecisionFactory(block__item=second, block__text="There.", number=None)
    before = news(desk, since="0")["cursor"]
    save(desk, moved.block, by=other, do="place", item=second.pk)
    told = news(desk, since=before)
    assert [block["id"] for block in told["blocks"]] == [str(moved.block.pk)]
    assert told["order"] == {
        str(desk.item.pk): [[str(desk.block.pk), ""], [str(kept.block.pk), "Decision 1.1"]],
        str(second.pk): [[str(there.block.pk), "Decision 2.1"], [str(moved.block.pk), "Decision 2.2"]],
    }
    save(desk, there.block, by=other, do="remove")
    told = news(desk, since=told["cursor"])
    assert (told["blocks"], [gone["id"] for gone in told["gone"]]) == ([], [str(there.block.pk)])
    assert told["order"][str(second.pk)] == [[str(moved.block.pk), "Decision 2.1"]]
    assert news(desk, since=told["cursor"])["order"] == {}


def test_who_else_is_here(desk):
    other = desk_of_another(desk)
    assert news(desk, item=desk.item.pk)["here"] == []
    assert news(desk, by=other)["here"] == ["Secretariat is in item 1"]
    assert "Awa is here" in page(desk)
    Here.objects.update(at=timezone.now() - dt.timedelta(minutes=1))
    assert news(desk)["here"] == []
    news(desk, by=other, item="no number")  # nobody is refused for where she says she is


def test_news_say_when_the_record_is_closed_or_the_agenda_is_another(desk):
    before = news(desk)
    assert before["open"] is True
    ItemFactory(meeting=desk.meeting, position=2)
    assert news(desk)["sign"] != before["sign"]
    Meeting.objects.filter(pk=desk.meeting.pk).update(state="circulated")
    assert news(desk)["open"] is False


@pytest.mark.parametrize("since", ["x", "-1", "9" * 17, "9" * 400, "٣", ""])
def test_a_cursor_that_is_none_is_harmless(desk, since):
    assert news(desk, since=since)["blocks"] in ([], news(desk, since="0")["blocks"])


def desk_of_another(desk):
    from django.test import Client

    client = Client()
    desk.awa = person_with("secretariat", person={"full_name": "Awa"})
    sign_in(client, desk.awa)
    return client


# -- Kept texts --------------------------------------------------------------------------------------------------------


def test_a_text_kept_when_the_record_was_closed_is_offered_back(desk):
    Meeting.objects.filter(pk=desk.meeting.pk).update(state="circulated")
    told = save(desk, text="Typed too late").json()
    assert (told["outcome"], told["reason"]) == ("parked", "closed")
    shown = page(desk)
    assert "Typed too late</textarea>" in shown
    assert "Put it into the record" not in shown
    assert "Typed too late" not in page(desk, by=desk_of_another(desk))
    Meeting.objects.filter(pk=desk.meeting.pk).update(state="running")
    form = re.search(r'<form[^>]*>(?:(?!</form>).)*name="parked".*?</form>', page(desk), re.DOTALL)[0]
    sent = dict(re.findall(r'<input type="hidden" name="(?!csrf)(\w+)" value="([^"]*)"', form))
    answer = desk.desk.post(address(desk, "save/"), {**sent, "text": "Typed too late, and mended"})
    assert answer["Location"].endswith(f"#block-{desk.block.pk}")
    desk.block.refresh_from_db()
    assert desk.block.text == "Typed too late, and mended"
    assert not ParkedText.objects.exists()


def test_sent_again_from_the_kept_texts_it_is_offered_no_more(desk):
    Meeting.objects.filter(pk=desk.meeting.pk).update(state="circulated")
    save(desk, text="Typed too late")
    kept = ParkedText.objects.get()
    Meeting.objects.filter(pk=desk.meeting.pk).update(state="running")
    desk.desk.post(kept.path, dict(kept.fields))
    assert "Kept for you" not in page(desk)


def test_a_session_that_ended_keeps_what_was_typed(desk):
    session = desk.desk.session
    session["members_session_started"] = 0
    session.save()
    from members.sign_in.proofs import STARTED

    session[STARTED] = 1.0
    session.save()
    answer = save(desk, text="Typed after the end")
    assert "HX-Redirect" in answer.headers
    assert ["text", "Typed after the end"] in ParkedText.objects.get().fields
    assert desk.block.revisions.count() == 1


# -- History -----------------------------------------------------------------------------------------------------------


def test_the_history_shows_who_when_and_brings_back(desk):
    save(desk, by=desk_of_another(desk), text="A second sentence.")
    shown = page(desk, f"blocks/{desk.block.pk}/")
    assert "A first sentence." in shown
    assert "A second sentence." in shown
    assert "Awa" in shown
    _place, form = re.findall(r'<form[^>]*action="[^"]*record/save/".*?</form>', shown, re.DOTALL)
    sent = dict(re.findall(r'name="(block|base|client_id|number|do)" value="([^"]*)"', form))
    assert sent["number"] == "1"
    desk.desk.post(address(desk, "save/"), sent)
    desk.block.refresh_from_db()
    assert (desk.block.text, desk.block.version) == ("A first sentence.", 3)


def test_what_one_person_saved_in_one_sitting_is_one_step(desk):
    for number in range(4):
        save(desk, Block.objects.get(), text=f"Typed {number}")
    shown = page(desk, f"blocks/{desk.block.pk}/")
    assert "Typed 3" in shown
    assert "Typed 1" not in shown


def test_a_removed_block_is_found_again(desk):
    save(desk, do="remove")
    shown = page(desk)
    assert "Removed" in shown
    assert f"blocks/{desk.block.pk}/" in shown
    assert "Bring back" in page(desk, f"blocks/{desk.block.pk}/")


# -- Readers -----------------------------------------------------------------------------------------------------------


def test_a_reader_sees_nothing_of_a_draft(desk):
    desk.block.text = "canary of the draft"
    desk.block.save()
    for part in ("own_delegate", "own_focal_point", "observer", "partner", "administrator", "stranger"):
        viewer = desk.viewer(part)
        assert not reads_record(viewer, desk.meeting)
        assert "canary" not in render_to_string("meetings/records/read.html", read(viewer, desk.meeting))
        for word in ("", "projector/", f"blocks/{desk.block.pk}/"):
            assert desk.client(part).get(address(desk, word)).status_code == 404
    Meeting.objects.filter(pk=desk.meeting.pk).update(state="circulated")
    desk.meeting.record.audience = "members"
    desk.meeting.record.save()
    assert "canary" in page(desk, "projector/", by=desk.client("own_delegate"))
    assert "canary" in render_to_string("meetings/records/read.html", read(desk.viewer("own_delegate"), desk.meeting))
    assert desk.client("own_delegate").get(address(desk, f"blocks/{desk.block.pk}/")).status_code == 404
    assert desk.client("observer").get(address(desk, "projector/")).status_code == 404


def finished(desk, viewer):
    shown = render_to_string("meetings/records/read.html", read(viewer, desk.meeting))
    return " ".join(re.sub(r"<[^>]+>", " ", shown).split())


def test_the_finished_text(desk):
    two = ItemFactory(meeting=desk.meeting, position=2, title="Carriers")
    ItemFactory(meeting=desk.meeting, position=3, title="Declined", status="declined")
    BlockFactory(item=two, text="It was **said**.\n\n- one\n- two")
    BlockFactory(item=two, text=" ", kind="decision")  # begun and left
    DecisionFactory(block__item=two, block__text="One window.")
    shared = ActionFactory(
        block__item=two, block__text="Send the list.", each_member=True, due_on=dt.date(2026, 11, 30)
    )
    for state, status in ((desk.own, "done"), (desk.other, "open"), (desk.chairing, "not_ours")):
        OwnerFactory(action=shared, state=state, status=status)
    single = ActionFactory(block__item=two, block__text="Draft it.", due_on=None)
    OwnerFactory(action=single, state=desk.own)
    OwnerFactory(action=single, state=desk.other)
    ActionOwner.objects.create(action=single, state=desk.chairing, is_removed=True)
    text = finished(desk, desk.viewer("secretariat"))
    assert "2 Carriers It was said . one two Decision 2.1 One window." in text
    assert "Action 2.a Send the list. Each member state · due 30 November 2026 · 1 of 2 done" in text
    assert "Action 2.b Draft it. Ownland with Otherland · no date · open" in text
    assert "Declined" not in text


def test_who_said_it_is_for_those_who_were_in_the_room(desk):
    desk.block.said_by = desk.other
    desk.block.save()
    Meeting.objects.filter(pk=desk.meeting.pk).update(state="circulated", chatham_house=True)
    desk.meeting.record.audience = "members"
    desk.meeting.record.save()
    desk.meeting.refresh_from_db()
    absent, present = desk.person("own_delegate"), desk.person("own_focal_point")
    Registration.objects.create(meeting=desk.meeting, person=present, state=desk.own, answer="yes")
    answered_in_time(desk.meeting)
    Attendance.objects.create(
        meeting=desk.meeting, state=desk.own, presence="present", by=desk.person("secretariat"), at=timezone.now()
    )
    assert "Statement of Otherland" in finished(desk, viewer_for(present))
    assert "Otherland" not in finished(desk, viewer_for(absent))
    assert "Otherland" in page(desk, "projector/", by=desk.client("own_focal_point"))
    assert "Otherland" not in page(desk, "projector/", by=desk.client("own_delegate"))


def test_the_speaker_of_a_block(desk):
    desk.other  # noqa: B018
    assert save(desk, said_by="otherland").json()["words"] == []
    desk.block.refresh_from_db()
    assert desk.block.said_by == desk.other
    told = save(desk, Block.objects.get(), said_by="Atlantis", text="More words").json()
    assert told["outcome"] == "saved"
    assert "Atlantis" in told["words"][0]
    desk.block.refresh_from_db()
    assert (desk.block.said_by, desk.block.text) == (desk.other, "More words")
    save(desk, Block.objects.get(), said_by="")
    desk.block.refresh_from_db()
    assert desk.block.said_by is None


def test_the_projector_shows_where_was_written_last_and_says_when_nothing_is_new(desk):
    two = ItemFactory(meeting=desk.meeting, position=2, title="Carriers")
    block = BlockFactory(item=two, text="Written last.")
    shown = page(desk, "projector/")
    assert "Written last." in shown
    assert "A first sentence." not in shown
    assert not re.search(r"<textarea|version \d", shown)
    since = re.search(r"\?since=(\d+)", shown)[1]
    answer = desk.desk.get(address(desk, f"projector/?since={since}"), headers={"HX-Request": "true"})
    assert answer.status_code == 204
    save(desk, block, text="Written just now.")
    answer = desk.desk.get(address(desk, f"projector/?since={since}"), headers={"HX-Request": "true"})
    assert "Written just now." in answer.content.decode()
    assert "<html" not in answer.content.decode()
    assert "A first sentence." in page(desk, f"projector/?item={desk.item.pk}")
    Meeting.objects.filter(pk=desk.meeting.pk).update(state="circulated")
    assert "data-hx-get" not in page(desk, "projector/")


# -- How much it costs -------------------------------------------------------------------------------------------------


def long_record(desk, size):
    for number in range(size):
        item = ItemFactory(meeting=desk.meeting, position=10 + number)
        BlockFactory(item=item, updated_by=desk.person("secretariat"))
        DecisionFactory(block__item=item, block__updated_by=desk.person("secretariat"))
        action = ActionFactory(block__item=item, block__updated_by=desk.person("secretariat"))
        OwnerFactory(action=action, state=desk.own)
        OwnerFactory(action=action, state=desk.other)


def test_the_same_number_of_queries_for_a_long_record(desk, django_assert_num_queries, django_assert_max_num_queries):
    viewer = desk.viewer("secretariat")
    long_record(desk, 1)
    counted = {}
    for _ in range(2):
        for word in ("", "projector/"):
            with django_assert_max_num_queries(20) as queries:
                page(desk, word)
            assert counted.setdefault(word, len(queries)) == len(queries)
        with django_assert_num_queries(3):
            render_to_string("meetings/records/read.html", read(viewer, desk.meeting))
        items = list(desk.meeting.items.order_by("position", "id"))
        with django_assert_num_queries(2):
            render_to_string("meetings/records/read.html", read(viewer, desk.meeting, items))
        long_record(desk, 2)


def test_letters_of_action_points():
    assert [query.letters(number) for number in (1, 26, 27, 52, 53)] == ["a", "z", "aa", "az", "ba"]
