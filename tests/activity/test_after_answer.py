"""What is no change and yet is logged: refusals, downloads, reads of what few may read."""

import datetime as dt
import logging
from contextlib import contextmanager

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from capabilities.models import RoundNote
from iwg_portal.activity import log
from iwg_portal.activity.models import Event
from tests.cast import sign_in
from tests.factories import PersonFactory, RoundFactory, StatusReportFactory, framework

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 3, 2, 9, 30, tzinfo=dt.UTC)


def events(kind):
    return list(Event.objects.filter(kind=kind).order_by("id"))


def profile(state):
    return f"/states/{state.alpha2.lower()}/"


# -- Refusals ------------------------------------------------------------------------------------------------------


def test_a_refusal_names_the_page_and_the_ids_in_its_path(cast):
    person = cast.person("own_delegate")
    assert cast.client("own_delegate").get("/states/zz/?secret=query-text").status_code == 404
    (event,) = events("access.denied")
    assert (event.actor_id, event.actor_label) == (person.pk, str(person))
    assert (event.target_type, event.target_label) == ("page", "profile zz")
    assert event.data == {"status": 404, "url": "profile", "method": "GET", "ids": {"alpha2": "zz"}}
    assert event.state_id is None
    assert "query-text" not in str(event.__dict__)


def test_what_is_visible_and_not_allowed_is_a_refusal_too(cast):
    address = f"/states/{cast.own.alpha2.lower()}/status/advpax/"
    framework()
    assert cast.client("own_delegate").post(address).status_code == 403
    (event,) = events("access.denied")
    assert (event.data["status"], event.data["method"]) == (403, "POST")


def test_a_form_without_its_token_is_a_refusal(cast):
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    sign_in(client, cast.person("own_delegate"))
    assert client.post("/language/", {"language": "fr"}).status_code == 403
    assert [event.target_label for event in events("access.denied")] == ["set_language"]


def test_the_anonymous_and_addresses_that_are_none_of_ours_are_not_noted(cast):
    cast.client("anonymous").get("/states/zz/")
    cast.client("anonymous").get("/nothing/here/")
    cast.client("own_delegate").get("/nothing/here/")
    assert cast.client("own_delegate").get("/data-use/").status_code == 200
    assert events("access.denied") == []


# -- Reads of what few may read ----------------------------------------------------------------------------------------


def test_a_read_of_what_only_the_secretariat_shares_is_noted(cast):
    RoundNote.objects.create(state=cast.own, round=RoundFactory(), text="between us")
    cast.client("secretariat").get(profile(cast.own))
    (event,) = events("restricted.read")
    assert event.actor_id == cast.person("secretariat").pk
    assert (event.target_type, event.target_id) == ("members.state", str(cast.own.pk))
    assert (event.state_id, event.data) == (cast.own.pk, {"page": "profile"})
    assert "between us" not in str(event.__dict__)


@pytest.mark.parametrize("what", ["phone", "status"])
def test_telephones_and_status_reports_count_as_well(cast, what):
    if what == "phone":
        person = cast.person("own_focal_point")
        person.phone = "+233 30 000 0000"
        person.save()
    else:
        framework()
        StatusReportFactory(state=cast.own, audience="secretariat")
    cast.client("secretariat").get(profile(cast.own))
    cast.client("other_delegate").get(profile(cast.own))
    assert [event.actor_id for event in events("restricted.read")] == [cast.person("secretariat").pk]


def test_a_page_without_such_content_leaves_no_trace(cast):
    cast.person("own_focal_point")  # without a telephone
    cast.client("secretariat").get(profile(cast.own))
    cast.client("other_delegate").get(profile(cast.own))
    assert events("restricted.read") == []


def test_the_kept_page_is_noted_for_each_reader(cast):
    """The second reader's page comes from the shelf, and is a read all the same."""
    RoundNote.objects.create(state=cast.own, round=RoundFactory(), text="between us")
    second = PersonFactory()
    cast.client("own_delegate").get(profile(cast.own))
    cast.client("own_focal_point").get(profile(cast.own))
    cast.client("secretariat").get(profile(cast.own))
    assert len({event.actor_id for event in events("restricted.read")} - {second.pk}) == 3


def test_the_same_read_is_noted_once_an_hour(cast):
    RoundNote.objects.create(state=cast.own, round=RoundFactory(), text="between us")
    client = cast.client("secretariat")
    with time_machine.travel(NOW, tick=False) as clock:
        client.get(profile(cast.own))
        client.get(profile(cast.own))
        log.forget()  # another process, which asks the table
        client.get(profile(cast.own))
        assert len(events("restricted.read")) == 1
        clock.shift(dt.timedelta(minutes=61))
        client.get(profile(cast.own))
        log.forget()
        clock.shift(dt.timedelta(minutes=61))
        client.get(profile(cast.own))
    assert len(events("restricted.read")) == 3


