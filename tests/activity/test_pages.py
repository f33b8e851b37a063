"""The pages of the log: who reads which part, how it is searched, and what is taken away."""

import csv
import datetime as dt
import io
import re

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from iwg_portal.activity.log import record
from iwg_portal.activity.models import Event
from iwg_portal.activity.sentences import SENTENCES, kinds, sentence
from iwg_portal.pages import activity
from members import access
from members.access import ANONYMOUS
from tests.cast import PARTS
from tests.factories.meetings import GroupFactory

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 3, 2, 9, 30, tzinfo=dt.UTC)
OWN, ALL, EXPORT = "/account/activity/", "/activity/", "/activity/export/"


def state_page(state):
    return f"/states/{state.alpha2.lower()}/activity/"


def text(answer):
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def lines(answer):
    items = re.findall(r"<li><div><b>.*?</li>", answer.content.decode(), flags=re.S)
    return [" ".join(re.sub(r"<[^>]+>", " ", item).split()) for item in items]


def write(cast, part, kind="person.language_chosen", target=None, **values):
    person = cast.person(part) if part else None
    return record(kind, by=person, target=target or person, **values)


def table(answer):
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))


# -- Who reads what ----------------------------------------------------------------------------------------------------


def test_the_rule_is_one_for_the_list_and_the_rows(cast):
    for part in PARTS:
        cast.person(part)
    mine = write(cast, "own_delegate")
    added = write(cast, "administrator", "person.added", target=cast.person("own_delegate"), state=cast.other)
    affair = write(cast, "secretariat", "status.reported_on_behalf", target=cast.own, state=cast.own)
    foreign = write(cast, "other_delegate", "status.reported", target=cast.other, state=cast.other)
    portal = write(cast, None, "workbook.discarded", target=cast.own)
    everything = {mine, added, affair, foreign, portal}
    expected = {
        "own_delegate": {mine, added, affair},
        "own_focal_point": {affair},
        "other_delegate": {foreign, added},
        "secretariat": everything,
        "administrator": everything,
    }
    for part in PARTS:
        viewer = cast.viewer(part)
        assert set(access.visible_events(viewer)) == expected.get(part, set()), part
        both = set(access.own_events(viewer))
        for state in (cast.own, cast.other):
            both |= set(access.state_events(viewer, state))
        assert both <= set(access.visible_events(viewer)), part
    assert set(access.state_events(cast.viewer("own_focal_point"), cast.own)) == {affair}
    assert not access.state_events(cast.viewer("secretariat"), cast.own)
    assert not access.own_events(ANONYMOUS)
    assert not Event.objects.filter(access.events_of_people(cast.viewer("chair"), "delegate"))


def test_a_session_without_its_second_factor_reads_its_own_account_only(cast):
    write(cast, "secretariat")
    write(cast, "own_delegate", "status.reported", target=cast.own, state=cast.own)
    for part in ("secretariat", "own_delegate"):
        viewer = cast.viewer(part).without_proof()
        assert {event.actor_id for event in access.visible_events(viewer)} == {cast.person(part).pk}


def test_what_others_do_changes_nothing_on_ones_own_pages(cast):
    """Two worlds, of the log."""
    for part in PARTS:
        cast.person(part)
    write(cast, "own_delegate", "status.reported", target=cast.own, state=cast.own)
    addresses = {"stranger": [OWN], "own_delegate": [OWN, state_page(cast.own)], "chair": [OWN], "partner": [OWN]}

    def read():
        return {
            (part, address): lines(cast.client(part).get(address)) for part in addresses for address in addresses[part]
        }

    with time_machine.travel(NOW, tick=False):
        before = read()
        write(cast, "other_delegate", "status.reported", target=cast.other, state=cast.other)
        write(cast, "administrator", "person.added", target=cast.person("observer"))
        write(cast, None, "workbook.discarded", target=cast.own)
        assert read() == before
    assert before["own_delegate", OWN]
    assert before["own_delegate", state_page(cast.own)]


def test_own_activity_shows_what_was_done_to_the_account_by_others(cast):
    write(cast, "administrator", "person.added", target=cast.person("stranger"))
    assert lines(cast.client("stranger").get(OWN))[0].startswith("Administrator added Stranger.")


