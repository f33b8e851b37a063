"""The second factor: what a session that has not shown it may do, and every way round it that we could think of."""

import json
import threading

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test import Client
from django.urls import reverse

from iwg_portal.activity.models import Event
from iwg_portal.base import sealing
from iwg_portal.mail.models import OutboxMail
from members import actions
from members.models import FactorState
from tests.cast import sign_in, sign_in_with
from tests.factories import PersonFactory, WorkingGroupFactory, person_with
from tests.members.factors import (
    PASSPHRASE,
    SECRET,
    code,
    code_at,
    forget_step,
    give_app,
    give_codes,
    is_in,
    passphrase,
    sealed_in,
)
from tests.site import furnish, places, table

pytestmark = pytest.mark.django_db
AT_ONCE = ("own_focal_point", "chair", "secretariat", "administrator")
WITHIN_A_WEEK = ("observer", "partner", "other_delegate", "own_delegate")
SETUP = "/account/factor/"
# Open without a factor: the way to one, the way out, the person's own account, and what anybody reads.
OPEN = {
    "factor", "factor_app", "factor_passkey", "factor_codes", "factor_remove", "step_up", "sessions", "parked_texts",
    "parked_text", "account_login", "account_logout", "account_signup", "mfa_authenticate", "passkey_sign_in",
    "account", "account_passphrase", "set_language", "demo_sign_in", "healthz", "readyz", "data_use",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _quick(settings):
    """One round of hashing, and counters of this test alone."""
    from django.core.cache import cache

    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    cache.clear()
    WorkingGroupFactory()


@pytest.fixture
def focal():
    """A focal point with passphrase and app."""
    person = person_with("focal_point", person={"email": "focal@test.invalid", "password": PASSPHRASE})
    give_app(person)
    return person


# -- Who must have it, and what a session without it opens ---------------------------------------------------------


class TestASessionWithoutFactor:
    @pytest.mark.parametrize("part", AT_ONCE)
    def test_of_a_privileged_person_opens_the_set_up_alone(self, cast, client, part):
        sign_in_with(client, cast.person(part), {"method": "password"})
        answer = client.get(reverse("region"))
        assert (answer.status_code, answer.url) == (302, f"{SETUP}?next=%2Fregion%2F")
        sign_in(client, cast.person(part))
        assert client.get(reverse("region")).status_code == 200

    @pytest.mark.parametrize("part", WITHIN_A_WEEK)
    def test_of_others_reads_what_is_public_for_a_week(self, cast, client, part):
        person = cast.person(part)
        with time_machine.travel("2026-03-02T09:00:00Z", tick=False):
            actions.begin_session(by=person, session_key="first", device="", network="127.0.0.0", known_device=True)
        with time_machine.travel("2026-03-09T08:59:00Z", tick=False):
            sign_in_with(client, person, {"method": "password"})
            assert client.get(reverse("region")).status_code == 404
            home = client.get(reverse("home"))
            assert home.status_code == 200
            assert f'href="{SETUP}' in home.content.decode()
            assert "9 March 2026" in client.get(SETUP).content.decode()
        with time_machine.travel("2026-03-09T09:01:00Z", tick=False):
            for page in ("home", "region"):
                assert client.get(reverse(page)).url.startswith(SETUP)

    @pytest.mark.parametrize("part", ["stranger", "ex_member"])
    def test_of_somebody_without_office_owes_nothing(self, cast, client, part):
        sign_in_with(client, cast.person(part), {"method": "password"})
        assert client.get(reverse("home")).status_code == 200
        assert SETUP not in client.get(reverse("home")).content.decode().split("<main")[1]

    @pytest.mark.parametrize("part", ["secretariat", "administrator"])
    def test_walks_into_every_address_in_vain(self, cast, part):
        """Each address that there is, by each method: the set-up page, or what anybody may open."""
        site = furnish(cast)
        site.client = lambda name: client
        client = Client()
        for row in table():
            sign_in_with(client, cast.person(part), {"method": "password"})
            answer = client.generic(row["method"], row["address"].format(**places(site)))
            if row["name"] in OPEN:
                continue
            if getattr(answer, "url", "").startswith(SETUP):
                assert answer.status_code == 302
            else:
                # A page that asks for no sign-in at all tells the anonymous the same.
                assert row["anonymous"] != "302", row["name"]
                assert row["name"] != "home"

    def test_fragments_and_machines_are_told_their_own_way(self, cast, client):
        sign_in_with(client, cast.person("secretariat"), {"method": "password"})
        piece = client.get(reverse("region"), headers={"HX-Request": "true"})
        assert piece.headers["HX-Redirect"].startswith(SETUP)
        assert client.get(reverse("region"), headers={"Accept": "application/json"}).status_code == 403

    def test_what_it_posts_is_kept_for_later(self, cast, client):
        sign_in_with(client, cast.person("secretariat"), {"method": "password"})
        answer = client.post(reverse("imports"), {"year": "2024", "reason": "typed before the factor was shown"})
        (kept,) = cast.person("secretariat").parked_texts.all()
        assert kept.path == "/import/"
        assert f"next=%2Faccount%2Fkept%2F{kept.pk}%2F" in answer.url

    def test_sign_out_and_language_stay_open(self, cast, client):
        sign_in_with(client, cast.person("chair"), {"method": "password"})
        assert client.post(reverse("set_language"), {"language": "fr", "next": "/"}).url == "/"
        assert client.post(reverse("account_logout")).url == "/"
        assert not is_in(client)

    def test_records_of_somebody_else_count_for_nothing(self, cast, client):
        sign_in(client, cast.person("own_delegate"))
        shown = dict(client.session.items())
        sign_in_with(client, cast.person("secretariat"), {"method": "password"})
        session = client.session
        for key in ("account_authentication_methods", "account_authentication_methods_user"):
            session[key] = shown[key]
        session.save()
        assert client.get(reverse("region")).url.startswith(SETUP)

    @pytest.mark.parametrize("records", [None, "mfa", ["mfa"], [{"method": "demo"}], [{"method": "password"}], []])
    def test_records_that_are_none(self, cast, client, records):
        assert not settings.DEMO
        sign_in(client, cast.person("secretariat"))
        session = client.session
        session["account_authentication_methods"] = records
        session.save()
        assert client.get(reverse("region")).url.startswith(SETUP)

    def test_a_factor_that_the_account_has_must_still_be_shown(self, focal, client):
        """Set up in another browser meanwhile: this session is led to the page that asks for it."""
        sign_in_with(client, focal, {"method": "password"})
        answer = client.get(reverse("region"), follow=True)
        assert answer.redirect_chain[-1][0] == "/account/confirm/?next=%2Fregion%2F"
        # The passphrase was shown already; it is not offered.
        assert 'name="password"' not in answer.content.decode()
        client.post(reverse("step_up"), {"password": PASSPHRASE, "next": "/region/"})
        assert client.get(reverse("region")).status_code == 302
        assert client.post(reverse("step_up"), {"code": code_at(), "next": "/region/"}).url == "/region/"
        assert client.get(reverse("region")).status_code == 200

    @pytest.mark.parametrize("way", ["app", "passkey", "codes", "remove", "passphrase"])
    def test_a_leaked_passphrase_replaces_no_factor(self, focal, client, way):
        """A session from before the set-up, and a passphrase shown a moment ago: no way round the app."""
        give_codes(focal)
        sign_in_with(client, focal, {"method": "password"})
        held = list(Authenticator.objects.filter(user=focal).order_by("pk").values_list("pk", "data"))
        app = Authenticator.objects.get(user=focal, type="totp")
        own = "KRSXG5CTMVRXEZLUKRSXG5CTMVRXEZLU"
        sealed = sealing.seal(json.dumps({"person": focal.pk, "secret": own}))
        address, posts = {
            "app": (reverse("factor_app"), [{"sealed": sealed, "code": code_at(secret=own)}]),
            "passkey": (reverse("factor_passkey"), [{"begin": "1"}]),
            "codes": (reverse("factor_codes"), [{"do": "show"}, {"do": "renew"}, {"do": "download"}]),
            "remove": (reverse("factor_remove", args=[app.pk]), [{}]),
            "passphrase": (reverse("account_passphrase"), [{}]),
        }[way]
        for answer in [client.get(address), *(client.post(address, sent) for sent in posts)]:
            assert answer.status_code == 302
            assert answer.url.startswith("/account/confirm/?next=")
        assert list(Authenticator.objects.filter(user=focal).order_by("pk").values_list("pk", "data")) == held
        assert client.get(reverse("region")).status_code == 302


# -- Signing in -----------------------------------------------------------------------------------------------------


class TestSignIn:
    def test_by_passphrase_and_code(self, focal, client):
        assert passphrase(client, focal, next="/states/").url == reverse("mfa_authenticate")
        assert not is_in(client)
        assert code(client, code_at()).url == "/states/"
        assert client.get(reverse("region")).status_code == 200

    def test_by_passphrase_and_recovery_code_each_once(self, focal):
        first, second, *_rest = codes = give_codes(focal)
        assert len(set(codes)) == 10
        for word, works in ((first, True), (first, False), (second, True)):
            client = Client()
            passphrase(client, focal)
            code(client, word)
            assert is_in(client) is works
        assert Event.objects.filter(kind="factor.recovery_code_used").count() == 2

    def test_the_passphrase_alone_opens_nothing(self, cast, client):
        site = furnish(cast)
        person = cast.person("secretariat")
        person.set_password(PASSPHRASE)
        person.save()
        give_app(person)
        passphrase(client, person)
        for row in table():
            if row["name"] in ("account_login", "mfa_authenticate", "account_logout", "set_language"):
                continue
            answer = client.generic(row["method"], row["address"].format(**places(site)))
            assert str(answer.status_code) == row["anonymous"], row
            assert not is_in(client)

    def test_the_second_stage_needs_the_first(self, focal, client):
        assert client.get(reverse("mfa_authenticate")).url == reverse("account_login")
        assert code(client, code_at()).url == reverse("account_login")
        assert not is_in(client)

    def test_a_code_counts_once(self, focal):
        digits = code_at()
        for works in (True, False):
            client = Client()
            passphrase(client, focal)
            answer = code(client, digits)
            assert is_in(client) is works
        assert "This code has been used. Wait for the next one." in answer.content.decode()

    @pytest.mark.parametrize("seconds", [-30, 30, 3600])
    def test_only_the_present_code(self, focal, client, seconds):
        with time_machine.travel("2026-03-02T09:00:10Z", tick=False):
            passphrase(client, focal)
            code(client, code_at(seconds))
            assert not is_in(client)

    def test_an_older_code_does_not_come_back(self, focal):
        with time_machine.travel("2026-03-02T09:00:40Z", tick=False):
            assert actions.show_code(by=focal, code=code_at()).factor
        with time_machine.travel("2026-03-02T09:00:10Z", tick=False):  # a clock that was set back
            assert actions.show_code(by=focal, code=code_at()).factor is None

    def test_the_code_of_another_person(self, focal, client):
        other = person_with("secretariat", person={"password": PASSPHRASE})
        give_app(other, "MFRGGZDFMZTWQ2LKMFRGGZDFMZTWQ2LK")
        passphrase(client, other)
        code(client, code_at())
        assert not is_in(client)

    def test_without_redis_a_code_still_counts_once(self, focal, monkeypatch):
        monkeypatch.setattr("iwg_portal.base.cache.PatientClient._ask", lambda self, question, miss, *args: miss)
        digits = code_at()
        assert [bool(actions.show_code(by=focal, code=digits).factor) for _ in range(3)] == [True, False, False]

    def test_many_wrong_codes_close_the_account_for_a_while_even_without_redis(self, focal, monkeypatch):
        monkeypatch.setattr("iwg_portal.base.cache.PatientClient._ask", lambda self, question, miss, *args: miss)
        with time_machine.travel("2026-03-02T09:00:10Z", tick=False) as clock:
            for _ in range(5):
                assert actions.show_code(by=focal, code="000000").factor is None
            shown = actions.show_code(by=focal, code=code_at())
            assert shown.factor is None
            assert shown.problem == "Too many wrong codes. Try again in 5 minutes."
            clock.shift(301)
            assert actions.show_code(by=focal, code=code_at()).factor
        assert FactorState.objects.get(person=focal).failures == 0
        assert Event.objects.filter(kind="factor.closed").count() == 1

    def test_each_further_five_close_it_for_longer_but_an_hour_at_most(self, focal):
        pauses = []
        with time_machine.travel("2026-03-02T09:00:10Z", tick=False) as clock:
            for _ in range(6):
                for _ in range(5):
                    actions.show_code(by=focal, code="000000")
                state = FactorState.objects.get(person=focal)
                pauses.append((state.closed_until - clock_now()).total_seconds() / 60)
                clock.shift(3601)
        assert pauses == [5, 10, 20, 40, 60, 60]

    def test_the_session_key_changes_at_each_step_that_gives_a_right(self, focal, client):
        session = client.session
        session["planted"] = "by somebody else"
        session.save()
        planted = session.session_key
        passphrase(client, focal)
        code(client, code_at())
        assert client.session.session_key != planted
        other = Client()
        other.cookies[settings.SESSION_COOKIE_NAME] = planted
        assert other.get(reverse("region")).status_code == 302

    def test_the_demonstrations_record_counts_in_the_demonstration_alone(self, focal, client, settings):
        sign_in_with(client, focal, {"method": "demo"})
        assert client.get(reverse("region")).url.startswith(SETUP)
        settings.DEMO = True
        assert client.get(reverse("region")).status_code == 200

    def test_neither_page_asks_a_cached_copy_nor_writes(self, focal, client):
        passphrase(client, focal)
        page = client.get(reverse("mfa_authenticate"))
        assert page.status_code == 200
        assert "no-store" in page.headers["Cache-Control"]

    def test_the_key_is_gone(self, focal, client, settings, caplog):
        settings.FACTOR_KEYS = ["c2V2ZW50ZWVuIGhlcm9ucyBvbiBhIHF1aWV0IHBvbmQ="]
        passphrase(client, focal)
        assert code(client, code_at()).status_code == 200
        assert not is_in(client)
        assert "FACTOR_KEYS" in caplog.text


def clock_now():
    from django.utils import timezone

    return timezone.now()


@pytest.mark.django_db(transaction=True)
def test_a_code_sent_twice_at_the_same_moment_counts_once(focal):
    give_codes(focal)
    digits, results = code_at(), []
    barrier = threading.Barrier(4)

    def show():
        barrier.wait()
        results.append(bool(actions.show_code(by=focal, code=digits).factor))
        connection.close()

    threads = [threading.Thread(target=show) for _ in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert sorted(results) == [False, False, False, True]


# -- Setting up -----------------------------------------------------------------------------------------------------


class TestSetUp:
    @pytest.fixture
    def chair(self, cast, client):
        """Signed in by passphrase, without factor."""
        sign_in_with(client, cast.person("chair"), {"method": "password"})
        return cast.person("chair")

    def test_an_app_then_recovery_codes_then_on(self, chair, client):
        page = client.get(f"{SETUP}app/?next=/states/").content.decode()
        assert "<svg" in page
        sealed, secret = sealed_in(page)
        answer = client.post(f"{SETUP}app/", {"sealed": sealed, "code": code_at(secret=secret), "next": "/states/"})
        assert answer.url == f"{SETUP}codes/?next=%2Fstates%2F"
        # Reading shows none; the button shows them once, the download repeats them, a later look has none.
        assert "<li><code>" not in client.get(answer.url).content.decode()
        shown = client.post(answer.url, {"do": "show"}).content.decode()
        assert shown.count("<li><code>") == 10
        assert 'href="/states/"' in shown
        text = client.post(f"{SETUP}codes/", {"do": "download"})
        assert text.headers["Content-Type"].startswith("text/plain")
        assert "attachment" in text.headers["Content-Disposition"]
        assert all(line in shown for line in text.content.decode().split("\r\n")[2:-1])
        assert client.get("/states/").status_code == 200

    def test_codes_are_shown_for_ten_minutes_and_never_again(self, cast, client):
        person = cast.person("chair")
        with time_machine.travel("2026-03-02T09:00:00Z", tick=False) as clock:
            assert len(give_codes(person)) == 10
            clock.shift(601)
            sign_in(client, person)
            for do in ("show", "download"):
                answer = client.post(f"{SETUP}codes/", {"do": do})
                assert answer.headers["Content-Type"].startswith("text/html")
                assert "<li><code>" not in answer.content.decode()

    def test_new_codes_void_the_old_ones(self, cast, client):
        person = cast.person("chair")
        give_app(person)
        old = give_codes(person)
        sign_in(client, person)
        assert client.post(f"{SETUP}codes/", {"do": "renew"}).content.decode().count("<li><code>") == 10
        assert actions.show_code(by=person, code=old[0]).factor is None

    def test_nothing_readable_is_stored(self, chair, client):
        sealed, secret = sealed_in(client.get(f"{SETUP}app/").content.decode())
        client.post(f"{SETUP}app/", {"sealed": sealed, "code": code_at(secret=secret)})
        codes = actions.reveal_codes(by=chair)
        rows = str(list(Authenticator.objects.values_list("data", flat=True)))
        assert secret not in rows
        assert not [word for word in codes if word in rows]
        for row in Authenticator.objects.all():
            for name in ("secret", "seed"):
                if name in row.data:
                    assert sealing.unseal(row.data[name])

    def test_the_code_of_the_set_up_does_not_sign_in_again(self, chair, client):
        sealed, secret = sealed_in(client.get(f"{SETUP}app/").content.decode())
        digits = code_at(secret=secret)
        client.post(f"{SETUP}app/", {"sealed": sealed, "code": digits})
        assert actions.show_code(by=chair, code=digits).factor is None

    def test_a_wrong_code_keeps_the_picture(self, chair, client):
        sealed, secret = sealed_in(client.get(f"{SETUP}app/").content.decode())
        page = client.post(f"{SETUP}app/", {"sealed": sealed, "code": "000000"}).content.decode()
        assert sealed_in(page) == (sealed, secret)
        assert "This code is not correct." in page
        assert not Authenticator.objects.exists()

    @pytest.mark.parametrize("whose", ["other", "damaged", "old"])
    def test_a_secret_that_was_not_sealed_for_her_just_now(self, chair, client, whose):
        import json

        sealed = sealing.seal(json.dumps({"person": chair.pk + 1, "secret": SECRET}))
        if whose == "damaged":
            sealed = "nonsense"
        if whose == "old":
            with time_machine.travel("2020-01-01T00:00:00Z"):
                sealed = sealing.seal(json.dumps({"person": chair.pk, "secret": SECRET}))
        page = client.post(f"{SETUP}app/", {"sealed": sealed, "code": code_at()})
        assert page.status_code == 200
        assert "This page was open for too long." in page.content.decode()
        assert not Authenticator.objects.exists()

    def test_the_app_set_up_anew_replaces_the_old_one(self, focal, client):
        sign_in(client, focal)
        sealed, secret = sealed_in(client.get(f"{SETUP}app/").content.decode())
        client.post(f"{SETUP}app/", {"sealed": sealed, "code": code_at(secret=secret)})
        assert Authenticator.objects.filter(user=focal, type="totp").count() == 1
        forget_step(focal)
        assert actions.show_code(by=focal, code=code_at()).factor is None

    @pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "/\\evil"])
    def test_never_leads_to_another_host(self, chair, client, target):
        sealed, secret = sealed_in(client.get(f"{SETUP}app/", {"next": target}).content.decode())
        answer = client.post(f"{SETUP}app/", {"sealed": sealed, "code": code_at(secret=secret), "next": target})
        assert answer.url == f"{SETUP}codes/"
        assert "evil" not in client.get(f"{SETUP}codes/", {"next": target}).content.decode().split("<main")[1]

    def test_she_is_told_by_mail(self, chair, client):
        sealed, secret = sealed_in(client.get(f"{SETUP}app/").content.decode())
        client.post(f"{SETUP}app/", {"sealed": sealed, "code": code_at(secret=secret)})
        assert [mail.kind for mail in OutboxMail.objects.filter(recipient=chair)] == ["members.factor_changed"]

    def test_asks_again_after_five_minutes(self, cast, client):
        person = cast.person("chair")
        with time_machine.travel("2026-03-02T09:00:00Z", tick=False) as clock:
            sign_in(client, person)
            clock.shift(301)
            for page in ("app/", "passkey/"):
                assert client.get(f"{SETUP}{page}").url.startswith("/account/confirm/?next=")


