"""What goes wrong is answered calmly, in the reader's language, and gives nothing away."""

import pytest
from django.core.exceptions import BadRequest, PermissionDenied
from django.db import OperationalError
from django.http import Http404, HttpResponse
from django.test import Client, override_settings
from django.urls import include, path

from tests.cast import sign_in as sign_in_as

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
