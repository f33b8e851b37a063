"""What goes wrong is answered calmly, in the reader's language, and gives nothing away."""

import pytest
from django.core.exceptions import BadRequest, PermissionDenied
from django.db import OperationalError
from django.http import Http404, HttpResponse
from django.test import Client, override_settings
from django.urls import include, path

from iwg_portal.activity.models import Event
from meetings.models import AgendaItem, Meeting
from members.models import ParkedText
from tests.base import uploading as make
from tests.cast import sign_in as sign_in_as
from tests.factories import ActionFactory, ItemFactory, MeetingFactory, OwnerFactory

pytestmark = pytest.mark.django_db


def fail(error):
    def view(request):
        raise error

    return view


urlpatterns = [
    path("", include("iwg_portal.urls")),
    path("fail/400/", fail(BadRequest("secret-word"))),
    path("fail/403/", fail(PermissionDenied("secret-word"))),
    path("fail/404/", fail(Http404("secret-word"))),
    path("fail/500/", fail(RuntimeError("secret-word"))),
    path("fail/503/", fail(OperationalError("secret-word"))),
    path("csrf/", lambda request: HttpResponse("ok")),
]
handler400 = "iwg_portal.pages.views.errors.bad_request"
handler403 = "iwg_portal.pages.views.errors.forbidden"
handler404 = "iwg_portal.pages.views.errors.not_found"
handler500 = "iwg_portal.pages.views.errors.server_error"


@pytest.fixture
def failing():
    with override_settings(ROOT_URLCONF=__name__):
        yield


@pytest.mark.parametrize("code", [400, 403, 404, 500, 503])
@pytest.mark.parametrize("part", ["own_delegate", "stranger"])
def test_each_has_its_page_and_repeats_no_message(cast, failing, code, part):
    client = cast.client(part)
    client.raise_request_exception = False
    answer = client.get(f"/fail/{code}/")
    assert answer.status_code == code
    assert answer["Content-Type"].startswith("text/html")
    assert b"secret-word" not in answer.content
    assert b"<h1" in answer.content
    assert answer.has_header("Retry-After") is (code == 503)


