"""Sessions: when they end, who ends them, what is known of them, and what becomes of what was being typed."""

import datetime as dt

import pytest
import time_machine
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from iwg_portal.activity.models import Event
from iwg_portal.mail.models import OutboxMail
from members import actions
from members.models import ParkedText
from members.sign_in import name_of, network_of
from tests.cast import sign_in, sign_in_with
from tests.factories import PersonFactory, WorkingGroupFactory, person_with
from tests.members.factors import PASSPHRASE, code, code_at, give_app, is_in, passphrase

pytestmark = pytest.mark.django_db
START = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)
MINUTE, HOUR, DAY = 60, 3600, 86400
SITE = "http://testserver"


@pytest.fixture(autouse=True)
def _quick(settings):
    from django.core.cache import cache

    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    cache.clear()
    WorkingGroupFactory()


@pytest.fixture
def clock():
    with time_machine.travel(START, tick=False) as travelled:
        yield travelled


# -- Limits ---------------------------------------------------------------------------------------------------------


def lasts(client, clock, pause, most):
    """For how many seconds a session goes on with a request after each ``pause``, up to ``most``."""
    passed = 0
    while passed <= most:
        clock.shift(pause)
        passed += pause
        if client.get(reverse("region")).status_code != 200:
            return passed - pause
    return most


@pytest.mark.parametrize(
    ("part", "idle", "absolute"),
    [
        *((part, 30 * MINUTE, 12 * HOUR) for part in ("own_focal_point", "chair", "secretariat", "administrator")),
        *((part, 8 * HOUR, 7 * DAY) for part in ("own_delegate", "observer", "partner")),
    ],
)
def test_a_session_ends_by_itself(cast, client, clock, part, idle, absolute):
    sign_in(client, cast.person(part))
    assert lasts(client, clock, idle - 1, absolute) == absolute // (idle - 1) * (idle - 1)
    sign_in(client, cast.person(part))
    clock.shift(idle + 1)
    assert client.get(reverse("region")).url == "/sign-in/?next=/region/"


def test_reading_writes_nothing_and_the_cookie_is_renewed_once_a_minute(cast, client, clock):
    sign_in(client, cast.person("chair"))
    name = settings.SEEN_COOKIE_NAME
    renewed = []
    for _ in range(6):
        clock.shift(20)
        renewed.append(name in client.get(reverse("region")).cookies)  # the test client refuses any writing GET
    assert renewed == [False, False, True, False, False, True]
    cookie = client.cookies[name]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


def test_what_a_page_asks_by_itself_keeps_no_session_alive(cast, client, clock):
    """A page left open asks every few seconds what is new; that is no sign of a person."""
    sign_in(client, cast.person("chair"))
    for _ in range(4):
        clock.shift(10 * MINUTE)
        answer = client.get(reverse("region"), headers={"X-Repeated": "1"})
    assert answer.status_code == 302


@pytest.mark.parametrize("value", ["", "9999999999.", "9999999999.abc", "x.y", "²." + "0" * 64, "99999999999999999.0"])
def test_a_forged_cookie_keeps_nothing_alive(cast, client, clock, value):
    sign_in(client, cast.person("chair"))
    clock.shift(31 * MINUTE)
    client.cookies[settings.SEEN_COOKIE_NAME] = value
    assert client.get(reverse("region")).status_code == 302


def test_the_cookie_of_another_session_keeps_nothing_alive(cast, client, clock):
    sign_in(client, cast.person("chair"))
    clock.shift(20 * MINUTE)
    other = Client()
    sign_in(other, cast.person("chair"))
    clock.shift(5 * MINUTE)
    other.get(reverse("region"))
    clock.shift(10 * MINUTE)
    client.cookies[settings.SEEN_COOKIE_NAME] = other.cookies[settings.SEEN_COOKIE_NAME].value
    assert client.get(reverse("region")).status_code == 302


def test_an_ended_session_comes_back_only_by_signing_in_with_all_that_is_asked(client, clock):
    person = person_with("chair", person={"password": PASSPHRASE})
    give_app(person)
    sign_in(client, person)
    clock.shift(31 * MINUTE)
    old = client.session.session_key
    assert client.get(reverse("region")).status_code == 302
    passphrase(client, person)
    assert not is_in(client)
    assert client.get(reverse("region")).status_code == 302
    code(client, code_at())
    assert client.get(reverse("region")).status_code == 200
    assert not Session.objects.filter(session_key=old).exists()
    clock.shift(11 * HOUR)
    assert client.get(reverse("region")).status_code == 302


def test_what_an_ended_session_had_shown_counts_for_nothing_later(client, clock):
    """The factor is reset meanwhile: the passphrase alone must not revive the proof of the session before."""
    person = person_with("chair", person={"password": PASSPHRASE})
    sign_in(client, person)
    clock.shift(31 * MINUTE)
    passphrase(client, person)
    assert is_in(client)
    assert client.get(reverse("region")).url.startswith("/account/factor/")


