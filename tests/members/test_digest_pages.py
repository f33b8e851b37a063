"""One's own page of digests, and the page behind the link that ends them."""

import re

import pytest
from django.test import Client
from django.utils import timezone

from iwg_portal.activity.models import Event
from iwg_portal.reminders import choosing
from iwg_portal.reminders.digests import TOPICS
from iwg_portal.reminders.models import DigestChoice
from members.access import viewer_for
from members.models import Participation

pytestmark = pytest.mark.django_db
PAGE, FORM = "/account/digest/", "application/x-www-form-urlencoded"


@pytest.fixture
def choice(cast):
    person = cast.person("own_delegate")
    choosing.choose_digest(cadence="weekly", topics=["meetings.lessons"], version=0, by=viewer_for(person))
    return DigestChoice.objects.get(person=person)


def ticked(html):
    return {box for box in re.findall(r"<input[^>]*>", html) if "checked" in box}


def link(choice):
    return f"/digest/unsubscribe/?key={choice.token}"


# -- The page --------------------------------------------------------------------------------------------------------


def test_at_first_no_digest_is_chosen_and_every_topic_is_ticked(cast):
    html = cast.client("observer").get(PAGE).content.decode()
    boxes = ticked(html)
    assert len(boxes) == 1 + len(TOPICS)
    assert any('value="none"' in box for box in boxes)


def test_a_choice_is_kept_and_shown(cast):
    client = cast.client("own_delegate")
    answer = client.post(PAGE, {"version": 0, "cadence": "monthly", "topics": ["meetings.records"]}, follow=True)
    html = answer.content.decode()
    assert "The next digest comes at the beginning of a month" in html
    boxes = ticked(html)
    assert len(boxes) == 2
    assert any('value="monthly"' in box for box in boxes)
    assert any('value="meetings.records"' in box for box in boxes)
    assert DigestChoice.objects.get().person == cast.person("own_delegate")
    assert "Every month" in client.get("/account/").content.decode()


def test_saying_none_again_keeps_the_topics_for_another_time(cast, choice):
    client = cast.client("own_delegate")
    client.post(PAGE, {"version": 1, "cadence": "none", "topics": ["meetings.lessons"]})
    choice.refresh_from_db()
    assert (choice.cadence, choice.topics) == ("none", ["meetings.lessons"])


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"cadence": "weekly"}, "Choose at least one topic"),
        ({"cadence": "hourly", "topics": ["meetings.papers"]}, "Choose how often."),
        ({"topics": ["meetings.papers"]}, "Choose how often."),
        ({"cadence": "weekly", "topics": ["no.such", "meetings.papers"]}, "Choose topics of this list."),
    ],
)
def test_what_cannot_be_kept_is_said_at_the_field_and_what_was_chosen_stays(cast, data, words):
    answer = cast.client("own_delegate").post(PAGE, {"version": 0, **data})
    html = answer.content.decode()
    assert answer.status_code == 422
    assert html.count(words) == 2  # above the form, and at the field
    boxes = ticked(html)
    assert any('value="weekly"' in box for box in boxes) == (data.get("cadence") == "weekly")
    assert any('value="meetings.papers"' in box for box in boxes) == ("meetings.papers" in data.get("topics", ()))
    assert not DigestChoice.objects.exists()


def test_two_windows_one_after_the_other(cast, choice):
    client = cast.client("own_delegate")
    late = {"version": 0, "cadence": "monthly", "topics": ["meetings.papers"]}
    answer = client.post(PAGE, late)
    html = answer.content.decode()
    assert answer.status_code == 422
    assert "in another window" in html
    choice.refresh_from_db()
    assert choice.cadence == "weekly"
    version = re.search(r'name="version" value="(\d+)"', html)[1]
    assert client.post(PAGE, {**late, "version": version}).status_code == 302
    choice.refresh_from_db()
    assert (choice.cadence, choice.topics) == ("monthly", ["meetings.papers"])


