"""The invented figures: the same for the same seed, plausible, marked, and never on top of real data."""

import datetime as dt
import hashlib
import os
import re
import subprocess
import sys
from collections import Counter
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from capabilities.actions.demonstration import figures, load_rounds
from capabilities.enums import DELIVERY_CODES, LADDERS, ladder_label
from capabilities.models import Answer, AreaScore, Assessment, Edition, RegionalScore, Round, RoundNote, StatusReport
from iwg_portal.activity.models import Event
from iwg_portal.base.management.commands.demo import prepare
from members.enums import Role
from members.models import Participation, Person, State, Term
from members.queries import PERSONAS
from tests.factories import MemberStateFactory, StatusReportFactory

STATES = [f"{first}{second}" for first in "ABCD" for second in "WXYZ"]
INDICATORS = {
    **{f"LEG-{n}": "LEG" for n in range(1, 8)},
    **{f"OPS-{n}": "OPS" for n in range(1, 8)},
    **{f"IND-{n}": "IND" for n in range(1, 8)},
    **{f"TEC-{n}": "TEC" for n in range(1, 7)},
    **{f"COP-{n}": "COP" for n in range(1, 6)},
}
# What makes each table comparable between two loads: everything but ids and moments of recording.
ROWS = {
    Person: ("email", "full_name", "language", "phone", "is_active"),
    Term: ("person__email", "role", "state__alpha2", "organisation__key", "post", "starts_on", "ends_on"),
    Participation: ("state__alpha2", "kind", "starts_on", "ends_on"),
    Round: ("year", "edition__number", "reference_date", "is_published", "is_demonstration"),
    Assessment: ("state__alpha2", "round__year", "status", "audience", "source", "published_at", "version"),
    Answer: (
        "assessment__state__alpha2",
        "assessment__round__year",
        "indicator__code",
        "kind",
        "level",
        "reason",
    ),
    AreaScore: (
        "assessment__state__alpha2",
        "assessment__round__year",
        "area__code",
        "scope",
        "mean",
        "declared",
        "applicable",
    ),
    RegionalScore: ("round__year", "area__code", "scope", "lower", "median", "upper", "contributing", "members"),
    StatusReport: (
        "state__alpha2",
        "kind",
        "legal",
        "delivery",
        "label",
        "as_of",
        "since",
        "reason",
        "source",
        "audience",
        "by__email",
        "on_behalf",
        "is_current",
    ),
    RoundNote: ("state__alpha2", "round__year", "text", "audience"),
}


def digest() -> str:
    total = hashlib.sha256()
    for model, fields in ROWS.items():
        for row in sorted(map(repr, model.objects.values_list(*fields))):
            total.update(row.encode())
    return total.hexdigest()


def invent(seed: int = 1, states: list[str] | None = None, **more) -> figures.Figures:
    states = STATES if states is None else states
    return figures.invent(seed=seed, states=states, indicators=INDICATORS, exempt=["IND-7", "COP-4"], **more)


# -- Without a database ----------------------------------------------------------------------------------------------


