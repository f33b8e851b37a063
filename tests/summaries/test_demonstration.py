"""A visitor of the demonstration finds two summaries released, and no invented one ever stands beside real figures."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from capabilities.models import Round
from iwg_portal.activity.models import Event
from iwg_portal.summaries.access import visible_summaries
from iwg_portal.summaries.demonstration import release_invented
from iwg_portal.summaries.models import Summary
from members.access import viewer_for
from members.models import Person, Term
from members.queries import PERSONAS


def persona(key):
    return Person.objects.get(email__iexact=PERSONAS[key])


@pytest.fixture
def demonstration(db, settings):
    settings.DEMO = True
    with connection.cursor() as cursor:  # without statistics the planner takes new rows for none: loops for minutes
        cursor.execute("SET LOCAL enable_nestloop = off")
    call_command("load_reference", verbosity=0)
    call_command("load_demonstration", verbosity=0)


def test_the_demonstration_has_one_of_each_form(demonstration):
    """In one test, because to load the demonstration takes long."""
    none_beside_figures_that_somebody_entered()
    none_without_the_chair()
    out = StringIO()
    call_command("load_summaries", stdout=out)
    assert out.getvalue() == "2 summaries released.\n"
    each_step_is_taken_by_whom_it_takes()
    each_is_read_by_its_audience()
    assert Summary.objects.get(form="named").content["demonstration"]
    assert release_invented() == 0
    assert Summary.objects.count() == 2


def none_beside_figures_that_somebody_entered():
    newest = Round.objects.order_by("year").last()
    Round.objects.filter(pk=newest.pk).update(is_demonstration=False)
    assert release_invented() == 0
    assert not Summary.objects.exists()
    Round.objects.filter(pk=newest.pk).update(is_demonstration=True)


def none_without_the_chair():
    point = transaction.savepoint()
    Term.objects.filter(person=persona("chair")).update(ends_on=timezone.localdate())
    assert not viewer_for(persona("chair")).roles
    assert release_invented() == 0
    assert set(Summary.objects.values_list("state", flat=True)) == {"draft"}
    transaction.savepoint_rollback(point)


def each_step_is_taken_by_whom_it_takes():
    steps = Event.objects.filter(kind__startswith="summary.").order_by("pk").values_list("kind", "actor_id")
    chair, office = persona("chair").pk, persona("secretariat").pk
    before = [("summary.asked", office), ("summary.built", office), ("summary.approved", chair)]
    assert list(steps) == [*before, ("summary.released", office), *before, ("summary.opened", office)]


def each_is_read_by_its_audience():
    for key, forms in (("delegate-sn", {"named", "aggregated"}), ("observer", {"aggregated"})):
        assert {summary.form for summary in visible_summaries(viewer_for(persona(key)))} == forms


def test_an_empty_portal_has_none(db, settings):
    settings.DEMO = True
    assert release_invented() == 0
