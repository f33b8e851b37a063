"""Invented rows for the benchmark: as many states, rounds and indicators as asked, written in bulk.

The same numbers at every run. Nothing here checks a right or leaves an event: these databases are thrown away.
"""

import datetime as dt
import itertools
import string

from django.core.management import call_command
from django.db import connection

from capabilities.actions.assessments import refresh_regional_scores
from capabilities.models import Area, Edition, Indicator, LadderStep, Level, Round
from members.actions import add_person
from members.enums import ParticipationKind, Role
from members.models import Participation, Person, State
from members.sorting import fold_name

FOCAL_POINT = "focal-point@bench.invalid"
LANGUAGES = ("en", "fr", "pt")
NEWEST = 2025


def fill(*, states: int, rounds: int, areas: int = 0, indicators: int = 0) -> int:
    """Fill the empty, migrated database; returns how many answers there are.

    With ``areas`` × ``indicators`` the rounds ask an edition of that size, else the group's own.
    """
    call_command("load_reference", verbosity=0)
    _add_states(states - Participation.objects.filter(kind=ParticipationKind.MEMBER).count())
    edition = _edition(areas, indicators) if areas else Edition.objects.get()
    made = Round.objects.bulk_create(
        Round(year=year, edition=edition, reference_date=dt.date(year, 12, 31), is_published=True)
        for year in range(NEWEST - rounds + 1, NEWEST + 1)
    )
    home = State.objects.get(alpha2="GH")
    add_person(
        email=FOCAL_POINT,
        full_name="Ama Example",
        role=Role.FOCAL_POINT,
        state=home,
        starts_on=dt.date(2022, 1, 1),
        language="en",
        by=None,
    )
    with connection.cursor() as cursor:
        for statement in STATEMENTS:
            cursor.execute(statement)
        cursor.execute("SELECT count(*) FROM capabilities_answer")
        answers = cursor.fetchone()[0]
    for round_ in made:
        refresh_regional_scores(round=round_)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    return answers


def focal_point() -> Person:
    return Person.objects.get(email=FOCAL_POINT)


def _add_states(count: int) -> None:
    held = State.objects.values_list("alpha2", "alpha3", "m49")
    alpha2, alpha3, m49 = (set(codes) for codes in zip(*held, strict=True))
    letters = string.ascii_uppercase
    pairs = sorted(("".join(p) for p in itertools.product(letters, repeat=2)), key=lambda p: (p[0] not in "XQZ", p))
    codes = itertools.islice((pair for pair in pairs if pair not in alpha2), max(count, 0))
    numbers = (f"{n:03}" for n in range(1000) if f"{n:03}" not in m49)
    states = []
    for code in codes:
        name = f"Republic {code} of the Benchmark"
        long = next(code + letter for letter in letters if code + letter not in alpha3)
        in_languages = {
            f"{field}_{language}": value
            for language in LANGUAGES
            for field, value in (("name", name), ("formal_name", f"The {name}"), ("sort_name", fold_name(name)))
        }
        states.append(State(alpha2=code, alpha3=long, m49=next(numbers), ui_language="en", **in_languages))
    Participation.objects.bulk_create(
        Participation(state=state, kind=ParticipationKind.MEMBER, starts_on=dt.date(2000, 1, 1))
        for state in State.objects.bulk_create(states)
    )
    # The first rounds of twenty lie before the group was founded.
    Participation.objects.filter(kind=ParticipationKind.MEMBER).update(starts_on=dt.date(2000, 1, 1))


