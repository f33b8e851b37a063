"""The secretariat decides when the portal reminds and what it adds to the mail; nobody else does."""

import datetime as dt
import re

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import translation

from iwg_portal.activity.models import Event
from iwg_portal.reminders import keeping, plans
from iwg_portal.reminders.models import ReminderPlan
from iwg_portal.reminders.registry import REMINDERS
from tests.base.uploading import td3
from tests.factories import MeetingFactory
from tests.reminders.world import action, at, days, tick

pytestmark = pytest.mark.django_db
URL = "/mail/reminders/meetings.action/"
DUE = dt.date(2026, 6, 30)  # a Tuesday
NOTES = {"note_en": "Ask us.", "note_fr": "Adressez-vous à nous.", "note_pt": "Dirija-se a nós."}
FORM = {"do": "keep", "version": "0", "before": "10", "after": "5, 2", "on_the_day": "on", "every": "4", **NOTES}


@pytest.fixture
def secretariat(cast):
    return cast.client("secretariat")


def text(answer):
    return re.sub(r"\s+", " ", answer.content.decode())


def told(start, count):
    """On which days somebody got a mail."""
    return [moment.date() for moment in days(start, count) if tick(moment)]


def test_steps_that_are_kept_are_the_ones_that_remind(cast, secretariat):
    holder = cast.person("own_delegate")
    assert secretariat.post(URL, FORM).status_code == 302
    action(DUE, holder, cast.own)
    assert told(dt.date(2026, 6, 15), 30) == [
        dt.date(2026, 6, 22),  # ten days before is a Saturday: the Monday after
        dt.date(2026, 6, 30),
        dt.date(2026, 7, 2),
        dt.date(2026, 7, 6),  # five days after is a Sunday
        dt.date(2026, 7, 9),
        dt.date(2026, 7, 13),
    ]


def test_the_words_stand_once_in_her_mail_in_her_language(cast, secretariat):
    holder = cast.person("own_delegate")
    holder.language = "fr"
    holder.save(update_fields=["language"])
    assert secretariat.post(URL, FORM).status_code == 302
    action(DUE, holder, cast.own)
    action(DUE, holder, cast.own)
    ((_who, _subject, words),) = tick(at(2026, 6, 30, 9))
    assert words.count("Adressez-vous à nous.") == 1
    assert "Ask us." not in words


def test_words_of_another_kind_stand_in_no_mail(cast, secretariat):
    cast.person("own_delegate")
    assert (
        secretariat.post("/mail/reminders/meetings.silence/", {"do": "keep", "version": "0", **NOTES}).status_code
        == 302
    )
    action(DUE, cast.person("own_delegate"), cast.own)
    ((_who, _subject, words),) = tick(at(2026, 6, 30, 9))
    assert "Ask us." not in words


def test_markup_in_the_words_stays_text(cast, secretariat):
    evil = dict.fromkeys(NOTES, "<b onclick=x>& come</b>")
    assert secretariat.post(URL, {**FORM, **evil}).status_code == 302
    assert "<b onclick" not in text(secretariat.get("/mail/reminders/"))
    assert "<b onclick" not in text(secretariat.get(URL))


def test_the_page_says_every_kind_and_its_steps(secretariat):
    page = text(secretariat.get("/mail/reminders/"))
    for reminder in REMINDERS.values():
        assert f"/mail/reminders/{reminder.name}/" in page
    assert "14 days before · 3 days before · on the day · 7 days after" in page
    assert "then again every 30 days" in page


def test_back_to_what_the_portal_has(cast, secretariat):
    assert secretariat.post(URL, FORM).status_code == 302
    assert plans.steps("meetings.action").offsets == (-10, 0, 2, 5)
    assert "changed by the secretariat" in text(secretariat.get("/mail/reminders/"))
    assert secretariat.post(URL, {"do": "restore"}).status_code == 302
    assert plans.steps("meetings.action").offsets == (-14, -3, 0, 7, 14, 21, 28)
    assert "changed by the secretariat" not in text(secretariat.get("/mail/reminders/"))
    assert "changed when the portal reminds: Action point." in text(secretariat.get("/activity/"))
    kinds = Event.objects.filter(kind__startswith="reminder.").order_by("pk")
    assert list(kinds.values_list("kind", flat=True)) == ["reminder.plan_kept", "reminder.plan_restored"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"before": "ten"}, "“ten” is not a number of days from 1 to 90."),
        ({"before": "-3"}, "“-3” is not a number of days"),
        ({"before": "91"}, "“91” is not a number of days"),
        ({"after": "0"}, "“0” is not a number of days"),
        ({"after": "²"}, "“²” is not a number of days"),
        ({"before": "", "after": "", "on_the_day": ""}, "Give at least one step"),
        ({"before": "1 2 3 4 5 6", "after": "1 2 3 4 5 6"}, "At most 12 steps."),
        ({"every": "366"}, "365"),
        ({"note_fr": ""}, "Write it in all three languages, or in none."),
        ({"note_pt": "a" * 301}, "300"),
        ({"note_pt": "a\0b"}, "Null"),
    ],
)
def test_what_is_wrong_is_said_and_the_rest_is_kept(secretariat, wrong, said):
    answer = secretariat.post(URL, {**FORM, **wrong})
    assert answer.status_code == 422
    assert said in text(answer)
    if "note_en" not in wrong:
        assert "Ask us." in text(answer)
    assert not ReminderPlan.objects.exists()


