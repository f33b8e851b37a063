"""All data of a state as one archive: everything of its own, nothing of anybody else's, for its delegation alone."""

import io
import json
import zipfile

import pytest
from django.utils import timezone

from iwg_portal.activity.models import Event
from members.enums import Audience
from tests.factories import (
    ActionFactory,
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
    assert answer["Content-Disposition"].endswith(f'state-data_{world.own.alpha2.lower()}_{day}.zip"')
    assert Event.objects.filter(kind="file.exported", target_id=str(world.own.pk)).count() == 1


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