class TestFigures:
    def test_same_seed_same_figures(self):
        assert invent(5) == invent(5)
        assert invent(5).answered != invent(6).answered

    def test_same_in_another_process(self):
        """The order of sets and of hashed text must not matter."""
        code = (
            "from tests.capabilities.test_demonstration import invent; import hashlib;"
            "print(hashlib.sha256(repr(invent(5)).encode()).hexdigest())"
        )
        elsewhere = subprocess.run(
            [sys.executable, "-c", f"import django; django.setup(); {code}"],
            env={**os.environ, "PYTHONHASHSEED": "1"},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        assert elsewhere == hashlib.sha256(repr(invent(5)).encode()).hexdigest() + "\n"

    @pytest.mark.parametrize("seed", range(8))
    def test_who_answered(self, seed):
        silent = Counter()
        answered = invent(seed, outspoken=["AW", "BX"]).answered
        for year, wanted in figures.SILENT.items():
            missing = {state for state in STATES if (state, year) not in answered}
            assert len(missing) == wanted
            silent.update(missing)
        assert set(silent.values()) == {1}
        assert not {"AW", "BX"} & set(silent)

    @pytest.mark.parametrize("seed", range(8))
    def test_growth_with_step_backs(self, seed):
        levels = invent(seed).levels
        mean = {year: sum(sum(levels[s, year].values()) for s in STATES) for year in figures.YEARS}
        assert list(mean.values()) == sorted(mean.values())
        falls = [
            (state, code, year)
            for state in STATES
            for year in figures.YEARS[1:]
            for code in INDICATORS
            if levels[state, year][code] < levels[state, year - 1][code]
        ]
        assert 5 <= len(falls) <= 60
        assert not any(code.startswith("LEG") for _state, code, _year in falls)
        assert all(0 <= level <= 4 for row in levels.values() for level in row.values())

    def test_kinds_of_answers(self):
        answers = [value for row in invent().answered.values() for value in row.values()]
        assert {"nd", "na"} < set(answers)
        assert {0, 1, 2, 3, 4} <= set(answers)
        assert any(len(row) < len(INDICATORS) for row in invent().answered.values())

    @pytest.mark.parametrize("seed", range(8))
    def test_status_fits_the_levels_of_its_year(self, seed):
        found = invent(seed)
        for state, reports in found.reports.items():
            for report in reports:
                assert report.delivery in DELIVERY_CODES[report.kind]
                assert report.since is None or report.since <= report.as_of
                assert dt.date(2022, 1, 1) <= report.as_of <= dt.date(2025, 12, 31)
                if report.delivery in ("nd", "suspended"):
                    continue
                axes = figures.axes(report.kind, found.levels[state, report.as_of.year])
                assert (report.legal, report.delivery) == axes

    def test_no_report_in_a_silent_year(self):
        found = invent()
        for state, reports in found.reports.items():
            years = {report.as_of.year for report in reports if report.delivery != "nd"}
            assert all((state, year) in found.answered for year in years)

    def test_a_status_moves_or_is_confirmed(self):
        for reports in invent().reports.values():
            for kind in ("advpax", "pnr"):
                rows = [report for report in reports if report.kind == kind]
                for before, after in zip(rows, rows[1:], strict=False):
                    moved = (before.legal, before.delivery) != (after.legal, after.delivery)
                    assert moved != (after.reason == "confirmed")

    def test_few_states_are_enough(self):
        assert invent(states=["AA"]).answered.keys() == {("AA", year) for year in figures.YEARS}
        assert invent(states=[]).answered == {}


# -- Loaded ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def reference(db):
    """What is loaded here is not committed, so the database has no statistics of it: it takes the tables for empty, and
    loops over them for minutes where it has once vacuumed them empty between tests."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_nestloop = off")
    call_command("load_reference", verbosity=0)


def load(**options) -> str:
    out = StringIO()
    call_command("load_demonstration", stdout=out, **options)
    return out.getvalue().strip()


class Undo(Exception):
    """Leaves a transaction without a trace."""


def load_and_undo(seed: int) -> str:
    """The digest of everything that the seed gives."""
    found = []

    def work():
        with transaction.atomic():
            load(seed=seed)
            found.append(digest())
            raise Undo

    with pytest.raises(Undo):
        work()
    return found[0]


def test_same_seed_same_rows(reference):
    first = load_and_undo(figures.SEED)
    assert not Round.objects.exists()
    said = "Demonstration data loaded: 75 people new, 57 assessments in 4 rounds.\n6 meetings and 13 lessons new."
    assert load() == said
    assert digest() == first
    self_checks(figures.YEARS)
    people_checks()
    status_checks()
    again_checks()


def again_checks():
    """Another load changes nothing, whatever the seed, and what somebody changed meanwhile stays."""
    Person.objects.filter(email=PERSONAS["chair"]).update(full_name="Changed")
    Term.objects.filter(person__email=PERSONAS["admin"]).update(ends_on="2026-01-01")
    state = State.objects.get(alpha2="GH")
    StatusReportFactory(state=state, kind="pnr", legal="none", delivery="none", as_of=dt.date(2026, 1, 5))
    before = digest(), Event.objects.count()
    assert load() == load(seed=4) == "Demonstration data kept as they are."
    assert (digest(), Event.objects.count()) == before


def self_checks(years):
    rounds = list(Round.objects.order_by("year"))
    assert [round.year for round in rounds] == list(years)
    answered = []
    for round in rounds:
        assert round.is_demonstration
        assert round.is_published
        assert round.reference_date == dt.date(round.year, 12, 31)
        assessments = Assessment.objects.filter(round=round)
        answered.append(assessments.count())
        for assessment in assessments:
            assert assessment.published_at.date().replace(day=1) == dt.date(round.year + 1, 1, 1)
            assert re.match("Demonstration|Données de démonstration|Dados de demonstração", assessment.source)
            assert assessment.audience == "members"
            assert assessment.scores.filter(scope="both", mean__isnull=False).exists()
        overall = RegionalScore.objects.get(round=round, area=None, scope="both")
        assert (overall.contributing, overall.members) == (assessments.count(), 16)
    assert answered == [13, 14, 15, 15]
    assert RoundNote.objects.count() == 7
    for answer in Answer.objects.filter(kind="na").select_related("assessment__state"):
        word = {"en": "Demonstration:", "fr": "Démonstration\u00a0:", "pt": "Demonstração:"}
        assert answer.reason.startswith(word[answer.assessment.state.ui_language])
    assert {"level", "nd", "na"} == set(Answer.objects.values_list("kind", flat=True))


def people_checks():
    members = Term.objects.filter(state__participations__kind="member", ends_on=None)
    assert members.values("person").distinct().count() == 61
    per_state = Counter(members.filter(role=Role.DELEGATE).values_list("state__alpha2", flat=True))
    assert len(per_state) == 16
    assert set(per_state.values()) == {2}
    focal = Counter(members.filter(role=Role.FOCAL_POINT).values_list("state__alpha2", flat=True))
    assert len(focal) == 16
    assert set(focal.values()) == {1, 2}
    chairs = Term.objects.filter(role=Role.CHAIR).order_by("starts_on")
    assert chairs.count() == 4
    assert len(set(chairs.values_list("state", flat=True))) == 4
    observers = Participation.objects.filter(kind="observer").values_list("state__alpha2", flat=True)
    assert set(observers) == {"CM", "TD", "GA", "ST"}
    assert Term.objects.filter(role=Role.DELEGATE, ends_on__isnull=False).count() == 1
    people = Person.objects.all()
    assert {key: people.filter(email=address).count() for key, address in PERSONAS.items()} == dict.fromkeys(
        PERSONAS, 1
    )
    assert people.values("full_name").distinct().count() == people.count()
    for person in people:
        assert person.email.endswith(".demo.invalid")
        assert person.phone.startswith("+000 ")
        assert person.language in ("en", "fr", "pt")
        assert not person.has_usable_password()


def status_checks():
    current = StatusReport.objects.filter(is_current=True)
    assert current.count() == 32
    labels = Counter(current.values_list("label", flat=True))
    assert labels["suspended"] == 1
    assert labels["nd"] == 1
    for report in StatusReport.objects.all():
        assert report.label == ladder_label(report.legal, report.delivery)
        assert re.match("D[eé]monstra", report.reason)
        assert re.match("D[eé]monstra", report.source) or report.delivery == "nd"
        assert report.by is not None
        assert report.audience == "group"
    steps = set(StatusReport.objects.values_list("label", flat=True))
    assert steps == {code for ladder in LADDERS.values() for code in ladder} | {"suspended", "nd"}
    # Ages at the beginning of 2026: fresh, older than 12 months, older than 24 months.
    today = dt.date(2026, 1, 15)
    ages = Counter(min((today - day).days // 365, 2) for day in current.values_list("as_of", flat=True))
    assert set(ages) == {0, 1, 2}
    assert StatusReport.objects.filter(on_behalf=True).exists()


def test_never_on_top_of_real_data(reference):
    report = StatusReportFactory(state=MemberStateFactory())
    assert load_rounds(by=None) == 0
    assert list(StatusReport.objects.all()) == [report]
    assert not Round.objects.exists()


def test_all_or_nothing(reference, monkeypatch):
    def fail(**kwargs):
        raise RuntimeError

    monkeypatch.setattr("capabilities.actions.demonstration.ensure_round", fail)
    with pytest.raises(RuntimeError):
        load()
    assert not Person.objects.exists()
    assert not Participation.objects.filter(kind="observer").exists()


@pytest.mark.django_db
def test_needs_the_reference_data():
    with pytest.raises(CommandError, match="load_reference"):
        load()


@pytest.mark.django_db
def test_prepare_empty():
    text = prepare(empty=True)
    assert text.splitlines()[0] == "Empty portal: reference data, 75 people new, no round yet."
    assert "Sign in at /demo/sign-in/" in text
    for key in PERSONAS:
        assert re.search(rf"^  {key} +\S", text, re.MULTILINE)
    assert "focal-gh     Akosua Sample: focal point, Ghana, English" in text
    assert "Ctrl-C" in text
    assert not Round.objects.exists()
    assert not StatusReport.objects.exists()
    events = Event.objects.count()
    assert "0 people new" in prepare(empty=True)
    assert Event.objects.count() == events
    edition = Edition.objects.get()
    Round.objects.create(year=2024, edition=edition, reference_date=dt.date(2024, 12, 31), is_published=True)
    assert load() == "There are rounds already; they stay, and no invented ones are added."
    assert load(people_only=True).startswith("There are rounds already; they stay.")


def test_the_demo_command_refuses_another_mode(settings):
    settings.DEMO = False
    with pytest.raises(CommandError, match="IWG_MODE=test"):
        call_command("demo")