def test_of_two_who_write_the_second_hears_of_the_first(cast, secretariat):
    assert secretariat.post(URL, FORM).status_code == 302
    late = secretariat.post(URL, {**FORM, "before": "20"})
    assert late.status_code == 422
    assert "Somebody changed this while you wrote." in text(late)
    assert 'value="20"' in text(late)
    assert "10 days before" in text(late)
    assert plans.steps("meetings.action").offsets == (-10, 0, 2, 5)
    version = re.search(r'name="version" value="(\d+)"', text(late))
    assert version
    assert secretariat.post(URL, {**FORM, "before": "20", "version": version[1]}).status_code == 302
    assert plans.steps("meetings.action").offsets == (-20, 0, 2, 5)


def test_a_kind_whose_days_follow_from_the_thing_has_words_only(secretariat):
    page = text(secretariat.get("/mail/reminders/meetings.silence/"))
    assert 'name="note_en"' in page
    assert 'name="before"' not in page
    assert secretariat.get("/mail/reminders/nothing/").status_code == 404


def test_a_kind_that_counts_to_a_day_takes_no_step_after_it(secretariat):
    url = "/mail/reminders/meetings.to_announce/"
    page = text(secretariat.get(url))
    assert 'name="before"' in page
    assert 'name="after"' not in page
    assert secretariat.post(url, {"do": "keep", "version": "0", "before": "9", "after": "3"}).status_code == 302
    assert plans.steps("meetings.to_announce").offsets == (-9,)


def test_a_status_is_not_called_a_year_old_before_it_is(secretariat):
    url = "/mail/reminders/capabilities.status/"
    assert 'name="on_the_day"' not in text(secretariat.get(url))
    answer = secretariat.post(url, {"do": "keep", "version": "0", "after": "30, 400", "every": "60"})
    assert "“30” is not a number of days from 365 to 1095." in text(answer)
    assert secretariat.post(url, {"do": "keep", "version": "0", "after": "400", "every": "60"}).status_code == 302
    assert plans.steps("capabilities.status")[:2] == ((400,), 60)


def test_a_record_is_asked_for_again_and_again_where_the_secretariat_says_so(cast, secretariat):
    """Every kind that offers the field heeds it."""
    url = "/mail/reminders/meetings.to_circulate/"
    assert secretariat.post(url, {"do": "keep", "version": "0", "after": "3", "every": "7"}).status_code == 302
    MeetingFactory(state="running", starts_at=at(2026, 6, 1, 9), ends_at=at(2026, 6, 1, 17))
    assert told(dt.date(2026, 6, 2), 20) == [dt.date(2026, 6, 4), dt.date(2026, 6, 11), dt.date(2026, 6, 18)]


@pytest.mark.parametrize(("offsets", "every"), [([0, -3], 0), ([], 0), ([-3, -3], 0), ([-91], 0), ([91], 0)])
def test_no_caller_keeps_steps_that_mean_nothing(cast, offsets, every):
    with pytest.raises(ValueError, match="does not allow"):
        keeping.keep_plan(
            reminder=REMINDERS["meetings.action"],
            offsets=offsets,
            every=every,
            notes=dict.fromkeys(("en", "fr", "pt"), ""),
            version=0,
            by=cast.viewer("secretariat"),
        )


@pytest.mark.parametrize("part", ["chair", "administrator", "own_focal_point"])
def test_nobody_else_decides(cast, part):
    viewer = cast.viewer(part)
    with pytest.raises(PermissionDenied):
        keeping.keep_plan(
            reminder=REMINDERS["meetings.action"], offsets=[0], every=0, notes=dict.fromkeys(("en", "fr", "pt"), ""),
            version=0, by=viewer,
        )  # fmt: skip
    with pytest.raises(PermissionDenied):
        keeping.restore_plan(reminder=REMINDERS["meetings.action"], by=viewer)


