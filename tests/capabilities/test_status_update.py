"""A new status: form, preview, confirmation; nothing typed is lost and nothing is reported twice."""

import datetime as dt
import re

import pytest
from django.utils import timezone

from capabilities.models import StatusReport
from iwg_portal.activity.models import Event
from tests.factories import (
    EditionFactory,
    IndicatorFactory,
    MemberStateFactory,
    RoundFactory,
    StatusReportFactory,
    declare,
    framework,
)
from tests.factories.capabilities import AreaFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(cast):
    framework()
    cast.first = StatusReportFactory(state=cast.own, legal="adopted", delivery="development")
    cast.url = f"/states/{cast.own.alpha2.lower()}/status/advpax/"
    return cast


def typed(**changes):
    values = {
        "legal": "in_force",
        "delivery": "pilot",
        "as_of": "2025-03-31",
        "since": "2025-03-01",
        "reason": "The pilot began at the main airport.",
        "source": "Decree 12",
    }
    return values | changes


def words(response):
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def hidden(response):
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', response.content.decode())
    return {name: value for name, value in found if name not in ("csrfmiddlewaretoken", "next")}


def confirm(world, part="own_focal_point", **changes):
    """Preview, then confirm with exactly what the preview's form holds."""
    client = world.client(part)
    preview = client.post(world.url, typed(**changes))
    return client.post(world.url, {**hidden(preview), "step": "confirm"}, follow=True)


def test_the_form_offers_both_axes_with_their_meaning_and_today(world):
    page = world.client("own_focal_point").get(world.url)
    html = page.content.decode()
    assert 'name="legal"' in html
    assert 'value="op_interactive"' in html
    assert 'value="op_full"' not in html  # a step of the other ladder
    assert f'value="{timezone.localdate().isoformat()}"' in html
    assert re.search(r'value="development"[^>]* checked', html)
    assert "API status of Ownland" in words(page)


def test_the_words_of_the_framework_explain_each_choice(world):
    from capabilities.models import LadderStep

    LadderStep.objects.create(
        edition=EditionFactory(), ladder="advpax", code="pilot", order=4, label_en="Pilot", meaning_en="On trial."
    )
    page = words(world.client("own_focal_point").get(world.url))
    assert "Pilot On trial." in page


def test_the_preview_shows_old_and_new_and_who_sees_it_and_writes_nothing(world):
    for part in ("observer", "partner", "other_delegate"):
        world.person(part)
    page = world.client("own_focal_point").post(world.url, typed())
    text = words(page)
    assert "Shown as development → pilot" in text
    assert "Stated as of 31 December 2024 → 31 March 2025" in text
    assert "The pilot began at the main airport." in text
    assert "member states, observer states, partner organisations and the secretariat: 3 states, 4 people" in text
    assert StatusReport.objects.count() == 1


def test_the_derived_label_is_shown(world):
    page = world.client("own_focal_point").post(world.url, typed(delivery="planned"))
    assert "Shown as development → legal_basis" in words(page)


def test_confirming_reports_and_gives_a_receipt_with_the_servers_time(world):
    page = confirm(world)
    assert page.redirect_chain[-1][0] == f"/states/{world.own.alpha2.lower()}/"
    assert re.search(r"On the server \d\d:\d\d:\d\d [A-Z]+. API status of Ownland: pilot", words(page))
    report = StatusReport.objects.get(is_current=True)
    assert (report.delivery, report.legal, report.as_of) == ("pilot", "in_force", dt.date(2025, 3, 31))
    assert (report.since, report.source) == (dt.date(2025, 3, 1), "Decree 12")
    assert report.by == world.person("own_focal_point")
    assert not report.on_behalf
    assert StatusReport.objects.filter(pk=world.first.pk, is_current=False).exists()
    event = Event.objects.get(kind="status.reported")
    assert event.target_id == str(report.pk)
    assert "pilot" not in f"{event.target_label} {event.data}"


def test_the_secretariat_reports_on_behalf_and_it_is_marked(world):
    page = world.client("secretariat").get(world.url)
    assert "You report on behalf of Ownland" in words(page)
    confirm(world, "secretariat")
    report = StatusReport.objects.get(is_current=True)
    assert report.on_behalf
    assert Event.objects.filter(kind="status.reported_on_behalf", target_id=str(report.pk)).exists()
    profile = words(world.client("other_delegate").get(f"/states/{world.own.alpha2.lower()}/"))
    assert "Recorded by the secretariat on behalf of the state." in profile


