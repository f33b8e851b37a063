"""The demonstration's mailbox: the whole message, for whoever asks; outside demo mode there is no trace of it."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, reverse

from iwg_portal.mail.actions import sweep
from iwg_portal.mail.kinds import KINDS
from iwg_portal.mail.models import DemoMail
from iwg_portal.mail.outbox import queue
from tests.factories import PersonFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def demo(settings):
    settings.DEMO = True
    settings.EMAIL_BACKEND = "iwg_portal.mail.mailbox.MailboxBackend"


@pytest.fixture
def mail(demo, cast, plan):
    """A mail that came for the own focal point."""
    plan(cast.person("own_focal_point"))
    assert sweep.sweep() == {"sent": 1}
    return DemoMail.objects.get()


def test_mail_goes_to_the_table_once(mail):
    from iwg_portal.mail.models import OutboxMail

    OutboxMail.objects.update(state="due")
    sweep.sweep()
    assert DemoMail.objects.count() == 1
    assert b"demonstration data" in mail.content.tobytes().lower().replace(b"=\n", b"")


def test_a_persona_finds_her_mail(mail, cast):
    client = cast.client("own_focal_point")
    listed = client.get("/demo/mailbox/").content.decode()
    assert f"/demo/mailbox/{mail.pk}/" in listed
    shown = client.get(f"/demo/mailbox/{mail.pk}/").content.decode()
    assert "This is the test mail that you asked for." in shown
    assert mail.message_id.strip("<>") in shown
    assert f'src="/demo/mailbox/{mail.pk}/html/"' in shown


def test_an_invited_person_finds_hers_without_an_account(demo, client):
    queue("mail.test", target=PersonFactory(), address="Invited@Test.invalid")
    sweep.sweep()
    page = client.get("/demo/mailbox/", {"address": " invited@test.INVALID "}).content.decode()
    assert f"/demo/mailbox/{DemoMail.objects.get().pk}/" in page


def test_the_html_is_locked_in_and_its_links_open_the_whole_window(mail, client):
    answer = client.get(f"/demo/mailbox/{mail.pk}/html/")
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox allow-popups" in policy
    assert "allow-scripts" not in policy
    assert "allow-same-origin" not in policy
    assert "frame-ancestors 'self'" in policy
    assert answer["X-Frame-Options"] == "SAMEORIGIN"
    assert b'<base target="_top">' in answer.content


def test_the_page_around_it_may_frame_it_and_nothing_else(mail, client):
    policy = client.get(f"/demo/mailbox/{mail.pk}/")["Content-Security-Policy"]
    assert "frame-src 'self'" in policy
    assert "default-src 'none'" in policy
    assert "frame-src" not in client.get("/demo/mailbox/")["Content-Security-Policy"]


def test_links_in_the_text_can_be_followed(mail, client, settings):
    assert f'<a href="{settings.PUBLIC_URL}"' in client.get(f"/demo/mailbox/{mail.pk}/").content.decode()


def test_what_a_mail_says_is_no_markup_in_the_page(demo, client, plan, monkeypatch):
    from iwg_portal.mail.kinds import Kind

    monkeypatch.setitem(
        KINDS, "mail.test", Kind("mail.test", lambda mail: {"group_name": "<script>alert(1)</script>"}, dict)
    )
    plan()
    sweep.sweep()
    page = client.get(f"/demo/mailbox/{DemoMail.objects.get().pk}/").content
    assert b"<script>alert" not in page
    assert b"<script>alert" not in client.get(f"/demo/mailbox/{DemoMail.objects.get().pk}/html/").content


def test_the_banner_leads_there(demo, client):
    assert 'href="/demo/mailbox/"' in client.get("/").content.decode()
    assert 'href="/demo/mailbox/"' in client.get("/sign-in/").content.decode()


def test_outside_demo_mode_there_is_none(mail, settings, cast):
    settings.DEMO = False
    strict = Client(enforce_csrf_checks=True)
    for path in ("/demo/mailbox/", f"/demo/mailbox/{mail.pk}/", f"/demo/mailbox/{mail.pk}/html/"):
        for client in (strict, cast.client("own_focal_point"), cast.client("administrator")):
            assert client.get(path).status_code == 404
            assert client.post(path).status_code == 404
    assert "/demo/mailbox/" not in strict.get("/sign-in/").content.decode()


def test_an_unknown_number_and_another_method(demo, client):
    assert client.get("/demo/mailbox/7/").status_code == 404
    assert client.get("/demo/mailbox/7/html/").status_code == 404
    assert client.post("/demo/mailbox/").status_code == 405


def test_as_many_queries_for_three_mails_as_for_one(mail, cast, plan, django_assert_num_queries):
    client, reader = cast.client("own_focal_point"), cast.person("own_focal_point")
    client.get("/demo/mailbox/")
    with CaptureQueriesContext(connection) as one:
        client.get("/demo/mailbox/")
    for number in range(2):
        plan(reader, occurrence=str(number))
    plan()
    sweep.sweep()
    with django_assert_num_queries(len(one)):
        client.get("/demo/mailbox/")


# -- The gallery ---------------------------------------------------------------------------------------------------


@pytest.mark.urls("tests.mail.gallery_urls")
def test_the_gallery_shows_every_kind_in_every_language(client, settings):
    page = client.get("/gallery/mail/").content.decode()
    for name in KINDS:
        for language, _words in settings.LANGUAGES:
            address = f"/gallery/mail/{name}/{language}/"
            assert f'href="{address}"' in page
            assert client.get(address).status_code == 200
            html = client.get(f"{address}html/")
            assert f'<html lang="{language}">' in html.content.decode()
            assert "sandbox" in html["Content-Security-Policy"]
    assert client.get("/gallery/mail/mail.test/xx/").status_code == 404
    assert client.get("/gallery/mail/none/en/").status_code == 404


def test_the_gallery_has_no_address_outside_development():
    with pytest.raises(NoReverseMatch):
        reverse("gallery_mails")
