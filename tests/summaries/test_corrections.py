"""What a later summary says otherwise than the one it follows, and what it does not repeat."""

import importlib
import io
from copy import deepcopy

import openpyxl
import pytest
from django.apps import apps
from django.utils import translation

from iwg_portal.activity.log import record
from iwg_portal.summaries import access, actions, word, workbook
from iwg_portal.summaries.corrections import Change, Comparison, Readable, compare, readable
from iwg_portal.summaries.documents import summary_pdf
from iwg_portal.summaries.invented import EARLIER, invented_content, invented_summary
from iwg_portal.summaries.letterhead import own_template
from iwg_portal.summaries.models import Summary
from iwg_portal.summaries.reading import MOST_CHANGES, Reading
from tests.factories import frozen_summary
from tests.summaries.test_summaries import address, built, pdf_text, plain, released_one, world  # noqa: F401
from tests.summaries.word import body_text

THEN = invented_content(states=8, decisions=2, lessons=1)
ALL = readable(THEN, EARLIER)


def now(change):
    content = deepcopy(THEN)
    change(content)
    return content


def state(content, place):
    return content["states"][place]


def of(change):
    return list(compare(THEN, now(change), ALL).changes)


def held(*areas):
    """As ALL, without the medians of these areas."""
    return Readable(ALL.cells, frozenset(one for one in ALL.medians if one[0] not in areas))


def test_the_same_figures_have_no_change():
    assert compare(THEN, deepcopy(THEN), Readable()) == Comparison()


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (
            lambda c: state(c, 1)["advpax"].__setitem__(0, "pilot"),
            [Change("status", "AB", "advpax", "planned", "pilot")],
        ),
        (lambda c: state(c, 6).update(pnr=["none", "2022-01-01"]), [Change("status", "AG", "pnr", None, "none")]),
        (lambda c: state(c, 1)["areas"].update(X0=3.9), [Change("level", "AB", "X0", 0.3, 3.9)]),
        (lambda c: state(c, 6)["areas"].update(X1=1.0), [Change("level", "AG", "X1", None, 1.0)]),
        (lambda c: c["medians"][2]["course"][2].update(median=3.5), [Change("median", "X2", "2022", 2.2, 3.5)]),
        (lambda c: c.update(members=9), [Change("members", "", "", 8, 9)]),
        (lambda c: c["actions"].update(done=15), [Change("actions", "", "done", 14, 15)]),
        (lambda c: c["decisions"]["counts"].update(active=3), [Change("decisions", "", "active", 2, 3)]),
        (
            lambda c: c["ladders"][0].update(named=6),
            [Change("named", "advpax", "", 7, 6)],
        ),
        (lambda c: c["ladders"][0]["steps"][0].__setitem__(1, 5), [Change("step", "advpax", "op_batch", 1, 5)]),
        (
            lambda c: c["ladders"][0]["steps"].pop(0),
            [Change("step", "advpax", "op_batch", 1, 0)],
        ),
    ],
)
def test_each_kind_of_figure_is_compared(change, found):
    assert [one for one in of(change) if one.kind != "step" or found[0].kind == "step"] == found


def test_what_a_state_lets_go_of_is_counted_and_not_repeated():
    def let_go(content):
        state(content, 1).update(advpax=None)
        state(content, 1)["areas"]["X0"] = None
        content["ladders"][0].update(named=6, rest=2, steps=content["ladders"][0]["steps"][1:])
        content["medians"][0]["course"][2].update(n=7, median=2.9)

    assert compare(THEN, now(let_go), held("X0")) == Comparison((), lost=2)


def test_a_state_that_left_the_group_takes_its_figures_along():
    def leave(content):
        content.update(members=7, states=content["states"][1:])
        content["ladders"][0].update(named=6)

    found = compare(THEN, now(leave), ALL)
    assert [one.kind for one in found.changes] == ["members"]
    assert found.lost == 2 + 5