def test_a_session_without_beginning_is_over(cast, client):
    sign_in(client, cast.person("chair"))
    session = client.session
    del session["started_at"]
    session.save()
    assert client.get(reverse("region")).status_code == 302


# -- Typing survives ------------------------------------------------------------------------------------------------

TYPED = {
    "year": "2024", "reason": "A long sentence,\nover two lines", "password": "never kept", "code": "123456",
    "csrfmiddlewaretoken": "never kept either", "state": ["GH", "SN"],
}  # fmt: skip


def test_a_form_that_comes_after_the_end_is_kept_and_offered_back(client, clock):
    person = person_with("secretariat", person={"password": PASSPHRASE})
    give_app(person)
    sign_in(client, person)
    clock.shift(31 * MINUTE)
    answer = client.post("/import/?from=mail", TYPED)
    (kept,) = ParkedText.objects.all()
    assert (kept.person, kept.path) == (person, "/import/?from=mail")
    assert kept.fields == [["year", "2024"], ["reason", TYPED["reason"]], ["state", "GH"], ["state", "SN"]]
    assert answer.url == f"/sign-in/?next=%2Faccount%2Fkept%2F{kept.pk}%2F"
    passphrase(client, person, next=f"/account/kept/{kept.pk}/")
    shown = client.get(code(client, code_at()).url).content.decode()
    assert "A long sentence," in shown
    assert 'action="/import/?from=mail"' in shown
    assert "never kept" not in shown
    assert client.post(f"/account/kept/{kept.pk}/").url == "/account/kept/"
    assert not ParkedText.objects.exists()
    kinds = set(Event.objects.values_list("kind", flat=True))
    assert {"text.parked", "text.discarded"} <= kinds


def test_in_a_fragment_the_whole_page_goes_to_the_sign_in(cast, client, clock):
    sign_in(client, cast.person("secretariat"))
    clock.shift(31 * MINUTE)
    answer = client.post("/import/", TYPED, headers={"HX-Request": "true"})
    assert answer.headers["HX-Redirect"].startswith("/sign-in/?next=%2Faccount%2Fkept%2F")


def test_a_button_alone_is_not_kept(cast, client, clock):
    sign_in(client, cast.person("secretariat"))
    clock.shift(31 * MINUTE)
    assert client.post("/import/", {"do": "x"}).url == "/sign-in/?next=/import/"
    assert not ParkedText.objects.exists()


def test_a_form_from_elsewhere_is_kept_for_nobody(cast, clock):
    """Its token is checked against the session that has ended."""
    client = Client(enforce_csrf_checks=True)
    sign_in(client, cast.person("secretariat"))
    clock.shift(31 * MINUTE)
    for origin in ({}, {"Origin": "https://evil.example"}):
        assert client.post("/import/", TYPED, headers=origin).status_code == 403
    assert not ParkedText.objects.exists()


def test_after_signing_out_in_another_tab_too(client):
    person = person_with("secretariat", person={"password": PASSPHRASE})
    give_app(person)
    passphrase(client, person)
    code(client, code_at())
    client.post(reverse("account_logout"))
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = client.cookies
    assert strict.post("/import/", TYPED).status_code == 403
    assert strict.post("/import/", TYPED, headers={"Origin": "https://evil.example"}).status_code == 403
    assert not ParkedText.objects.exists()
    answer = strict.post("/import/", TYPED, headers={"Origin": SITE})
    (kept,) = ParkedText.objects.all()
    assert kept.person == person
    assert answer.url.endswith(f"kept%2F{kept.pk}%2F")


def test_in_a_browser_that_nobody_knows_it_is_given_back_to_be_copied():
    client = Client(enforce_csrf_checks=True)
    answer = client.post("/import/", TYPED, headers={"Origin": SITE})
    page = answer.content.decode()
    assert answer.status_code == 403
    assert "A long sentence," in page
    assert "never kept" not in page
    assert "A long sentence," not in client.post("/import/", TYPED).content.decode()


def test_a_kept_text_is_its_authors_alone(cast, client):
    mine = ParkedText.objects.create(person=cast.person("chair"), path="/", fields=[["a", "bc"]])
    for part in ("administrator", "secretariat"):
        sign_in(client, cast.person(part))
        for answer in (client.get(f"/account/kept/{mine.pk}/"), client.post(f"/account/kept/{mine.pk}/")):
            assert answer.status_code == 404
    assert ParkedText.objects.exists()


def test_twenty_are_kept_and_none_for_more_than_a_week(clock):
    person = PersonFactory()
    for number in range(25):
        actions.park_text(by=person, path=f"/{number}/", fields=[("text", "words")])
        clock.shift(HOUR)
    assert ParkedText.objects.count() == 20
    assert not ParkedText.objects.filter(path="/4/").exists()
    clock.shift(6 * DAY)
    assert actions.discard_old_parked() == 0
    clock.shift(DAY)
    assert actions.discard_old_parked() == 20