def test_the_database_holds_to_all_languages_or_none():
    with pytest.raises(IntegrityError), transaction.atomic():
        ReminderPlan.objects.create(kind="meetings.action", offsets=[0], note_en="Alone")
    with pytest.raises(IntegrityError), transaction.atomic():
        ReminderPlan.objects.create(kind="meetings.action", offsets=list(range(13)))


def test_words_with_passenger_data_are_refused_at_their_field(secretariat):
    answer = secretariat.post(URL, FORM | {"note_en": td3()})
    assert answer.status_code == 422
    assert not ReminderPlan.objects.exists()
    assert "machine-readable" in text(answer)


# -- The portal's own sentences ---------------------------------------------------------------------------------------

OWN = {
    "says_own_en": "Please act: {day}.",
    "says_own_fr": "Merci d’agir : {day}.",
    "says_own_pt": "Queira agir: {day}.",
}


def test_a_sentence_of_the_secretariat_stands_in_place_of_the_portals(cast, secretariat):
    holder = cast.person("own_delegate")
    holder.language = "pt"
    holder.save(update_fields=["language"])
    assert secretariat.post(URL, {**FORM, **OWN}).status_code == 302
    action(DUE, holder, cast.own)
    action(DUE, None, cast.own)
    mails = {who: words for who, _subject, words in tick(at(2026, 6, 30, 9))}
    assert "Queira agir: 30 de junho de 2026." in mails[holder]
    shown = text(secretariat.get(URL))
    assert "Please act: {day}." in shown
    assert "The portal’s own: An action point that you hold is due on {day}." in shown
    assert secretariat.post(URL, {"do": "restore"}).status_code == 302
    assert "Please act" not in text(secretariat.get(URL))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"says_own_fr": ""}, "Write it in all three languages, or in none."),
        ({"says_own_en": "Please act."}, "Say also {day}"),
        ({"says_own_en": "Please act: {day} {title}."}, "The portal has nothing to put in place of {title}"),
        ({"says_own_en": "{day}" + "a" * 300}, "300"),
    ],
)
def test_a_sentence_that_cannot_be_said_is_refused_at_its_field_and_nothing_is_lost(secretariat, wrong, said):
    answer = secretariat.post(URL, {**FORM, **OWN, **wrong})
    assert answer.status_code == 422
    page = text(answer)
    assert said in page
    assert "Queira agir: {day}." in page
    assert '<details class="iwg-details" open>' in page
    assert not ReminderPlan.objects.exists()


def test_what_stands_in_a_sentence_is_text_and_no_template(cast, secretariat):
    evil = {name: words + " %(day)s {{ title }} {day.year} {0} 100 %" for name, words in OWN.items()}
    assert secretariat.post(URL, {**FORM, **evil}).status_code == 422  # {title} is no place of this sentence
    evil = {name: words + " %(day)s %s {day.year} { } 100 % <b>" for name, words in OWN.items()}
    assert secretariat.post(URL, {**FORM, **evil}).status_code == 302
    action(DUE, cast.person("own_delegate"), cast.own)
    ((_who, _subject, words),) = tick(at(2026, 6, 30, 9))
    assert "Please act: 30 June 2026. %(day)s %s {day.year} { } 100 % <b>" in words


@pytest.mark.parametrize("language", ["en", "fr", "pt"])
def test_every_sentence_of_the_portal_has_its_places_in_every_language(language):
    for reminder in REMINDERS.values():
        assert reminder.says
        for name, sentence in reminder.says.items():
            wanted = plans.places(sentence)
            with translation.override(language):
                assert sorted(plans.places(sentence)) == sorted(wanted), (reminder.name, name)
                said = plans.Sayings(reminder, {})(name, **dict.fromkeys(wanted, "42"))
            assert "%(" not in said


def test_the_database_keeps_no_sentence_in_one_language_alone():
    row = ReminderPlan.objects.create(kind="meetings.action", offsets=[0])
    with pytest.raises(IntegrityError), transaction.atomic():
        row.sentences.create(name="own", text_en="Please act: {day}.", text_fr="", text_pt="")


def test_no_caller_keeps_a_sentence_that_the_kind_does_not_have(cast):
    with pytest.raises(ValueError, match="other"):
        keeping.keep_plan(
            reminder=REMINDERS["meetings.action"],
            offsets=[0],
            every=0,
            notes={"en": "", "fr": "", "pt": ""},
            sentences={"other": dict.fromkeys(("en", "fr", "pt"), "x")},
            version=0,
            by=cast.viewer("secretariat"),
        )