def test_back_keeps_everything_typed(world):
    client = world.client("own_focal_point")
    reason = 'Two lines,\n"quoted" & <b>bold</b>'
    preview = client.post(world.url, typed(reason=reason, since="1/3/2025"))
    back = client.post(world.url, {**typed(reason=reason, since="1/3/2025"), **{"step": "back"}})
    html = back.content.decode()
    assert "&lt;b&gt;bold&lt;/b&gt;" in preview.content.decode()
    assert "Two lines,\n&quot;quoted&quot; &amp; &lt;b&gt;bold&lt;/b&gt;</textarea>" in html
    assert 'value="1/3/2025"' in html
    assert 'value="Decree 12"' in html
    assert re.search(r'value="pilot"[^>]* checked', html)
    assert "iwg-errors" not in html


@pytest.mark.parametrize("written", ["2025-03-31", "31/03/2025", "31.03.2025"])
@pytest.mark.parametrize("language", ["en", "fr", "pt"])
def test_a_date_in_iso_or_in_the_readers_order(world, written, language):
    person = world.person("own_focal_point")
    person.language = language
    person.save()
    confirm(world, as_of=written)
    assert StatusReport.objects.get(is_current=True).as_of == dt.date(2025, 3, 31)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"as_of": "1899-12-31"}, "The date lies before 1990."),
        ({"as_of": "2999-01-01"}, "The date lies in the future."),
        ({"since": "1899-12-31"}, "The date lies before 1990."),
        ({"since": "2025-04-01"}, "A status cannot begin after the day to which the report refers."),
        ({"as_of": "31 of March"}, "This is not a date."),
        ({"as_of": "2025-02-30"}, "This is not a date."),
        ({"as_of": ""}, "Give the day."),
        ({"reason": " "}, "Say in a sentence what changed."),
        ({"reason": "x" * 2001}, "at most 2000 characters"),
        ({"source": "x" * 301}, "at most 300 characters"),
        ({"delivery": "op_full"}, "op_full"),
        ({"delivery": "legal_basis"}, "legal_basis"),
        ({"legal": ""}, "Choose where the law stands."),
        ({"delivery": ""}, "Choose how far the system is."),
    ],
)
@pytest.mark.parametrize("step", ["preview", "confirm"])
def test_bad_values_are_named_and_the_rest_is_kept(world, changes, sentence, step):
    values = typed(**changes) | {"step": step, "seen": world.first.pk}
    page = world.client("own_focal_point").post(world.url, values)
    assert page.status_code == 200
    assert sentence in words(page)
    assert "iwg-errors" in page.content.decode()
    for name, value in typed().items():
        if name not in changes:
            assert value in page.content.decode()
    assert StatusReport.objects.count() == 1


def test_somebody_reported_meanwhile_and_nothing_is_lost(world):
    client = world.client("own_focal_point")
    fields = hidden(client.post(world.url, typed()))
    StatusReportFactory(state=world.own, delivery="op_batch", as_of=dt.date(2025, 2, 1))
    page = client.post(world.url, {**fields, "step": "confirm"})
    assert "Somebody reported another status meanwhile" in words(page)
    assert "What holds now is “op_batch”" in words(page)
    assert "Shown as op_batch → pilot" in words(page)
    assert StatusReport.objects.count() == 2
    again = client.post(world.url, {**hidden(page), "step": "confirm"})
    assert again.status_code == 302
    assert StatusReport.objects.get(is_current=True).delivery == "pilot"


def test_the_preview_already_says_that_somebody_reported_meanwhile(world):
    client = world.client("own_focal_point")
    fields = hidden(client.get(world.url))
    StatusReportFactory(state=world.own, delivery="op_batch", as_of=dt.date(2025, 2, 1))
    page = client.post(world.url, typed() | fields)
    assert "Somebody reported another status meanwhile" in words(page)


@pytest.mark.parametrize("as_of", ["2025-03-31", "2023-06-30"])
def test_the_button_pressed_twice_reports_once(world, as_of):
    """Also for an earlier day, where the current status does not change."""
    client = world.client("own_focal_point")
    fields = hidden(client.post(world.url, typed(as_of=as_of, since="")))
    answers = [client.post(world.url, {**fields, "step": "confirm"}, follow=True) for _ in range(2)]
    assert StatusReport.objects.count() == 2
    for answer in answers:
        assert "On the server" in words(answer)
        assert "Somebody reported" not in words(answer)
    assert Event.objects.filter(kind="status.reported").count() == 1


def test_the_same_report_by_somebody_else_is_no_double(world):
    fields = hidden(world.client("own_focal_point").post(world.url, typed()))
    confirm(world, "secretariat")
    page = world.client("own_focal_point").post(world.url, {**fields, "step": "confirm"})
    assert "Somebody reported another status meanwhile" in words(page)


@pytest.mark.parametrize("seen", ["", "x", "²", "9" * 30])
def test_a_confirmation_that_lost_what_was_seen_gets_the_preview(world, seen):
    page = world.client("own_focal_point").post(world.url, typed() | {"step": "confirm", "seen": seen})
    assert "Nothing is reported yet" in words(page)
    assert StatusReport.objects.count() == 1