# -- The list, and who ends what ------------------------------------------------------------------------------------


class TestList:
    def test_shows_browser_beginning_of_address_and_times(self, client, clock):
        person = person_with("delegate", person={"password": PASSPHRASE})
        headers = {"User-Agent": "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0"}
        client.post(
            reverse("account_login"),
            {"login": person.email, "password": PASSPHRASE},
            headers=headers,
            REMOTE_ADDR="198.51.100.77",
        )
        clock.shift(5 * MINUTE)
        client.get(reverse("home"))
        page = client.get(reverse("sessions")).content.decode()
        assert "Firefox · Windows" in page
        assert "198.51.100.0…" in page
        assert "198.51.100.77" not in page
        assert "2 March 2026, 09:00 UTC" in page
        assert "2 March 2026, 09:05 UTC" in page
        assert UserSession.objects.get().ip == "198.51.100.0"

    def test_one_is_ended_and_all_others(self, cast):
        person = cast.person("own_delegate")
        here, *others = clients = [Client() for _ in range(4)]
        for client in clients:
            sign_in(client, person)
        first = UserSession.objects.get(session_key=others[0].session.session_key)
        here.post(reverse("sessions"), {"end": first.pk})
        assert [client.get(reverse("region")).status_code for client in clients] == [200, 302, 200, 200]
        here.post(reverse("sessions"), {"others": "1"})
        assert [client.get(reverse("region")).status_code for client in clients] == [200, 302, 302, 302]

    def test_a_session_that_is_over_leaves_the_list(self, cast, client):
        gone = Client()
        sign_in(gone, cast.person("chair"))
        sign_in(client, cast.person("chair"))
        gone.post(reverse("account_logout"))
        assert client.get(reverse("sessions")).content.decode().count('<th scope="row">') == 1
        assert actions.forget_ended_sessions() == 1
        assert UserSession.objects.get().session_key == client.session.session_key

    def test_nobody_ends_somebody_elses(self, cast, client):
        theirs = Client()
        sign_in(theirs, cast.person("chair"))
        sign_in(client, cast.person("administrator"))
        row = UserSession.objects.get(user=cast.person("chair"))
        for end in (row.pk, "", "x", "-1"):
            assert client.post(reverse("sessions"), {"end": end}).status_code == 404
        assert theirs.get(reverse("region")).status_code == 200

    def test_same_queries_for_one_session_and_for_three(self, cast, django_assert_num_queries):
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        counts = []
        clients = [Client() for _ in range(3)]
        sign_in(clients[0], cast.person("chair"))
        for _ in range(2):
            with CaptureQueriesContext(connection) as found:
                clients[0].get(reverse("sessions"))
            counts.append(len(found))
            for other in clients[1:]:
                sign_in(other, cast.person("chair"))
        assert counts[0] == counts[1]


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36",
         "Chrome · Linux"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 Version/18.0 Mobile Safari/604",
         "Safari · iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0", "Edge · Windows"),
        ("<script>alert(1)</script>", ""),
        ("", ""),
    ],
)  # fmt: skip
def test_names_of_browsers(agent, name):
    assert name_of(agent) == name


@pytest.mark.parametrize(
    ("address", "network"),
    [("203.0.113.9", "203.0.113.0"), ("2001:db8:1234:5678::1", "2001:db8:1234::"), ("nonsense", "0.0.0.0")],
)
def test_beginnings_of_addresses(address, network):
    assert network_of(address) == network


# -- A new browser --------------------------------------------------------------------------------------------------


def test_a_browser_that_is_new_to_her_is_announced(client):
    person = person_with("delegate", person={"password": PASSPHRASE})

    def mails():
        return OutboxMail.objects.filter(kind="members.new_device", recipient=person).count()

    passphrase(client, person)
    assert mails() == 0  # the first of all
    client.post(reverse("account_logout"))
    passphrase(client, person)
    assert mails() == 0  # the same browser
    passphrase(Client(), person)
    assert mails() == 1
    forged = Client()
    forged.cookies[settings.DEVICE_COOKIE_NAME] = f"[{person.pk}]"
    passphrase(forged, person)
    assert mails() == 2


def test_a_shared_browser_knows_each_of_its_people(client):
    people = [person_with("delegate", person={"password": PASSPHRASE}) for _ in range(2)]
    for _ in range(2):
        for person in people:
            passphrase(client, person)
            client.post(reverse("account_logout"))
    # The second one's first sign-in of all was in this browser, too.
    assert not OutboxMail.objects.filter(kind="members.new_device").exists()


def test_a_sign_in_without_factor_also_begins_a_session_in_the_list(cast, client):
    sign_in_with(client, cast.person("own_delegate"), {"method": "password"})
    assert client.get(reverse("sessions")).status_code == 200
