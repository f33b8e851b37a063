"""What every request passes: its id, its log line, privacy, and limits on the body."""

import io
import json
import logging

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client, RequestFactory

from iwg_portal.base.logs import JsonFormatter, RequestIdFilter
from iwg_portal.base.middleware import PrivatePagesMiddleware, RequestIdMiddleware


@pytest.fixture
def lines():
    """Log lines as they are written outside DEBUG; a function that returns them as dictionaries."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(RequestIdFilter())
    handler.setFormatter(JsonFormatter(settings.LOGGING["formatters"]["json"]["fmt"]))
    logger = logging.getLogger("iwg_portal.access")
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logger.removeHandler(handler)
    logger.setLevel(level)


def test_the_log_line_is_json_with_the_id_of_the_answer(lines):
    answer = RequestIdMiddleware(lambda request: HttpResponse(status=418))(RequestFactory().get("/x/?name=secret"))
    (line,) = lines()
    assert line["request_id"] == answer["X-Request-ID"]
    assert len(line["request_id"]) == 32
    assert (line["level"], line["logger"], line["path"], line["status"]) == ("INFO", "iwg_portal.access", "/x/", 418)
    assert line["time"].endswith("+00:00")
    assert "secret" not in json.dumps(line)


@pytest.mark.parametrize(("given", "kept"), [("proxy-4711-abc", True), ("short", False), ('x"} {"a":1', False)])
def test_the_proxys_id_is_kept_when_it_is_a_plain_word(given, kept):
    request = RequestFactory().get("/", headers={"X-Request-ID": given})
    answer = RequestIdMiddleware(lambda request: HttpResponse())(request)
    assert (answer["X-Request-ID"] == given) is kept


def test_nobody_stores_what_a_signed_in_person_sees():
    middleware = PrivatePagesMiddleware(lambda request: HttpResponse(headers={"Cache-Control": "max-age=60"}))
    request = RequestFactory().get("/")
    assert middleware(request)["Cache-Control"] == "max-age=60"
    request.COOKIES[settings.SESSION_COOKIE_NAME] = "anything"
    answer = middleware(request)
    assert answer["Cache-Control"] == "no-store, private"
    assert "camera=()" in answer["Permissions-Policy"]


# -- Bodies over the limit: 413 in the page's own words ------------------------------------------------------------

pages = pytest.mark.django_db
TOKEN = "a" * 32


@pytest.fixture
def visitor():
    client = Client(enforce_csrf_checks=True)
    client.cookies[settings.CSRF_COOKIE_NAME] = TOKEN
    return client


@pages
def test_an_announced_body_is_refused_before_it_is_read(visitor):
    most = settings.MAX_UPLOAD_BYTES + settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    answer = visitor.post("/healthz", b"x" * (most + 1), content_type="application/octet-stream")
    assert answer.status_code == 413
    assert "413.html" in [template.name for template in answer.templates]


@pages
def test_a_form_over_the_limit(visitor):
    body = "csrfmiddlewaretoken=" + TOKEN + "&text=" + "x" * settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    answer = visitor.post("/healthz", body, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 413


@pages
def test_a_form_of_too_many_fields(visitor):
    body = "&".join(f"f{n}=1" for n in range(settings.DATA_UPLOAD_MAX_NUMBER_FIELDS + 1))
    answer = visitor.post("/healthz", body, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 413


@pages
def test_a_form_within_the_limits_is_checked_as_ever(visitor):
    answer = visitor.post("/healthz", {"csrfmiddlewaretoken": TOKEN})
    assert answer.status_code == 405


@pages
def test_a_malformed_body_is_no_server_error(visitor):
    answer = visitor.post("/healthz", b"--x\r\nnonsense", content_type="multipart/form-data; boundary=")
    assert answer.status_code in (400, 403)
