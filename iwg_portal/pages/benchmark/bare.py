"""The bare Django page, the yardstick: a session, a person, five queries, and 600 cells by the template."""

import itertools

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from capabilities.models import Answer, Area, Round, StatusReport
from members.models import State

ROWS, COLUMNS = 20, 30


@login_required
def bare(request: HttpRequest) -> HttpResponse:
    """What anybody would write first: rows by the ORM, the table by ``{% for %}``."""
    newest = Round.objects.order_by("-year")[0]
    states = list(State.objects.order_by("sort_name")[:ROWS])
    areas = list(Area.objects.filter(edition=newest.edition_id).order_by("order"))
    reports = {report.state_id: report for report in StatusReport.objects.filter(is_current=True, kind="pnr")}
    answers = list(Answer.objects.order_by("id")[: ROWS * COLUMNS])
    rows = [
        (state, reports.get(state.pk), answers[number * COLUMNS : (number + 1) * COLUMNS])
        for number, state in zip(range(ROWS), itertools.cycle(states), strict=False)
    ]
    return render(request, "bare.html", {"person": request.user, "round": newest, "areas": areas, "rows": rows})


urlpatterns = [path("bare/", bare, name="bare")]
