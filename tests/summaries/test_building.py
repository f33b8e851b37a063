"""While a summary is built: how far it is, what a killed worker leaves, what ends before the draft."""

import datetime as dt
import os
import signal
import subprocess
import sys
import time

import pytest
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from iwg_portal.activity.models import Event
from iwg_portal.summaries import actions, figures, papers
from iwg_portal.summaries.models import Summary
from members.models import Term
from tests.factories import RoundFactory, StatusReportFactory, framework
from tests.summaries.test_summaries import address, plain

PARTS = 10  # the figures, and three kinds of document in three languages


@pytest.fixture
def world(cast):
    with transaction.atomic():
        round_ = RoundFactory(year=2024, edition=framework())
        StatusReportFactory(state=cast.own, delivery="op_batch", as_of=round_.reference_date)
        cast.person("chair")
    return cast


def ordered(cast, **more):
    return actions.ask(scope="both", by=cast.viewer("chair"), **more)


def fresh(made):
    return Summary.objects.get(pk=made.pk)


# -- How far it is ----------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_row_says_after_each_step_how_far_it_is_and_nothing_once_it_is_there(world, monkeypatch):
    made, seen = ordered(world), []
    page = plain(world.client("chair").get(address(made)))
    assert "Queued" in page
    assert "%" not in page
    make = papers.made

    def looked(*args, **kwargs):
        held = fresh(made)
        seen.append((held.steps_done, held.steps, held.percent(timezone.now())))
        return make(*args, **kwargs)

    monkeypatch.setattr(papers, "made", looked)
    actions.build_waiting()
    assert seen == [(n, PARTS, n * 100 // PARTS) for n in range(1, PARTS)]
    held = fresh(made)
    assert (held.state, held.steps_done, held.steps, held.leased_until) == ("draft", 0, 0, None)


@pytest.mark.django_db
def test_the_page_and_the_list_say_it_in_words_and_as_a_bar(world):
    made = ordered(world)
    Summary.objects.filter(pk=made.pk).update(steps_done=4, steps=10, leased_until=timezone.now() + actions.LEASE)
    client = world.client("chair")
    page = client.get(address(made)).content.decode()
    assert "Being built, 40 %" in page
    assert "Step 4 of 10 done (40 %)" in page
    assert "<progress" in page
    assert f'data-hx-get="{address(made)}"' in page
    assert "being built, 40 %" in plain(client.get("/summaries/"))


@pytest.mark.django_db
def test_the_open_page_asks_for_a_piece_and_is_loaded_anew_when_it_is_there(world):
    made = ordered(world)
    asks = {"HX-Request": "true", "X-Repeated": "1"}
    client = world.client("chair")
    piece = client.get(address(made), headers=asks).content.decode()
    assert piece.lstrip().startswith('<section class="iwg-card" id="summary-waiting"')
    actions.build_waiting()
    assert client.get(address(made), headers=asks)["HX-Refresh"] == "true"
    assert world.client("own_delegate").get(address(made), headers=asks).status_code == 404


@pytest.mark.django_db
def test_of_a_worker_that_is_silent_too_long_the_page_says_queued_and_another_takes_over(world):
    made = ordered(world)
    Summary.objects.filter(pk=made.pk).update(steps_done=4, steps=10, leased_until=timezone.now() + actions.LEASE)
    assert actions.build_waiting() == 0
    Summary.objects.filter(pk=made.pk).update(leased_until=timezone.now() - dt.timedelta(seconds=1))
    page = plain(world.client("chair").get(address(made)))
    assert "Queued" in page
    assert "40 %" not in page
    assert actions.build_waiting() == 1
    assert fresh(made).state == "draft"


@pytest.mark.django_db
def test_only_what_is_queued_is_held_by_a_worker(world):
    made = ordered(world)
    actions.build_waiting()
    for change in ({"leased_until": timezone.now(), "steps": 3}, {"steps": 3}):
        with pytest.raises(DatabaseError, match="summary_leased_while_queued"), transaction.atomic():
            Summary.objects.filter(pk=made.pk).update(**change)


# -- What ends it -----------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_in_the_middle_leaves_the_order_and_no_figure(world):
    """It waits for a table that this process holds, in the middle of its documents; there it is killed."""
    made = ordered(world)
    code = (
        "import sys, django; from django.conf import settings; django.setup();"
        "settings.DATABASES['default']['NAME'] = sys.argv[1];"
        "from iwg_portal.summaries.actions import build_waiting; build_waiting()"
    )
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE summaries_wordtemplate IN ACCESS EXCLUSIVE MODE")
        name = str(settings.DATABASES["default"]["NAME"])
        worker = subprocess.Popen(  # noqa: S603
            [sys.executable, "-c", code, name], start_new_session=True, stderr=subprocess.PIPE
        )
        try:
            until = time.monotonic() + 60
            while fresh(made).steps_done < 2 and worker.poll() is None and time.monotonic() < until:
                pass
        finally:
            os.killpg(worker.pid, signal.SIGKILL)
            _out, said = worker.communicate(timeout=30)
    held = fresh(made)
    assert (held.state, held.steps_done, held.content) == ("queued", 2, None), said.decode()[-500:]
    assert held.percent(timezone.now()) == 20
    assert actions.build_waiting() == 0  # not before its lease is over
    Summary.objects.filter(pk=made.pk).update(leased_until=timezone.now() - dt.timedelta(seconds=1))
    assert actions.build_waiting() == 1
    assert fresh(made).state == "draft"
    assert fresh(made).attempts == 2


@pytest.mark.django_db
def test_one_that_ends_its_worker_each_time_fails_in_the_end_and_can_be_retried(world):
    made = ordered(world)
    gone = timezone.now() - dt.timedelta(seconds=1)
    Summary.objects.filter(pk=made.pk).update(attempts=actions.MOST_ATTEMPTS, leased_until=gone, steps=PARTS)
    actions.build_waiting()
    page = plain(world.client("chair").get(address(made)))
    assert "Building it was broken off several times." in page
    assert "Try again" in page
    actions.retry(summary=made, by=world.viewer("chair"))
    assert actions.build_waiting() == 1
    assert fresh(made).state == "draft"


@pytest.mark.django_db
def test_an_office_that_ends_while_it_is_built_leaves_no_draft(world, monkeypatch):
    made, make = ordered(world), papers.made

    def ends(*args, **kwargs):
        Term.objects.filter(person=world.person("chair")).update(ends_on="2024-01-01")
        return make(*args, **kwargs)

    monkeypatch.setattr(papers, "made", ends)
    actions.build_waiting()
    held = fresh(made)
    assert (held.state, held.problem, held.content, held.leased_until) == ("failed", "rights", None, None)


@pytest.mark.django_db
def test_an_office_that_ended_before_the_click_gets_no_document(world):
    made = ordered(world)
    actions.build_waiting()
    client = world.client("chair")
    assert client.get(address(made, "en.pdf")).status_code == 200
    Term.objects.filter(person=world.person("chair")).update(ends_on="2024-01-01")
    assert client.get(address(made, "en.pdf")).status_code == 404
    assert client.post(address(made, "move/"), {"do": "approve"}).status_code == 404
    assert client.post("/summaries/", {"scope": "both"}).status_code in (403, 404)


@pytest.mark.django_db
def test_figures_that_a_document_cannot_say_are_no_summary(world, monkeypatch):
    """A content that the readers do not know: the reason is told, and it can be built again."""
    made, taken = ordered(world), figures.take
    with monkeypatch.context() as patched:
        patched.setattr(figures, "take", lambda *args: {**taken(*args), "format": 99})
        actions.build_waiting()
    held = fresh(made)
    assert (held.state, held.problem, held.content) == ("failed", "document en.pdf", None)
    page = plain(world.client("chair").get(address(made)))
    assert "The document en.pdf could not be made from these figures: nothing was kept." in page
    assert not Event.objects.filter(kind="summary.built").exists()
    world.client("chair").post(address(made, "move/"), {"do": "retry"})
    actions.build_waiting()
    assert fresh(made).state == "draft"