def _edition(areas: int, indicators: int) -> Edition:
    """An edition with ``areas`` × ``indicators``; its texts are those of the first one, over and over."""
    first = Edition.objects.get()
    steps = list(LadderStep.objects.filter(edition=first))
    rows = Indicator.objects.filter(area__edition=first).prefetch_related("levels").order_by("id")
    pattern = itertools.cycle([(indicator, list(indicator.levels.all())) for indicator in rows])
    old_areas = list(Area.objects.filter(edition=first).order_by("order"))
    new = Edition.objects.create(
        number=first.number + 1,
        content_version="benchmark",
        **{f"title_{language}": getattr(first, f"title_{language}") for language in LANGUAGES},
    )
    for step in steps:
        step.pk, step.edition = None, new
    LadderStep.objects.bulk_create(steps)
    for order in range(1, areas + 1):
        area = old_areas[(order - 1) % len(old_areas)]
        area.pk, area.edition, area.order, area.code = None, new, order, f"A{order}"
        area.save()
        for number in range(1, indicators + 1):
            indicator, levels = next(pattern)
            indicator.pk, indicator.area = None, area
            indicator.order, indicator.code = number, f"A{order}-{number}"
            indicator.save()
            for level in levels:
                level.pk, level.indicator = None, indicator
            Level.objects.bulk_create(levels)
    return new


# Pseudo-random and the same at every run: a hash of the rows' keys.
STATEMENTS = (
    """INSERT INTO capabilities_assessment (state_id, round_id, status, audience, source, published_at, version)
    SELECT p.state_id, r.id, 'published', 'members', 'benchmark', r.reference_date + interval '15 days', 1
    FROM members_participation p, capabilities_round r WHERE p.kind = 'member' ORDER BY r.year, p.state_id""",
    """INSERT INTO capabilities_answer (assessment_id, indicator_id, audience, kind, level, reason)
    SELECT a, i, 'members', CASE WHEN dice < 4 THEN 'nd' WHEN dice < 7 THEN 'na' ELSE 'level' END,
        CASE WHEN dice >= 7 THEN dice % 5 END,
        CASE WHEN dice BETWEEN 4 AND 6 THEN 'There is no such port of entry.' ELSE '' END
    FROM (SELECT a.id AS a, i.id AS i, abs(hashtext(a.id::text || '-' || i.id)) % 100 AS dice
        FROM capabilities_assessment a JOIN capabilities_round r ON r.id = a.round_id
        JOIN capabilities_area area ON area.edition_id = r.edition_id
        JOIN capabilities_indicator i ON i.area_id = area.id) AS thrown""",
    """INSERT INTO capabilities_areascore (assessment_id, area_id, scope, audience, mean, declared, applicable)
    SELECT a.assessment_id, i.area_id, s.scope, 'members', round(avg(a.level), 3), count(a.level),
        count(*) FILTER (WHERE a.kind <> 'na')
    FROM capabilities_answer a JOIN capabilities_indicator i ON i.id = a.indicator_id
    JOIN (VALUES ('both'), ('advpax'), ('pnr')) AS s(scope) ON s.scope = 'both' OR i.scope IN (s.scope, 'both')
    GROUP BY a.assessment_id, s.scope, i.area_id""",
    """INSERT INTO capabilities_statusreport (state_id, kind, legal, delivery, as_of, since, reason, source, audience,
        round_id, on_behalf, recorded_at, is_current)
    SELECT state_id, kind, (ARRAY['drafting', 'adopted', 'in_force'])[1 + dice % 3],
        CASE WHEN dice % 6 < 4 THEN (ARRAY['none', 'planned', 'development', 'pilot'])[1 + dice % 4]
             WHEN kind = 'advpax' THEN 'op_batch' ELSE 'op_partial' END,
        reference_date, NULL, '', 'Yearly report', 'group', round_id, false, now(),
        reference_date = (SELECT max(reference_date) FROM capabilities_round)
    FROM (SELECT a.state_id, a.round_id, r.reference_date, k.kind,
            abs(hashtext(a.id::text || k.kind)) % 100 AS dice
        FROM capabilities_assessment a JOIN capabilities_round r ON r.id = a.round_id,
            (VALUES ('advpax'), ('pnr')) AS k(kind)) AS thrown
    ORDER BY reference_date""",
)
