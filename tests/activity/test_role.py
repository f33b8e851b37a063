"""Web, worker and beat work under a role that can add to the log and read it; everything else they do goes on."""

import subprocess
import sys

import pytest
from django.apps import apps
from django.conf import settings
from django.db import DatabaseError, connection, transaction

from iwg_portal.activity.log import record
from iwg_portal.activity.models import Event, Head, Link
from iwg_portal.base import roles
from tests.base import portal
from tests.factories import PersonFactory

pytestmark = pytest.mark.django_db


def sql(statement, *params):
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return cursor.fetchall() if cursor.description else None


def rights(table):
    verbs = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")
    return {verb for verb in verbs if sql("SELECT has_table_privilege(current_user, %s, %s)", table, verb)[0][0]}


def test_the_tests_themselves_run_under_the_role():
    assert sql("SELECT current_user") == [(settings.DATABASE_ROLE,)] == [("iwg_app",)]


def test_the_role_reads_and_writes_every_table_but_those_of_the_log():
    less = {"activity_event": {"SELECT", "INSERT"}, "activity_link": {"SELECT"}, "activity_head": {"SELECT"}}
    for model in apps.get_models(include_auto_created=True):
        if model._meta.managed and not model._meta.proxy:
            table = model._meta.db_table
            assert rights(table) == less.get(table, {"SELECT", "INSERT", "UPDATE", "DELETE"}), table
    assert rights("django_migrations") == {"SELECT"}


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO activity_link VALUES (9, 9, sha256('x'))",
        "UPDATE activity_head SET seq = 0",
        "SELECT activity_seal(e) FROM activity_event e",
        "ALTER TABLE activity_event DISABLE TRIGGER USER",
        "DROP TRIGGER sealed ON activity_event",
        "ALTER TABLE activity_event RENAME TO gone",
        "CREATE OR REPLACE FUNCTION activity_seal_event() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        "CREATE TABLE mine (id int)",
        "SELECT setval('activity_event_id_seq', 1)",
    ],
)
def test_the_role_cannot_forge_a_seal_nor_take_the_refusals_away(statement):
    person = PersonFactory()
    record("person.language_chosen", by=person, target=person)
    with pytest.raises(DatabaseError, match="permission denied|must be owner"), transaction.atomic():
        sql(statement)


def test_what_the_role_appends_is_sealed_all_the_same():
    person = PersonFactory()
    before = Head.objects.get().seq
    event = record("person.language_chosen", by=person, target=person)
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    assert Link.objects.get(seq=before + 1).event_id == event.pk
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        Event.objects.filter(pk=event.pk).delete()


def test_granting_again_changes_nothing_and_takes_back_what_is_too_much():
    sql("SET LOCAL ROLE NONE")
    sql("GRANT ALL ON activity_event, activity_link TO iwg_app")
    assert roles.grant() == ""
    assert roles.grant() == ""
    sql("RESET ROLE")
    assert rights("activity_event") == {"SELECT", "INSERT"}
    assert rights("activity_link") == {"SELECT"}


def test_a_missing_role_that_may_not_be_made_is_said_in_one_sentence(settings):
    settings.DATABASE_ROLE = "iwg_elsewhere"
    sql("SET LOCAL ROLE NONE")
    (owner, superuser) = sql("SELECT current_user, rolsuper FROM pg_roles WHERE rolname = current_user")[0]
    problem = roles.grant()
    if superuser:
        assert problem == ""
    else:
        assert f"CREATE ROLE iwg_elsewhere NOLOGIN; GRANT iwg_elsewhere TO {owner}; then run migrate again" in problem


def test_without_a_role_nothing_is_granted(settings):
    settings.DATABASE_ROLE = ""
    assert roles.grant() == ""


def started_as(**environment):
    """Under which role a process that begins with the settings would ask the database."""
    code = (
        "import django; django.setup(); from django.conf import settings;"
        "print(settings.DATABASES['default']['OPTIONS'].get('options', 'as the owner'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=settings.BASE_DIR,
        env=portal.environment(**environment),
        capture_output=True,
        text=True,
        check=False,
    )
    return (done.stdout or done.stderr).strip()


def test_web_and_worker_take_the_role_and_commands_do_not(tmp_path):
    place = {"DATA_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "iwg_portal.settings"}
    assert started_as(**place) == "-c role=iwg_app"
    assert started_as(**place, DATABASE_ROLE="portal_web") == "-c role=portal_web"
    assert started_as(**place, DATABASE_AS_OWNER="1") == "as the owner"
    assert started_as(**place, DATABASE_ROLE="none") == "as the owner"
    url = "postgres://a@b/c?options=-c%20statement_timeout%3D5s"
    both = started_as(**place, IWG_MODE="development", DATABASE_URL=url, REDIS_URL="redis://c")
    assert both == "-c statement_timeout=5s -c role=iwg_app"
    assert "DATABASE_ROLE must be a plain name" in started_as(**place, DATABASE_ROLE="x y")