def test_levels_of_another_self_assessment_are_not_compared():
    def next_year(content):
        content["round"] = {"year": 2023, "edition": 1, "before": 2022}
        state(content, 1)["areas"].update(X0=3.9)
        state(content, 2)["areas"].update(X0=None)
        content["medians"][2]["course"][2].update(median=3.5)

    assert compare(THEN, now(next_year), ALL) == Comparison((), is_same=False)


# -- In words ----------------------------------------------------------------------------------------------------------


def pair(change=lambda content: None, **size):
    earlier, later = invented_summary(**size), invented_summary(**size)
    earlier.number = 6
    change(later.content)
    return Reading(later, earlier)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "Invented state 1 · API: Pilot, before Decision taken."),
        ("fr", "État inventé 1 · RPCV : Phase pilote, auparavant Décision prise."),
        ("pt", "Estado inventado 1 · API: Fase-piloto, antes Decisão tomada."),
    ],
)
def test_page_and_documents_say_the_same(language, said):
    with translation.override(language):
        reading = pair(lambda c: state(c, 1)["advpax"].__setitem__(0, "pilot"))
        told = reading.corrections
        assert said in [sentence.replace("\u00a0", " ") for sentence in told]
        _name, pdf = summary_pdf(reading, reader="Ama Example")
        _name, book = workbook.summary_workbook(reading, reader="Ama Example")
        document = word.made_with(own_template(), reading, reader="Ama Example")
        title = reading.corrections_title
    printed, written = pdf_text(pdf), body_text(document)
    rows = [row[0].value for row in openpyxl.load_workbook(io.BytesIO(book)).worksheets[-2].iter_rows()]
    assert rows == [title, *told]
    for sentence in (title, *told):
        assert " ".join(sentence.split()) in printed
        assert " ".join(sentence.split()) in written


def test_no_change_is_said_and_many_are_cut():
    assert pair().corrections[-1] == "No figure is another one now."

    def all_of_them(content):
        for row in content["states"]:
            row["areas"] = dict.fromkeys(row["areas"], 4.0)

    told = pair(all_of_them, states=60).corrections
    assert len(told) == MOST_CHANGES + 2
    assert told[-1].startswith("Further changes: ")
    assert Reading(invented_summary()).corrections == []


# -- Which one it follows ----------------------------------------------------------------------------------------------


def test_it_follows_what_every_member_could_read_even_if_it_is_withdrawn_since(world):  # noqa: F811
    first = released_one(world)
    assert access.followed_by(first) is None
    draft = built(world)
    other_scope = built(world, scope="pnr")
    actions.withdraw(summary=first, by=world.viewer("secretariat"))
    later = built(world)
    assert access.followed_by(later) == first
    assert access.followed_by(draft) == first
    assert access.followed_by(other_scope) is None
    page = plain(world.client("chair").get(address(later)))
    assert f"Compared with summary {first.code}" in page
    assert "No figure is another one now." in page
    assert f"It follows summary {first.code}" in pdf_text(world.client("chair").get(address(later, "en.pdf")).content)


@pytest.mark.django_db
def test_what_was_only_a_draft_is_followed_by_none(cast):
    frozen_summary(cast.person("secretariat"), state="draft")
    frozen_summary(cast.person("secretariat"), state="approved")
    later = frozen_summary(cast.person("secretariat"))
    assert access.followed_by(later) is None
    assert Summary.objects.count() == 3


@pytest.mark.django_db
def test_when_an_old_one_was_released_is_taken_from_the_log(cast):
    """What was there before the column: withdrawn after its release, and withdrawn as a draft."""
    was_out, never_out = (frozen_summary(cast.person("secretariat"), state="withdrawn") for _n in range(2))
    event = record("summary.released", by=cast.person("secretariat"), target=was_out)
    migration = importlib.import_module("iwg_portal.summaries.migrations.0003_released_at")
    migration.take_from_the_log(apps, None)
    for summary, at in ((was_out, event.at), (never_out, None)):
        summary.refresh_from_db()
        assert summary.released_at == at
