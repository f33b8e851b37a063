"""/metrics: for whoever has the token, nobody else; every line can be read by Prometheus."""

import re

import pytest
from django.test import Client
from django.utils import timezone

from iwg_portal.jobs.models import JobRun
from iwg_portal.jobs.schedule import jobs
from iwg_portal.mail.outbox import queue
from tests.jobs.test_operations import MINUTE, ran

pytestmark = pytest.mark.django_db
TOKEN = "a-token-of-thirty-random-chars"
LINE = re.compile(r'[a-z_]+(\{[a-z_]+="[a-z_.]+"(,[a-z_]+="[a-z_.]+")*\})? -?[0-9]+(\.[0-9]+)?')


@pytest.fixture
def read(settings):
    """The answer for a token that is shown, while ``kept`` is the one that is set."""

    def _read(shown=f"Bearer {TOKEN}", kept=TOKEN):
        settings.METRICS_TOKEN = kept
        return Client().get("/metrics", headers={"Authorization": shown} if shown else {})

    return _read


@pytest.mark.parametrize(
    ("shown", "kept"),
    [
        ("", TOKEN),
        (TOKEN, TOKEN),
        (f"Bearer {TOKEN}x", TOKEN),
        (f"Basic {TOKEN}", TOKEN),
        ("Bearer é", TOKEN),
        ("", ""),
        ("Bearer ", ""),
        ("Bearer short", "short"),
    ],
)
def test_without_the_token_there_is_no_such_page(read, shown, kept):
    assert read(shown, kept).status_code == 404


def test_an_office_is_no_token(cast, settings):
    settings.METRICS_TOKEN = TOKEN
    assert cast.client("administrator").get("/metrics").status_code == 404


def test_what_it_says(cast, read):
    ran("mail.sweep", ago=5 * MINUTE)
    ran("mail.sweep", ago=MINUTE, outcome="failed", problem="OSError at somewhere", seconds=1.5)
    ran("base.heartbeat")
    queue("mail.test", target=cast.person("secretariat"), to=cast.person("secretariat"))
    assert cast.client("secretariat").get("/states/").status_code == 200
    answer = read()
    said = answer.content.decode()
    assert answer["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "no-store" in answer["Cache-Control"]
    assert 'iwg_job_standing{job="mail.sweep",standing="failed"} 1\n' in said
    assert 'iwg_job_standing{job="base.heartbeat",standing="on_time"} 1\n' in said
    assert 'iwg_job_needs_attention{job="mail.sweep"} 1\n' in said
    assert 'iwg_job_last_duration_seconds{job="mail.sweep"} 1.500\n' in said
    assert re.search(r'iwg_job_last_start_age_seconds\{job="mail.sweep"\} 6\d\.', said)
    assert re.search(r'iwg_job_last_success_age_seconds\{job="mail.sweep"\} 30\d\.', said)
    assert 'iwg_mail{state="due"} 1\n' in said
    assert "iwg_sessions_open 1\n" in said
    assert "iwg_heartbeat_age_seconds" in said
    assert "OSError" not in said


def test_every_line_is_a_figure_or_its_explanation(read):
    now = timezone.now()
    JobRun.objects.create(task="mail.sweep", outcome="running", started_at=now)
    seen = set()
    for line in read().content.decode().splitlines():
        if line.startswith("#"):
            word, name = line.split()[1:3]
            assert word in ("HELP", "TYPE")
            assert (word, name) not in seen
            seen.add((word, name))
        else:
            assert LINE.fullmatch(line), line
            assert ("TYPE", re.split(r"[ {]", line)[0]) in seen


def test_it_costs_few_queries(read, django_assert_max_num_queries):
    for job in jobs():
        ran(job.task)
    with django_assert_max_num_queries(9):
        read()