def test_a_state_reads_who_read_what_it_shares_with_the_secretariat(cast):
    person = cast.person("own_focal_point")
    person.phone = "+233 30 000 0000"
    person.save()
    cast.client("secretariat").get(f"/states/{cast.own.alpha2.lower()}/")
    (line,) = lines(cast.client("own_delegate").get(state_page(cast.own)))
    assert line.startswith("Secretariat read what Ownland shares with the secretariat only.")
    profile = cast.client("own_delegate").get(f"/states/{cast.own.alpha2.lower()}/").content.decode()
    assert f'href="{state_page(cast.own)}"' in profile
    profile = cast.client("other_delegate").get(f"/states/{cast.own.alpha2.lower()}/").content.decode()
    assert state_page(cast.own) not in profile


def test_who_is_not_known_to_a_delegation_is_not_named_on_its_page(cast):
    """A partner may download a public text of the state: that somebody did is its affair, her name is not."""
    from members.access import known_actors

    named = ("secretariat", "administrator", "own_delegate", "own_focal_point", "chair")
    hidden = ("partner", "observer", "ex_member", "stranger", "other_delegate")
    for part in (*named, *hidden):
        write(cast, part, "file.exported", target=cast.own, state=cast.own, label="law.pdf")
    page = text(cast.client("own_delegate").get(state_page(cast.own)))
    assert page.count("Somebody of another delegation or organisation downloaded law.pdf.") == 5
    for part in named:
        assert f"{cast.person(part)} downloaded" in page
    for part in hidden:
        assert str(cast.person(part)) not in page
    page = text(cast.client("own_focal_point").get(state_page(cast.own)))
    assert f"{cast.person('ex_member')} downloaded" in page  # of her delegation once; she keeps its list
    assert text(cast.client("secretariat").get(ALL)).count(" downloaded law.pdf.") == 10
    assert "Somebody of another" not in text(cast.client("secretariat").get(ALL))
    assert known_actors(ANONYMOUS) == frozenset()


def test_navigation_leads_to_the_pages_that_the_viewer_has(cast):
    for part in PARTS:
        page = cast.client(part).get("/data-use/").content.decode()
        assert (f'href="{OWN}"' in page) is (part != "anonymous"), part
        assert (f'href="{ALL}"' in page) is (part in ("secretariat", "administrator")), part


# -- How it is shown ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "said", "portal"),
    [
        ("en", "Secretariat added Stranger. 2 March 2026, 10:30 WAT", "The portal added Stranger."),
        ("fr", "Secretariat a ajouté Stranger. 2 mars 2026", "Le portail a ajouté Stranger."),
        ("pt", "Secretariat acrescentou Stranger. 2 de março de 2026", "O portal acrescentou Stranger."),
    ],
)
def test_sentences_and_times_are_the_readers(cast, language, said, portal):
    person = cast.person("secretariat")
    person.language, person.zone = language, "Africa/Lagos"
    person.save()
    with time_machine.travel(NOW, tick=False):
        write(cast, None, "person.added", target=cast.person("stranger"))
        write(cast, "secretariat", "person.added", target=cast.person("stranger"))
        shown = lines(cast.client("secretariat").get(ALL))
    assert shown[0].startswith(said), shown
    assert "10:30" in shown[0]
    assert "WAT" in shown[0]
    assert shown[1].startswith(portal)


@pytest.mark.parametrize(
    ("language", "status", "meeting", "office", "paper"),
    [
        ("fr", "État propre (API)", "Plénière 4", "point focal, État propre", "Plénière 4, 3"),
        ("pt", "Estado próprio (API)", "Plenário 4", "ponto focal, Estado próprio", "Plenário 4, 3"),
    ],
)
def test_frozen_labels_are_said_in_the_readers_words(cast, language, status, meeting, office, paper):
    cast.own.name_fr, cast.own.name_pt = "État propre", "Estado próprio"
    cast.own.save()
    GroupFactory(key="plenary", name_en="Plenary", name_fr="Plénière", name_pt="Plenário")
    person = cast.person("secretariat")
    person.language = language
    person.save()
    named = (f"{cast.own.name_en} (API)", "plenary 4", f"focal point, {cast.own.name_en}", "plenary 4, 3")
    for label in (*named, "something else 7, of old", "file 17378eda"):
        write(cast, "secretariat", "file.exported", target=cast.own, label=label)
    write(cast, "secretariat", "person.added", target=cast.person("stranger"), label="lesson")
    shown = lines(cast.client("secretariat").get(ALL))
    for words in (status, meeting, office, paper, "something else 7, of old", "17378eda", "lesson"):
        assert any(words in line for line in shown), (words, shown)
    assert not any("plenary" in line or cast.own.name_en in line for line in shown)