def test_it_costs_one_statement_and_then_none(cast):
    RoundNote.objects.create(state=cast.own, round=RoundFactory(), text="between us")
    client = cast.client("secretariat")
    with CaptureQueriesContext(connection) as first:
        client.get(profile(cast.own))
    with CaptureQueriesContext(connection) as second:
        client.get(profile(cast.own))
    assert sum("activity_event" in query["sql"] for query in first) == 1
    assert sum("activity_event" in query["sql"] for query in second) == 0


def test_what_is_remembered_does_not_grow_without_end(cast, monkeypatch):
    monkeypatch.setattr(log, "MOST_REMEMBERED", 2)
    client = cast.client("secretariat")
    for code in ("zx", "zy", "zz", "zx"):
        client.get(f"/states/{code}/")
    assert len(log._remembered) == 2
    assert [event.target_label for event in events("access.denied")] == ["profile zx", "profile zy", "profile zz"]


# -- Downloads ---------------------------------------------------------------------------------------------------------


def test_each_download_is_noted_by_the_name_of_the_file(cast):
    framework()
    client = cast.client("secretariat")
    for _ in range(2):
        assert client.get("/import/template/?format=csv&round=2024").status_code == 200
    assert [(e.target_label, e.data) for e in events("file.exported")] == [("status-2024.csv", {"round": 2024})] * 2
    assert cast.client("own_delegate").get("/import/template/").status_code == 404
    assert len(events("file.exported")) == 2


# -- The exception to "a GET never writes" -----------------------------------------------------------------------------


def test_only_the_log_and_only_after_the_answer_may_write_when_a_page_is_read(cast):
    """The guard of the tests lets one statement pass, in one place."""
    person = cast.person("secretariat")
    token = log.appending.set(True)
    try:
        with connections["default"].execute_wrapper(guard()), refused():
            get_user_model().objects.filter(pk=person.pk).update(full_name="x")
    finally:
        log.appending.reset(token)
    with connections["default"].execute_wrapper(guard()), refused():
        log._append(person, log.Note("restricted.read", "x", "1", "x"), NOW, once=True)
    with connections["default"].execute_wrapper(guard()):
        log.after_answer(person, [log.Note("restricted.read", "x", "1", "x")])
    assert not log.appending.get()


@contextmanager
def refused():
    with pytest.raises(AssertionError, match="wrote"), transaction.atomic():
        yield


def guard():
    from tests.conftest import _refuse_writes

    return _refuse_writes


@pytest.mark.django_db(transaction=True)
def test_a_log_that_cannot_be_written_costs_nobody_the_page(cast, caplog):
    RoundNote.objects.create(state=cast.own, round=RoundFactory(), text="between us")
    client = cast.client("secretariat")
    sql("SET ROLE NONE; REVOKE INSERT ON activity_event FROM iwg_app; RESET ROLE")
    try:
        with caplog.at_level(logging.ERROR, "iwg_portal.activity"):
            answer = client.get(profile(cast.own))
            refusal = client.get("/states/zz/")
    finally:
        sql("SET ROLE NONE; GRANT INSERT ON activity_event TO iwg_app; RESET ROLE")
    assert (answer.status_code, refusal.status_code) == (200, 404)
    assert b"between us" in answer.content
    assert [record.getMessage() for record in caplog.records] == [
        f"What GET {profile(cast.own)} was answered could not be logged",
        "What GET /states/zz/ was answered could not be logged",
    ]
    client.get(profile(cast.own))  # nothing was remembered as written
    assert len(events("restricted.read")) == 1


@pytest.mark.django_db(transaction=True)
def test_no_file_leaves_that_the_log_does_not_know_of(cast):
    client = cast.client("own_focal_point")
    client.raise_request_exception = False
    address = "/people/export/csv/"
    sql("SET ROLE NONE; REVOKE INSERT ON activity_event FROM iwg_app; RESET ROLE")
    try:
        refused = client.get(address)
    finally:
        sql("SET ROLE NONE; GRANT INSERT ON activity_event TO iwg_app; RESET ROLE")
    assert refused.status_code == 500
    assert cast.person("own_focal_point").email not in refused.content.decode()
    assert not events("file.exported")
    handed = client.get(address)
    assert (handed.status_code, len(events("file.exported"))) == (200, 1)


def sql(statements):
    with connection.cursor() as cursor:
        cursor.execute(statements)
