"""A new passphrase by mail or by hand: no account is betrayed, no session survives, the second factor stays."""

import re
import time

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from iwg_portal.mail.kinds import KINDS
from iwg_portal.mail.models import OutboxMail
from members import actions
from members.enums import LinkStatus, Role
from members.models import AccountLink, Person
from tests.cast import sign_in
from tests.factories import PersonFactory, WorkingGroupFactory, person_with
from tests.members.joining import link_to

pytestmark = pytest.mark.django_db
OLD, NEW = "an older passphrase here", "seven blue turnips sing"


@pytest.fixture(autouse=True)
def _quick(settings, db):
    from django.core.cache import cache

    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    cache.clear()
    WorkingGroupFactory()


@pytest.fixture
def delegate():
    return person_with(Role.DELEGATE, person={"email": "known@test.invalid", "password": OLD})


def ask(email, client=None):
    return (client or Client()).post(reverse("passphrase_forgotten"), {"email": email})


def link_for(email):
    ask(email)
    return AccountLink.objects.filter(address=email.lower(), status=LinkStatus.OPEN).latest("created_at")


def shape(statements):
    return [re.sub(r"'[^']*'|\d+", "?", query["sql"]) for query in statements]


def test_known_and_unknown_get_the_same_bytes_by_the_same_statements(delegate):
    PersonFactory(email="closed@test.invalid", is_active=False)
    ask("warm@test.invalid")
    pages, statements = set(), []
    for email in ("known@test.invalid", "nobody@test.invalid", "closed@test.invalid"):
        with CaptureQueriesContext(connection) as seen:
            answer = ask(email)
        text = re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"|<time.*?</time>', "", answer.content.decode())
        pages.add((answer.status_code, text))
        statements.append(shape(seen.captured_queries))
    assert len(pages) == 1
    assert statements[0] == statements[1] == statements[2]


def test_known_and_unknown_take_the_same_time(delegate):
    def took(email):
        begun = time.perf_counter()
        actions.ask_for_passphrase(email=email, language="en")
        return time.perf_counter() - begun

    took("warm@test.invalid")
    turns = [(took("known@test.invalid"), took("nobody@test.invalid")) for _ in range(15)]
    known, unknown = (sorted(times)[7] for times in zip(*turns, strict=True))
    assert known < 3 * unknown
    assert unknown < 3 * known


def test_only_an_open_account_gets_a_mail(delegate):
    for email, told in (("Known@test.invalid", True), ("nobody@test.invalid", False)):
        ask(email)
        mail = OutboxMail.objects.get(kind="members.passphrase", address=email.lower())
        assert bool(KINDS["members.passphrase"].compose(mail)) is told


def test_the_link_sets_a_passphrase_and_signs_out_everywhere(delegate):
    Authenticator.objects.create(user=delegate, type="totp", data={})
    held = Client()
    sign_in(held, delegate)
    assert held.get(reverse("account")).status_code == 200
    ask("known@test.invalid")
    link = link_for("KNOWN@test.invalid")
    client = Client()
    assert client.get(link_to(link, "passphrase_new")).status_code == 200
    assert delegate.check_password(OLD)
    answer = client.post(link_to(link, "passphrase_new"), {"passphrase": NEW, "passphrase_again": NEW})
    assert answer.url == reverse("account_login")
    assert "_auth_user_id" not in client.session
    delegate.refresh_from_db()
    assert delegate.check_password(NEW)
    assert held.get(reverse("account")).status_code == 302
    assert Authenticator.objects.filter(user=delegate, type="totp").exists()
    assert client.get(link_to(link, "passphrase_new")).status_code == 404
    assert not AccountLink.objects.filter(status=LinkStatus.OPEN).exists()
    assert OutboxMail.objects.filter(kind="members.passphrase_changed", recipient=delegate).count() == 1


def test_a_link_for_nobody_or_of_another_kind_is_dead(delegate):
    link = link_for("nobody@test.invalid")
    for name in ("passphrase_new", "join"):
        assert Client().get(link_to(link, name)).status_code == 404
    known = link_for("known@test.invalid")
    assert Client().get(link_to(known, "join")).status_code == 404
    Person.objects.update(is_active=False)
    assert Client().get(link_to(known, "passphrase_new")).status_code == 404


def test_it_ends_after_four_hours(delegate):
    with time_machine.travel("2026-03-02T09:00:00Z", tick=False) as clock:
        link = link_for("known@test.invalid")
        clock.move_to("2026-03-02T12:59:59Z")
        assert Client().get(link_to(link, "passphrase_new")).status_code == 200
        clock.move_to("2026-03-02T13:00:00Z")
        assert Client().get(link_to(link, "passphrase_new")).status_code == 404


def test_asking_without_end_is_refused(delegate):
    assert [ask("known@test.invalid").status_code for _ in range(4)] == [200, 200, 200, 429]
    assert ask("other@test.invalid").status_code == 200


class TestChange:
    def change(self, client, old=OLD, new=NEW):
        form = {"old_passphrase": old, "passphrase": new, "passphrase_again": new}
        return client.post(reverse("account_passphrase"), form)

    def test_keeps_this_session_and_ends_the_others(self, delegate):
        here, there = Client(), Client()
        for client in (here, there):
            sign_in(client, delegate)
        assert self.change(here).status_code == 302
        delegate.refresh_from_db()
        assert delegate.check_password(NEW)
        assert here.get(reverse("account")).status_code == 200
        assert there.get(reverse("account")).status_code == 302

    def test_asks_for_the_old_one(self, delegate):
        client = Client()
        sign_in(client, delegate)
        page = self.change(client, old="not this one at all")
        assert "This is not your passphrase." in page.content.decode()
        assert self.change(client, new="short").status_code == 200
        delegate.refresh_from_db()
        assert delegate.check_password(OLD)
        assert [self.change(client, old="wrong").status_code for _ in range(10)][-1] == 429