def test_a_zone_that_is_not_one_is_the_groups(cast):
    person = cast.person("stranger")
    person.zone = "Nowhere/At_All"
    person.save()
    write(cast, "stranger")
    assert cast.client("stranger").get(OWN).status_code == 200
    assert str(activity.reading_zone(cast.viewer("stranger"))) == cast.group.zone
    cast.group.delete()
    assert str(activity.reading_zone(cast.viewer("stranger"))) == "UTC"


def test_a_refusal_says_which_of_the_two_it_was(cast):
    cast.client("own_delegate").get("/states/zz/")
    assert "not there, or not for this reader" in lines(cast.client("own_delegate").get(OWN))[0]
    Event.objects.create(
        kind="access.denied", actor_id=cast.person("own_delegate").pk, actor_label="x", target_type="page",
        target_id="x", target_label="x", data={"status": 403},
    )  # fmt: skip
    assert lines(cast.client("own_delegate").get(OWN))[0].endswith("not allowed")


def test_a_name_is_shown_as_text(cast):
    person = cast.person("stranger")
    person.full_name = "<script>alert(1)</script>%(target)s"
    person.save()
    write(cast, "stranger", label="%(actor)s %s %")
    page = cast.client("secretariat").get(ALL).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;%(target)s chose a language." in page


def test_a_kind_that_is_not_known_any_more_is_named(cast):
    event = Event(kind="old.kind", actor_id=1, actor_label="Ama", target_label="Ghana")
    assert sentence(event) == "Ama: old.kind Ghana"


@pytest.mark.parametrize("language", ["en", "fr", "pt"])
def test_every_kind_can_be_chosen_in_words(language):
    with translation.override(language):
        assert {kind for kind, _words in kinds()} == set(SENTENCES)
        assert all("%(" not in words for _kind, words in kinds())


# -- Searching, paging -------------------------------------------------------------------------------------------------


@pytest.fixture
def busy(cast):
    """Four events on four days, of two people and two states."""
    made = {}
    for day, (name, part, kind, state) in enumerate(
        [
            ("language", "own_delegate", "person.language_chosen", None),
            ("report", "own_focal_point", "status.reported", cast.own),
            ("other", "other_delegate", "status.reported", cast.other),
            ("added", "administrator", "person.added", None),
        ],
        start=1,
    ):
        with time_machine.travel(dt.datetime(2026, 3, day, 23, 30, tzinfo=dt.UTC), tick=False):
            target = cast.person("own_delegate") if name == "added" else (state or cast.person(part))
            made[name] = write(cast, part, kind, target=target, state=state)
    cast.made = made
    return cast


def found(cast, **asked):
    page = activity.ActivityPage(
        cast.viewer("secretariat"), access.visible_events(cast.viewer("secretariat")), activity.Choice.of(asked)
    )
    names = {event.pk: name for name, event in cast.made.items()}
    return [names[event.pk] for event in page.events]


def test_search_by_person_state_kind_and_day(busy):
    assert found(busy) == ["added", "other", "report", "language"]
    # By her, or about her account; accents and case do not matter.
    assert found(busy, person="ÓWN DELEGATE") == ["added", "language"]
    assert found(busy, person="own-focal-point@cast") == ["report"]
    assert found(busy, person="nobody of that name") == []
    assert found(busy, state=busy.own.alpha2.lower()) == ["report"]
    assert found(busy, state="zz") == []
    assert found(busy, kind="status.reported") == ["other", "report"]
    assert found(busy, since="2026-03-02", until="2026-03-03") == ["other", "report"]
    assert found(busy, kind="status.reported", until="2026-03-02") == ["report"]


