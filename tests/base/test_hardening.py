"""What every answer carries and no answer may carry: policy of content, headers, cookies; hosts; hashing."""

import re
import subprocess
import sys
import threading
import time

import pytest
from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from iwg_portal.base import hashing, sealing, typed
from tests.base.portal import environment
from tests.base.test_production import SAFE
from tests.cast import PARTS, sign_in
from tests.factories import WorkingGroupFactory, person_with
from tests.members.factors import PASSPHRASE, give_app, passphrase
from tests.site import furnish, places, readable_addresses, table

INLINE = {
    "a style": re.compile(r"<[^>]*\sstyle\s*=|<style\b", re.I),
    "a script": re.compile(r"<script(?![^>]*\ssrc=)", re.I),
    "a handler": re.compile(r"<[a-z][^>]*\son[a-z]+\s*=", re.I),
    "an address that is code": re.compile(r"(href|src|action)\s*=\s*[\"']\s*(javascript|data):", re.I),
}
# A mail as its reader's program shows it has its styles inline, so it is shown in a frame that may do nothing.
MAILS = {"mail_batch_html", "demo_mail_html"}
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def plain(answer):
    """Headers and body hold nothing inline, and the headers are those of every page."""
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
    # A page whose address holds a secret tells even less.
    assert answer.headers["Referrer-Policy"] in ("same-origin", "strict-origin", "no-referrer")
    assert "camera=()" in answer.headers["Permissions-Policy"]
    if answer.headers.get("Content-Type", "").startswith("text/html"):
        body = answer.content.decode()
        assert [what for what, pattern in INLINE.items() if pattern.search(body)] == []


# -- Pages ------------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("part", PARTS)
def test_nothing_inline_on_any_page(cast, part):
    site = furnish(cast)
    for name, addresses in readable_addresses(site).items():
        for address in addresses:
            answer = site.client(part).get(address)
            if name in MAILS and answer.status_code == 200:
                assert "sandbox allow-popups" in answer.headers["Content-Security-Policy"]
            else:
                plain(answer)


@pytest.mark.django_db
def test_nothing_inline_in_what_is_answered_to_a_form(cast, settings):
    settings.ACCOUNT_RATE_LIMITS = False
    settings.FILE_RATES = {}
    site = furnish(cast)
    for part in ("anonymous", "own_focal_point", "secretariat", "administrator"):
        for row in table():
            if row["method"] == "POST":
                plain(site.client(part).post(row["address"].format(**places(site))))
                if row["name"] == "account_logout" and part != "anonymous":
                    sign_in(site.client(part), site.person(part))


@pytest.mark.django_db
def test_nothing_inline_between_passphrase_and_code(client):
    WorkingGroupFactory()
    person = person_with("chair", person={"password": PASSPHRASE})
    give_app(person)
    passphrase(client, person)
    plain(client.get(reverse("mfa_authenticate")))
    plain(client.post(reverse("mfa_authenticate"), {"code": "1"}))


@pytest.mark.django_db
@pytest.mark.parametrize("part", PARTS[1:])
def test_what_a_signed_in_person_sees_is_stored_nowhere(cast, part):
    site = furnish(cast)
    for addresses in readable_addresses(site).values():
        for address in addresses:
            assert "no-store" in site.client(part).get(address).headers["Cache-Control"], address


# -- Hosts ------------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("host", ["evil.example", "testserver.evil.example", "testserver@evil.example", "", "a b"])
def test_another_host_is_no_host_of_ours(client, host):
    for page in ("/", "/sign-in/", "/region/", "/account/factor/"):
        answer = client.get(page, headers={"Host": host})
        assert answer.status_code == 400
        assert "evil" not in answer.content.decode()


@pytest.mark.django_db
def test_a_forwarded_host_changes_nothing(client):
    WorkingGroupFactory()
    answer = client.get("/region/", headers={"X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"})
    assert "evil" not in answer.headers["Location"]


# -- The secret of forms ----------------------------------------------------------------------------------------------