class TestRemoval:
    def test_the_last_one_of_an_office_stays(self, focal, client):
        sign_in(client, focal)
        factor = Authenticator.objects.get(user=focal, type="totp")
        answer = client.post(f"{SETUP}{factor.pk}/remove/")
        assert answer.status_code == 400
        assert "Your office needs a second factor." in answer.content.decode()
        with pytest.raises(ValidationError):
            actions.remove_factor(by=focal, factor=factor)
        assert Authenticator.objects.filter(user=focal).exists()

    def test_one_of_two_goes(self, focal, client):
        Authenticator.objects.create(user=focal, type="webauthn", data={"name": "telephone", "credential": {}})
        sign_in(client, focal)
        factor = Authenticator.objects.get(user=focal, type="totp")
        assert client.get(f"{SETUP}{factor.pk}/remove/").status_code == 200
        assert client.post(f"{SETUP}{factor.pk}/remove/").url == SETUP
        assert [row.type for row in Authenticator.objects.filter(user=focal)] == ["webauthn"]

    def test_without_office_the_last_one_goes_with_its_codes(self, db):
        person = PersonFactory()
        give_codes(person)
        actions.remove_factor(by=person, factor=give_app(person))
        assert not Authenticator.objects.filter(user=person).exists()

    def test_nobody_removes_somebody_elses(self, focal, cast, client):
        factor = Authenticator.objects.get(user=focal, type="totp")
        sign_in(client, cast.person("administrator"))
        assert client.post(f"{SETUP}{factor.pk}/remove/").status_code == 404
        with pytest.raises(PermissionDenied):
            actions.remove_factor(by=cast.person("administrator"), factor=factor)

    def test_codes_for_nobody_without_factor(self, cast):
        with pytest.raises(PermissionDenied):
            actions.renew_codes(by=cast.person("chair"))


@pytest.mark.parametrize("language", ["en", "fr", "pt"])
def test_the_pages_in_three_languages(cast, client, language):
    person = cast.person("own_delegate")
    person.language = language
    person.save()
    give_app(person)
    give_codes(person)
    sign_in(client, person)
    for page in ("", "app/", "passkey/", "codes/"):
        assert f'<html lang="{language}">' in client.get(f"{SETUP}{page}").content.decode()