def test_days_are_those_of_the_readers_zone(busy):
    from zoneinfo import ZoneInfo

    from django.utils import timezone

    with timezone.override(ZoneInfo("Africa/Lagos")):  # 23:30 UTC is half past midnight there
        assert found(busy, since="2026-03-02", until="2026-03-02") == ["language"]


def test_what_cannot_be_read_means_all(busy):
    for asked in (
        {"since": "31.12.2026"}, {"until": "2026-02-30"}, {"kind": "no.such"}, {"before": "-1"}, {"before": "9" * 40},
        {"before": "٣"}, {"person": "\0"},
    ):  # fmt: skip
        assert len(found(busy, **asked)) == 4, asked
        assert busy.client("secretariat").get(ALL, asked).status_code == 200


def test_pages_of_fifty_go_on_where_the_last_one_ended(cast):
    for _ in range(120):
        write(cast, "stranger")
    client = cast.client("secretariat")
    sizes, seen, address = [], [], "?kind=person.language_chosen"
    while address:
        answer = client.get(ALL + address)
        sizes.append(len(lines(answer)))
        seen.append(address)
        write(cast, "stranger")  # what is new meanwhile shifts nothing
        following = re.search(r'rel="next" href="([^"]+)"', answer.content.decode())
        address = following[1].replace("&amp;", "&") if following else ""
    assert sizes == [50, 50, 20]
    assert all("kind=person.language_chosen" in address for address in seen)
    assert 'href="?kind=person.language_chosen"' in answer.content.decode()  # back to the newest


def test_the_number_of_queries_does_not_grow(cast):
    client = cast.client("secretariat")
    counts = {}
    for rows in (1, 3, 60):
        while Event.objects.count() < rows:
            write(cast, "own_focal_point", "status.reported", target=cast.own, state=cast.own)
        for address in (ALL, f"{ALL}?person=own&state={cast.own.alpha2}", OWN):
            client.get(address)
            with CaptureQueriesContext(connection) as captured:
                client.get(address)
            counts.setdefault(address, set()).add(len(captured))
    assert all(len(found) == 1 for found in counts.values()), counts


# -- To take away ------------------------------------------------------------------------------------------------------


def test_the_download_holds_what_the_filter_shows_and_is_logged_itself(busy):
    client = busy.client("secretariat")
    answer = client.get(EXPORT, {"kind": "status.reported"})
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert re.fullmatch(r'attachment; filename="activity-\d{4}-\d\d-\d\d\.csv"', answer["Content-Disposition"])
    head, *rows = table(answer)
    assert head == ["Number", "Time (UTC)", "State", "Kind", "What happened"]
    assert [row[1:4] for row in rows] == [
        ["2026-03-03 23:30:00", "Otherland", "status.reported"],
        ["2026-03-02 23:30:00", "Ownland", "status.reported"],
    ]
    event = Event.objects.get(kind="file.exported")
    assert (event.actor_id, event.data) == (busy.person("secretariat").pk, {"events": 2})
    assert event.target_label == answer["Content-Disposition"].split('"')[1]


def test_nothing_in_the_download_is_a_formula(cast):
    person = cast.person("stranger")
    person.full_name = "=cmd|' /C calc'!A0"
    person.save()
    write(cast, "stranger")
    rows = table(cast.client("administrator").get(EXPORT))
    assert rows[1][4].startswith("'=cmd")


def test_a_long_log_is_cut_and_says_so(busy, monkeypatch):
    monkeypatch.setattr(activity, "MOST_ROWS", 2)
    rows = table(busy.client("secretariat").get(EXPORT))
    assert len(rows) == 4
    assert rows[-1][4] == "Older events are left out; choose dates to see them."
    monkeypatch.setattr(activity, "MOST_ROWS", 5)
    assert len(table(busy.client("administrator").get(EXPORT))) == 1 + 5  # the first download is an event as well


def test_the_link_to_the_download_keeps_the_filter(busy):
    page = busy.client("secretariat").get(ALL, {"person": "own & <b>", "state": busy.own.alpha2}).content.decode()
    assert f'href="{EXPORT}?person=own+%26+%3Cb%3E&amp;state={busy.own.alpha2}"' in page