@pytest.mark.django_db
class TestSecretOfForms:
    def test_reading_the_sign_in_page_makes_no_session(self, client):
        WorkingGroupFactory()
        client.get("/sign-in/")
        assert not Session.objects.exists()
        cookie = client.cookies[settings.CSRF_COOKIE_NAME]
        assert (cookie["httponly"], cookie["samesite"], cookie["domain"]) == (True, "Lax", "")

    def test_signed_in_it_lies_in_the_session_and_no_cookie_counts(self):
        WorkingGroupFactory()
        person = person_with("delegate", person={"password": PASSPHRASE})
        client = Client(enforce_csrf_checks=True)
        token = self.token(client.get("/sign-in/"))
        planted = client.cookies[settings.CSRF_COOKIE_NAME].value
        client.post("/sign-in/", {"login": person.email, "password": PASSPHRASE, "csrfmiddlewaretoken": token})
        assert client.cookies[settings.CSRF_COOKIE_NAME].value == ""
        assert client.session["_csrftoken"] not in (planted, "")
        client.cookies[settings.CSRF_COOKIE_NAME] = planted
        for stale in (token, planted):
            assert client.post("/language/", {"language": "fr", "csrfmiddlewaretoken": stale}).status_code == 403
        fresh = self.token(client.get("/account/sessions/"))
        assert client.post("/language/", {"language": "fr", "csrfmiddlewaretoken": fresh}).status_code == 302

    def test_a_failed_sign_in_after_an_ended_session_can_be_repeated(self):
        """The session's secret goes with it; the page that answers must carry one that works."""
        import time_machine

        WorkingGroupFactory()
        person = person_with("delegate", person={"password": PASSPHRASE})
        client = Client(enforce_csrf_checks=True)
        with time_machine.travel("2026-03-02T09:00:00Z", tick=False) as clock:
            sign_in(client, person)
            clock.shift(9 * 3600)
            page = client.get("/sign-in/")
            for word in ("wrong passphrase", PASSPHRASE):
                data = {"login": person.email, "password": word, "csrfmiddlewaretoken": self.token(page)}
                page = client.post("/sign-in/", data)
            assert page.status_code == 302

    @staticmethod
    def token(answer):
        return re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', answer.content.decode())[1]


# -- Production -------------------------------------------------------------------------------------------------------


def test_cookies_and_headers_of_production():
    ask = """
import django, json
django.setup()
from django.conf import settings as s
from django.test import RequestFactory
from django.middleware.security import SecurityMiddleware
from django.http import HttpResponse
answer = SecurityMiddleware(lambda r: HttpResponse())(RequestFactory().get("/", secure=True))
names = [s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME, s.LANGUAGE_COOKIE_NAME, s.SEEN_COOKIE_NAME, s.DEVICE_COOKIE_NAME]
secure = [s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.LANGUAGE_COOKIE_SECURE]
domains = [s.SESSION_COOKIE_DOMAIN, s.CSRF_COOKIE_DOMAIN, s.LANGUAGE_COOKIE_DOMAIN]
paths = [s.SESSION_COOKIE_PATH, s.CSRF_COOKIE_PATH, s.LANGUAGE_COOKIE_PATH]
print(json.dumps([names, secure, domains, paths, answer.headers["Strict-Transport-Security"],
                  s.MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN, s.USE_X_FORWARDED_HOST, s.PASSWORD_HASHERS[0]]))
"""
    done = subprocess.run(
        [sys.executable, "-c", ask],
        cwd=settings.BASE_DIR,
        env=environment(**SAFE, DJANGO_SETTINGS_MODULE="iwg_portal.settings"),
        capture_output=True,
        text=True,
        check=True,
    )
    import json

    names, secure, domains, paths, hsts, insecure, forwarded, hasher = json.loads(done.stdout.splitlines()[-1])
    assert all(name.startswith("__Host-") for name in names)
    assert secure == [True] * 3
    assert domains == [None] * 3
    assert paths == ["/"] * 3
    assert hsts == "max-age=31536000; includeSubDomains; preload"
    assert (insecure, forwarded) == (False, False)
    assert hasher == "iwg_portal.base.hashing.PortalArgon2Hasher"