def test_an_earlier_day_goes_into_the_history(world):
    preview = world.client("own_focal_point").post(world.url, typed(as_of="2023-06-30", since=""))
    assert "speaks of an earlier day than the status that holds" in words(preview)
    page = confirm(world, as_of="2023-06-30", since="")
    assert "kept in the history; the later status still holds" in words(page)
    assert StatusReport.objects.get(is_current=True) == world.first


def test_the_first_report_of_a_state(world):
    world.url = world.url.replace("advpax", "pnr")
    page = world.client("own_focal_point").get(world.url)
    assert "Now shown as “No report”" in words(page)
    confirm(world, delivery="op_partial")
    assert StatusReport.objects.get(kind="pnr").is_current


class TestDoubts:
    """Notes on what does not fit together; they stop nobody."""

    def doubts(self, world, kind="advpax", **changes):
        world.url = world.url.replace("advpax", kind)
        page = world.client("own_focal_point").post(world.url, typed(**changes))
        assert 'value="confirm"' in page.content.decode()
        return words(page)

    def levels(self, world, **levels):
        area = AreaFactory(edition=EditionFactory(), order=50, code="X")
        for number, code in enumerate(("TEC-3", "IND-4")):
            IndicatorFactory(area=area, code=code, order=number + 1)
        declare(world.own, RoundFactory(year=2023), {code.replace("_", "-"): 4 for code in levels})
        declare(world.own, RoundFactory(year=2024), {code.replace("_", "-"): v for code, v in levels.items()})

    def test_operational_without_a_law_in_force(self, world):
        said = "no law is reported as in force"
        assert said in self.doubts(world, legal="adopted", delivery="op_batch")
        assert said not in self.doubts(world, legal="in_force", delivery="op_batch")
        assert said not in self.doubts(world, legal="adopted", delivery="pilot")

    def test_interactive_while_the_self_assessment_says_otherwise(self, world):
        self.levels(world, TEC_3=2)
        assert "gives TEC-3 level 2" in self.doubts(world, delivery="op_interactive")
        assert "TEC-3" not in self.doubts(world, delivery="op_batch")

    def test_interactive_that_fits(self, world):
        self.levels(world, TEC_3=3)
        assert "TEC-3" not in self.doubts(world, delivery="op_interactive")

    def test_most_traffic_while_the_self_assessment_says_otherwise(self, world):
        self.levels(world, IND_4=1)
        assert "gives IND-4 level 1" in self.doubts(world, "pnr", delivery="op_full")

    def test_nothing_declared_raises_no_doubt(self, world):
        assert "Please check" not in self.doubts(world, delivery="op_interactive")

    def test_a_step_down(self, world):
        assert "a step down" in self.doubts(world, delivery="none", legal="none")
        assert "a step down" not in self.doubts(world)
        assert "a step down" not in self.doubts(world, delivery="suspended")


class TestWho:
    """Not visible is 404, visible but not allowed is 403; reading the form and sending it answer alike."""

    @pytest.mark.parametrize(
        ("part", "status"),
        [
            ("anonymous", 302),
            ("stranger", 404),
            ("ex_member", 404),
            ("observer", 403),
            ("partner", 403),
            ("other_delegate", 403),
            ("own_delegate", 403),
            ("own_focal_point", 200),
            ("chair", 403),
            ("secretariat", 200),
            ("administrator", 403),
        ],
    )
    def test_status_code(self, world, part, status):
        client = world.client(part)
        assert client.get(world.url).status_code == status
        assert client.post(world.url, typed()).status_code == status
        confirmed = client.post(world.url, typed() | {"step": "confirm", "seen": world.first.pk})
        assert confirmed.status_code == (302 if status == 200 else status)
        assert StatusReport.objects.count() == (2 if status == 200 else 1)

    def test_a_focal_point_of_another_state(self, world):
        other = MemberStateFactory(label="Elsewhere")
        url = f"/states/{other.alpha2.lower()}/status/advpax/"
        assert world.client("own_focal_point").get(url).status_code == 403

    @pytest.mark.parametrize("part", ["own_focal_point", "secretariat"])
    def test_an_observer_state_an_unknown_state_and_an_unknown_kind(self, world, part):
        client = world.client(part)
        observer = world.observing.alpha2.lower()
        own = world.own.alpha2.lower()
        for path in (f"{observer}/status/advpax", "zz/status/advpax", f"{own}/status/api", f"{own}/status/both"):
            assert client.get(f"/states/{path}/").status_code == 404

    def test_a_term_that_ended_ends_the_right_at_the_next_request(self, world):
        client = world.client("own_focal_point")
        assert client.get(world.url).status_code == 200
        world.person("own_focal_point").terms.update(ends_on=timezone.localdate())
        assert client.get(world.url).status_code == 404
