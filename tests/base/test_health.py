"""/healthz and /readyz: what they say about each part, and what they do not say."""

import datetime as dt
import json

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from iwg_portal.base import health
from iwg_portal.base.models import Heartbeat

pytestmark = pytest.mark.django_db


@pytest.fixture
def beating():
    Heartbeat.objects.beat()


def ready(client):
    answer = client.get("/readyz")
    return answer.status_code, json.loads(answer.content)["parts"]


def test_healthz_asks_nobody(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        answer = client.get("/healthz")
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.usefixtures("beating")
def test_everything_works(client):
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert json.loads(answer.content)["ready"] is True
    assert "no-store" in answer["Cache-Control"]


def test_no_beat_yet(client):
    status, parts = ready(client)
    assert status == 503
    assert parts["beat"] == {"ok": False, "age_seconds": None}
    assert parts["database"]["ok"] is parts["cache"]["ok"] is parts["migrations"]["ok"] is True


def test_beat_has_stopped(client):
    Heartbeat.objects.create(name="beat", at=timezone.now() - dt.timedelta(seconds=health.MAX_HEARTBEAT_AGE + 5))
    status, parts = ready(client)
    assert status == 503
    assert parts["beat"]["ok"] is False
    assert parts["beat"]["age_seconds"] >= health.MAX_HEARTBEAT_AGE


@pytest.mark.usefixtures("beating")
def test_a_migration_is_missing(client):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE NONE")
        cursor.execute("DELETE FROM django_migrations WHERE app = 'base' AND name = '0001_heartbeat'")
        cursor.execute("RESET ROLE")
    status, parts = ready(client)
    assert status == 503
    assert parts["migrations"] == {"ok": False, "missing": 1}


@pytest.mark.usefixtures("beating")
def test_the_cache_is_gone(client, settings):
    settings.REDIS_URL = "unix:///nonexistent/secret-place.sock"
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert json.loads(answer.content)["parts"]["cache"] == {"ok": False, "error": "ConnectionError"}
    assert b"secret-place" not in answer.content


def test_the_database_is_gone(client, monkeypatch):
    def refused():
        raise OperationalError('connection to server at "database.example.org" failed for user "portal"')

    monkeypatch.setitem(health.PARTS, "database", refused)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert json.loads(answer.content)["parts"]["database"] == {"ok": False, "error": "OperationalError"}
    assert b"example.org" not in answer.content


def test_the_tasks_of_the_schedule_exist(settings):
    from iwg_portal.celery import app

    app.loader.import_default_modules()
    assert {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()} <= set(app.tasks)


def test_the_heartbeat_task_writes_one_row():
    from iwg_portal.base import tasks

    tasks.heartbeat()
    tasks.heartbeat()
    assert Heartbeat.objects.count() == 1


@pytest.mark.django_db
def test_what_a_newer_portal_left_is_known_by_its_number(monkeypatch):
    known = health._applied_migrations()
    assert health.newer_migrations() == []
    more = {("members", "9999_later"), ("members", "0000_squashed_away"), ("account", "9999_not_ours")}
    monkeypatch.setattr(health, "_applied_migrations", lambda: known | more)
    assert health.newer_migrations() == ["members.9999_later"]