# -- Hashing ----------------------------------------------------------------------------------------------------------


def test_argon2id_at_46_mib(settings):
    settings.PASSWORD_HASHERS = ["iwg_portal.base.hashing.PortalArgon2Hasher"]
    hashed = make_password(PASSPHRASE)
    assert "argon2id$v=19$m=47104,t=1,p=1$" in hashed
    assert check_password(PASSPHRASE, hashed)
    assert not check_password("another one", hashed)


def test_no_more_than_two_hashes_at_once(monkeypatch):
    """However many people sign in, a process holds at most two times 46 MiB."""
    running, most, lock = 0, 0, threading.Lock()

    def slow(self, *args):
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.02)
        with lock:
            running -= 1
        return "x"

    monkeypatch.setattr("django.contrib.auth.hashers.Argon2PasswordHasher.encode", slow)
    hasher = hashing.PortalArgon2Hasher()
    threads = [threading.Thread(target=hasher.encode, args=("a", "b")) for _ in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert most == hashing.AT_ONCE == 2


def test_seals(settings):
    first, second = "c2V2ZW50ZWVuIGhlcm9ucyBvbiBhIHF1aWV0IHBvbmQ=", settings.FACTOR_KEYS[0]
    settings.FACTOR_KEYS = [first]
    old = sealing.seal("seed")
    assert "seed" not in old
    settings.FACTOR_KEYS = [second, first]
    assert sealing.unseal(old) == "seed"
    assert sealing.unseal(sealing.seal("new")) == "new"
    settings.FACTOR_KEYS = [second]
    for text in (old, "nonsense", ""):
        with pytest.raises(sealing.NotOpened):
            sealing.unseal(text)


# -- Bodies over the limit keep the text ------------------------------------------------------------------------------


@pytest.mark.django_db
class TestTooLarge:
    origin = {"Origin": "http://testserver"}

    @pytest.fixture
    def client(self):
        client = Client(enforce_csrf_checks=True)
        client.cookies[settings.CSRF_COOKIE_NAME] = "a" * 32
        return client

    def test_a_long_text_is_given_back(self, client):
        body = "title=My+report&csrfmiddlewaretoken=t&password=p&text=" + "long+word+" * 250_000
        answer = client.post("/import/", body, content_type="application/x-www-form-urlencoded", headers=self.origin)
        page = answer.content.decode()
        assert answer.status_code == 413
        assert "My report" in page
        assert page.count("long word ") == 250_000
        assert ">p<" not in page

    def test_the_text_beside_a_file_that_is_too_large(self, client):
        from django.core.files.uploadedfile import SimpleUploadedFile

        size = settings.MAX_UPLOAD_BYTES + settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1
        upload = SimpleUploadedFile("big.xlsx", b"x" * size)
        answer = client.post("/import/", {"reason": "Typed with care", "file": upload}, headers=self.origin)
        assert answer.status_code == 413
        assert "Typed with care" in answer.content.decode()
        assert "xxxx" not in answer.content.decode()

    def test_nothing_of_what_another_site_sent(self, client):
        body = "title=Planted&text=" + "x" * settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        for headers, status in (({}, 413), ({"Origin": "https://evil.example"}, 403)):
            answer = client.post("/import/", body, content_type="application/x-www-form-urlencoded", headers=headers)
            assert answer.status_code == status
            assert "Planted" not in answer.content.decode()

    @pytest.mark.parametrize("kind", ["multipart/form-data; boundary=", "multipart/form-data", "text/plain", ""])
    def test_what_is_no_form(self, kind):
        assert typed.words_in(b"\xff--\r\nnonsense", kind) == []


SECRETS = """password passphrase password1 new_password2 passphrase_again code otp sealed key csrfmiddlewaretoken
credential invitation-token"""
WORDS = "state_code reason keywords compass passengers text monkey"


def test_secrets_by_name():
    assert [name for name in SECRETS.split() if not typed.SECRET.search(name)] == []
    assert [name for name in WORDS.split() if typed.SECRET.search(name)] == []
