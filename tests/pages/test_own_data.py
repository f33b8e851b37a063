"""All data of a state as one archive: everything of its own, nothing of anybody else's, for its delegation alone."""

import hashlib
import io
import json
import zipfile

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from iwg_portal.activity.models import Event
from iwg_portal.base.uploads import storage
from meetings.models import Attendance, Comment, Position, Registration
from members.enums import Audience
from members.models import Term
from tests.factories import (
    ActionFactory,
    BlockFactory,
    CirculationFactory,
    ItemFactory,
    LessonFactory,
    MeetingFactory,
    OwnerFactory,
    RoundFactory,
    StatusReportFactory,
    declare,
    framework,
    stored_file,
)

pytestmark = pytest.mark.django_db
OTHERS = "Kestrel"


def archive(client, state):
    answer = client.get(f"/states/{state.alpha2.lower()}/data.zip")
    assert answer.status_code == 200
    return answer, zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))


def tables(book):
    return {name: json.loads(book.read(name)) for name in book.namelist() if name.endswith(".json")}


@pytest.fixture
def world(cast):
    """Own and other state with the same kinds of rows; what is other's bears a word of its own."""
    round_ = RoundFactory(edition=framework())
    cast.round = round_
    for state, word, part in ((cast.own, "Ours", "own_focal_point"), (cast.other, OTHERS, "other_delegate")):
        StatusReportFactory(state=state, source=f"{word} source", audience=Audience.DELEGATION)
        declare(state, round_, 3)
        LessonFactory(state=state, shared_by=cast.person(part), status="draft")
        meeting = MeetingFactory(state="adopted", record__audience="members")
        point = ActionFactory(block__item=ItemFactory(meeting=meeting), block__text=f"{word} to do", number=None)
        OwnerFactory(action=point, state=state)
    stored_file(cast.own, cast.viewer("own_focal_point"), audience="delegation", title="Ours")
    return cast


def test_all_of_its_own_and_nothing_of_another_state(world):
    answer, book = archive(world.client("own_delegate"), world.own)
    found = tables(book)
    assert [row["source"] for row in found["status.json"]] == ["Ours source"]
    (assessment,) = found["assessments.json"]
    assert assessment["round"] == world.round.year
    assert {row["level"] for row in assessment["answers"]} == {3}
    assert [row["text"] for row in found["action-points.json"]] == ["Ours to do"]
    assert len(found["lessons.json"]) == 1
    assert found["lessons.json"][0]["texts"]
    assert {row["name"] for row in found["people.json"]} >= {world.person("own_focal_point").full_name}
    (name,) = [name for name in book.namelist() if name.startswith("files/")]
    assert book.read(name)
    about = found["about.json"]
    assert (about["label"], about["demonstration"]) == ("TLP:AMBER+STRICT", False)
    assert about["rows"]["status"] == 1
    everything = b"".join(book.read(name) for name in book.namelist()).decode(errors="replace")
    assert OTHERS not in everything
    assert world.person("other_delegate").email not in everything
    day = timezone.localdate().isoformat()
    name = f"iwg-state-data-{world.own.alpha2.lower()}_own-delegate_{day}.zip"
    assert answer["Content-Disposition"].endswith(f'{name}"')
    (event,) = Event.objects.filter(kind="file.exported")
    assert (event.target_label, event.data["label"]) == (name, "TLP:AMBER+STRICT")
    assert Event.objects.filter(kind="file.exported", target_id=str(world.own.pk)).count() == 1