def test_what_she_follows_alone_is_kept_shown_and_given_up(cast):
    client, data = cast.client("observer"), {"version": 0, "cadence": "weekly", "topics": ["meetings.lessons"]}
    state = cast.own
    client.post(PAGE, {**data, "follow_themes": ["legal", "units"], "follow_states": [state.alpha2]})
    row = DigestChoice.objects.get()
    assert row.followed == [f"states={state.alpha2}", "themes=legal", "themes=units"]
    html = client.get(PAGE).content.decode()
    assert len(ticked(html)) == 5
    assert html.count('<details class="iwg-details" id="id_follow_themes" open>') == 1
    Participation.objects.filter(state=state).update(ends_on=timezone.localdate())  # a state that left is no choice
    assert state.name not in client.get(PAGE).content.decode()
    client.post(PAGE, {**data, "version": 1})
    row.refresh_from_db()
    assert row.followed == []


def test_what_does_not_exist_cannot_be_followed(cast):
    data = {"version": 0, "cadence": "weekly", "topics": ["meetings.lessons"], "follow_themes": ["no-such"]}
    answer = cast.client("observer").post(PAGE, data)
    assert answer.status_code == 422
    assert "Choose from this list." in answer.content.decode()
    with pytest.raises(ValueError, match="no topics named"):
        choosing.choose_digest(
            cadence="weekly", topics=["meetings.lessons"], followed=["themes=x"], version=0, by=cast.viewer("observer")
        )


def test_without_an_office_the_account_does_not_speak_of_it(cast):
    assert PAGE not in cast.client("stranger").get("/account/").content.decode()
    assert PAGE in cast.client("partner").get("/account/").content.decode()


# -- The link --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", ["anonymous", "own_delegate", "other_delegate"])
def test_opening_the_link_changes_nothing_and_needs_no_sign_in(cast, choice, part):
    """That a GET writes nothing, every test client checks."""
    answer = cast.client(part).get(link(choice))
    html = answer.content.decode()
    assert answer.status_code == 200
    assert html.count("<button") == 1
    assert "Reminders of what you owe the group" in html
    assert "Own Delegate" not in html
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert "no-store" in answer.headers["Cache-Control"]
    assert not answer.cookies
    choice.refresh_from_db()
    assert choice.cadence == "weekly"


def test_one_press_ends_them_and_a_second_does_nothing_more(choice):
    client = Client(enforce_csrf_checks=True)
    for body in ("", "List-Unsubscribe=One-Click"):
        answer = client.post(link(choice), body, content_type=FORM)
        assert answer.status_code == 200
        assert "No digest comes any more" in answer.content.decode()
        choice.refresh_from_db()
        assert choice.cadence == "none"
    event = Event.objects.get(kind="digest.stopped_from_mail")
    assert event.actor_id == choice.person_id
    assert "<form" not in client.get(link(choice)).content.decode()


def test_who_is_signed_in_does_not_matter_whose_link_it_is_does(cast, choice):
    other = cast.person("other_delegate")
    choosing.choose_digest(cadence="weekly", topics=["meetings.lessons"], version=0, by=viewer_for(other))
    cast.client("other_delegate").post(link(choice))
    assert DigestChoice.objects.get(person=other).cadence == "weekly"
    assert DigestChoice.objects.get(person=choice.person).cadence == "none"


def test_a_forged_link_stops_nothing(choice):
    number, _dot, secret = choice.token.partition(".")
    for token in (f"{number}.{secret[:-1]}x", number, f"{int(number) + 1}.{secret}", "", "x"):
        answer = Client().post("/digest/unsubscribe/", QUERY_STRING=f"key={token}")
        assert answer.status_code == 404
    choice.refresh_from_db()
    assert choice.cadence == "weekly"
    assert not Event.objects.filter(kind="digest.stopped_from_mail").exists()


def test_the_page_speaks_the_language_of_its_reader(choice):
    choice.person.language = "pt"
    choice.person.save()
    answer = Client().get(link(choice), headers={"Accept-Language": "fr"})
    assert answer.headers["Content-Language"] == "pt"
    assert "Parar os resumos" in answer.content.decode()


def test_an_old_link_works_after_she_chose_anew(cast, choice):
    old = link(choice)
    client = Client()
    client.post(old)
    by = viewer_for(choice.person)
    choosing.choose_digest(cadence="monthly", topics=["meetings.papers"], version=2, by=by)
    assert client.post(old).status_code == 200
    choice.refresh_from_db()
    assert choice.cadence == "none"
    assert choice.chosen_at <= timezone.now()