def test_too_large_a_body_has_a_page(cast, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    answer = cast.client("own_delegate").post("/language/", {"language": "en", "next": "x" * 2000})
    assert answer.status_code == 413
    assert b"<h1" in answer.content


def test_a_forged_or_old_form_has_a_page(cast):
    client = Client(enforce_csrf_checks=True)
    sign_in_as(client, cast.person("own_delegate"))
    answer = client.post("/language/", {"language": "fr"})
    assert answer.status_code == 403
    assert b"This form was out of date" in answer.content


def test_the_anonymous_learn_nothing_from_an_address(cast):
    """A state that exists, one that does not, and one outside the group all lead to the sign-in."""
    client = cast.client("anonymous")
    for address in (f"/states/{cast.own.alpha2.lower()}/", "/states/zz/", "/states/zz/status/advpax/"):
        answer = client.get(address)
        assert (answer.status_code, answer["Location"]) == (302, f"/sign-in/?next={address}")


def test_what_does_not_exist_and_what_is_not_shared_are_the_same_page(cast):
    client = cast.client("stranger")
    answers = [client.get(address) for address in (f"/states/{cast.own.alpha2.lower()}/", "/states/zz/", "/nowhere/")]
    assert {answer.status_code for answer in answers} == {404}
    assert (
        len({len(answer.content.replace(a.encode(), b"")) for answer in answers for a in [answer.request["PATH_INFO"]]})
        == 1
    )


def test_a_fragment_sends_the_whole_page_to_the_sign_in(cast):
    answer = cast.client("anonymous").get(
        "/region/?area=LEG",
        headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/region/?scope=pnr"},
    )
    assert answer.status_code == 200
    assert answer["HX-Redirect"] == "/sign-in/?next=/region/%3Fscope%3Dpnr"
    assert answer.content == b""


@pytest.mark.parametrize("elsewhere", ["http://evil.example/", "nonsense", ""])
def test_the_address_that_a_fragment_names_may_be_anything(cast, elsewhere):
    answer = cast.client("anonymous").get("/region/", headers={"HX-Request": "true", "HX-Current-URL": elsewhere})
    assert answer["HX-Redirect"] == "/sign-in/?next=/"


def test_error_pages_speak_the_language_of_the_reader(cast):
    person = cast.person("own_delegate")
    person.language = "fr"
    person.save()
    answer = cast.client("own_delegate").get("/nowhere/")
    assert answer["Content-Language"] == "fr"
    assert b'<html lang="fr">' in answer.content


# -- What was typed when it came too late ----------------------------------------------------------------------------

WORDS = "A sentence that nobody should have to type twice."
SECRETS = {
    "password": "never kept", "oldpassword": "never kept", "new-passphrase": "never kept", "code": "123456",
    "recovery_code": "never kept", "csrfmiddlewaretoken": "never kept", "login_token": "never kept",
}  # fmt: skip


def proposal(cast):
    meeting = MeetingFactory(state="announced")
    form = {"state": cast.own.pk, "title": WORDS, "minutes": 30, "language": "en"}
    return "own_delegate", meeting, f"/meetings/{meeting.pk}/agenda/propose/", form, "running", 403


def report(cast):
    meeting = MeetingFactory(state="adopted")
    owner = OwnerFactory(action=ActionFactory(block__item=ItemFactory(meeting=meeting), number=1), state=cast.own)
    return "own_delegate", meeting, f"/actions/owners/{owner.pk}/report/", {"text": WORDS}, "drafted", 404


def item(cast):
    meeting = MeetingFactory(state="running")
    address = f"/meetings/{meeting.pk}/agenda/{ItemFactory(meeting=meeting).pk}/"
    return "secretariat", meeting, address, {"do": "save", "title": WORDS}, "circulated", 403


@pytest.mark.parametrize("form", [proposal, report, item])
def test_what_was_typed_before_things_changed_is_kept_for_its_author(cast, form):
    part, meeting, address, fields, state, code = form(cast)
    client = cast.client(part)
    assert client.get(address).status_code == 200
    Meeting.objects.filter(pk=meeting.pk).update(state=state)
    items = AgendaItem.objects.count()
    for _again in range(2):
        answer = client.post(address, fields)
        assert answer.status_code == code
        assert b"What you had typed is not lost." in answer.content
        assert b'href="/account/kept/"' in answer.content
    kept = ParkedText.objects.get()
    assert (kept.person, kept.path) == (cast.person(part), address)
    assert WORDS in dict(kept.fields).values()
    assert AgendaItem.objects.count() == items
    assert WORDS in client.get(f"/account/kept/{kept.pk}/").content.decode()
    assert cast.client("chair").get(f"/account/kept/{kept.pk}/").status_code == 404
    assert Event.objects.filter(kind="text.parked").count() == 1


@pytest.mark.parametrize("code", [403, 404])
def test_no_secret_and_no_passenger_data_are_kept(cast, failing, code):
    client = cast.client("own_delegate")
    found = {"note": "\n".join(make.td3()), "text": WORDS}
    assert b"is not lost" in client.post(f"/fail/{code}/", SECRETS | found).content
    assert ParkedText.objects.get().fields == [["text", WORDS]]


@pytest.mark.parametrize("code", [403, 404])
def test_nothing_is_kept_where_nothing_was_typed_or_nobody_is_known(cast, failing, code):
    address = f"/fail/{code}/"
    for part, method, sent in [
        ("own_delegate", "get", {"text": WORDS}),
        ("own_delegate", "post", {"do": "withdraw", "next": "/somewhere/"}),
        ("own_delegate", "post", SECRETS),
        ("anonymous", "post", {"text": WORDS}),
    ]:
        answer = getattr(cast.client(part), method)(address, sent)
        assert answer.status_code in (code, 302)
        assert b"is not lost" not in answer.content
    assert cast.client("own_delegate").post("/nowhere/", {"text": WORDS}).status_code == 404
    script = cast.client("own_delegate").post(address, {"text": WORDS}, headers={"Accept": "application/json"})
    assert script.status_code == code
    assert not ParkedText.objects.exists()


def test_a_form_without_its_token_is_kept_for_nobody(cast, failing):
    client = Client(enforce_csrf_checks=True)
    sign_in_as(client, cast.person("own_delegate"))
    for address in ("/fail/403/", "/fail/404/", "/nowhere/", "/fail/404/?as=observer"):
        for origin in ("http://testserver", "https://evil.example"):
            assert client.post(address, {"text": WORDS}, headers={"Origin": origin}).status_code in (403, 404)
    assert not ParkedText.objects.exists()


def test_no_more_than_twenty_are_kept_for_one_person(cast, failing):
    client = cast.client("own_delegate")
    for number in range(22):
        client.post("/fail/403/", {"text": f"{WORDS} {number}"})
    kept = [dict(row.fields)["text"] for row in ParkedText.objects.order_by("pk")]
    assert kept == [f"{WORDS} {number}" for number in range(2, 22)]