def test_what_it_did_in_meetings_is_in_it_and_what_others_did_is_not(world):
    meeting = MeetingFactory(state="circulated", title="Third plenary", record__audience="members")
    circulation = CirculationFactory(meeting=meeting)
    item = ItemFactory(meeting=meeting)
    for state, word, part in ((world.own, "Ours", "own_focal_point"), (world.other, OTHERS, "other_delegate")):
        person = world.person(part)
        ItemFactory(meeting=meeting, title=f"{word} item", state_proposing=state, proposed_by=person, status="proposed")
        Registration.objects.create(meeting=meeting, person=person, state=state, answer="yes")
        Attendance.objects.create(meeting=meeting, state=state, presence="present", by=person)
        BlockFactory(record=meeting.record, item=item, text=f"{word} said", said_by=state)
        made = {"circulation": circulation, "state": state, "by": person, "at": timezone.now()}
        Position.objects.create(**made, stance="object", text=f"{word} objection")
        Comment.objects.create(**made, text=f"{word} comment")
    _answer, book = archive(world.client("own_focal_point"), world.own)
    found = tables(book)
    assert [row["title"] for row in found["agenda-proposals.json"]] == ["Ours item"]
    assert [row["name"] for row in found["registrations.json"]] == [world.person("own_focal_point").full_name]
    assert [(row["meeting"], row["presence"]) for row in found["attendance.json"]] == [("Third plenary", "present")]
    assert [row["text"] for row in found["statements.json"]] == ["Ours said"]
    assert [row["text"] for row in found["positions.json"]] == ["Ours objection"]
    assert [row["text"] for row in found["comments.json"]] == ["Ours comment"]
    assert OTHERS not in b"".join(book.read(name) for name in book.namelist()).decode(errors="replace")


def test_under_the_chatham_house_rule_who_was_not_there_reads_not_even_what_her_state_said(world):
    meeting = MeetingFactory(state="adopted", chatham_house=True, record__audience="members")
    BlockFactory(record=meeting.record, item=ItemFactory(meeting=meeting), text="Ours said", said_by=world.own)
    _answer, book = archive(world.client("own_delegate"), world.own)
    assert tables(book)["statements.json"] == []


@pytest.mark.parametrize("harm", ["missing", "damaged"])
def test_a_file_that_is_not_whole_is_named_and_not_sent(world, harm):
    other = stored_file(world.own, world.viewer("own_focal_point"), b"Other words", audience="delegation", title="Two")
    path = storage.place(other.versions.get().storage_name)
    path.unlink() if harm == "missing" else path.write_bytes(b"Oth")
    _answer, book = archive(world.client("own_delegate"), world.own)
    rows = tables(book)["files.json"]
    assert [row["found"] for row in rows] == ["whole", harm]
    assert [name for name in book.namelist() if name.startswith("files/")] == [rows[0]["name"]]
    assert hashlib.sha256(book.read(rows[0]["name"])).hexdigest() == rows[0]["sha256"]


def test_where_her_office_ends_while_it_is_sent_the_archive_does_not_open(world):
    answer = world.client("own_delegate").get(f"/states/{world.own.alpha2.lower()}/data.zip")
    pieces = iter(answer.streaming_content)
    got = [next(pieces)]
    Term.objects.filter(person=world.person("own_delegate")).update(ends_on=timezone.localdate())
    with pytest.raises(PermissionDenied):
        got += list(pieces)
    assert b"A draft" not in b"".join(got)
    with pytest.raises(zipfile.BadZipFile):
        zipfile.ZipFile(io.BytesIO(b"".join(got)))


@pytest.mark.parametrize("part", ["observer", "other_delegate", "chair", "secretariat", "administrator"])
def test_nobody_else_gets_it(world, part):
    assert world.client(part).get(f"/states/{world.own.alpha2.lower()}/data.zip").status_code == 404
    assert "data.zip" not in world.client(part).get(f"/states/{world.own.alpha2.lower()}/").content.decode()


def test_the_profile_leads_its_own_delegation_to_it(world):
    assert "data.zip" in world.client("own_delegate").get(f"/states/{world.own.alpha2.lower()}/").content.decode()


def test_invented_data_says_so(world, settings):
    settings.DEMO = True
    _answer, book = archive(world.client("own_focal_point"), world.own)
    assert tables(book)["about.json"]["demonstration"] is True
