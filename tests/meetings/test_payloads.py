"""Every payload in the text fields of meetings, agendas, proposals, groups, turns and lists of names: text and no more.

Registration and attendance have no field of words: what they show are names, what they refuse is never repeated live.
"""

import pytest

from meetings.actions.registration import nominate
from meetings.models import AgendaItem, Meeting, Turn
from tests.factories import GroupFactory, ItemFactory, MeetingFactory, MemberStateFactory, person_with
from tests.meetings.payloads import PAYLOADS, is_harmless, packed

pytestmark = pytest.mark.django_db
EVERYTHING = " ".join(PAYLOADS)


def meeting(cast):
    for text in packed(200):
        made = MeetingFactory(title=text, place=text)
    form = {
        "title": packed(200)[0],
        "place": EVERYTHING,
        "zone": EVERYTHING,
        "link": EVERYTHING,
        "first_day": EVERYTHING,
    }
    yield cast.client("secretariat").post("/meetings/new/", form)
    for address in ("/meetings/", "/meetings/groups/plenary/", f"/meetings/{made.pk}/", f"/meetings/{made.pk}/change/"):
        yield cast.client("secretariat").get(address)
    assert Meeting.objects.count() == len(packed(200))


def item(cast):
    made = MeetingFactory()
    base = f"/meetings/{made.pk}/"
    for text, lead in zip(packed(200), packed(150), strict=False):
        kept = ItemFactory(meeting=made, title=text, lead=lead, note=EVERYTHING)
    yield cast.client("chair").post(f"{base}agenda/", {"do": "add", "title": EVERYTHING, "note": EVERYTHING})
    for address in ("", "agenda/", "agenda/print/", f"agenda/{kept.pk}/", "record/projector/"):
        yield cast.client("chair").get(base + address)


def proposal(cast):
    made = MeetingFactory()
    address = f"/meetings/{made.pk}/agenda/propose/"
    for text in packed(200):
        form = {"state": cast.own.pk, "title": text, "note": EVERYTHING, "minutes": "30", "language": "en"}
        assert cast.client("own_delegate").post(address, form).status_code == 302
    yield cast.client("own_delegate").post(address, {"title": EVERYTHING, "note": EVERYTHING, "minutes": EVERYTHING})
    assert AgendaItem.objects.filter(status="proposed").count() == len(packed(200))
    AgendaItem.objects.update(status="declined", decline_reason=packed(500)[0])
    AgendaItem.objects.filter(title=packed(200)[0]).update(status="proposed", decline_reason="")
    yield cast.client("chair").get(f"/meetings/{made.pk}/agenda/")
    yield cast.client("own_delegate").get(f"/meetings/{made.pk}/")


def group(cast):
    for number, text in enumerate(packed(120)):
        made = GroupFactory(key=f"group-{number}", kind="webinar", name_en=text, name_fr=text, name_pt=text)
    names = {f"name_{language}": EVERYTHING for language in ("en", "fr", "pt")}
    yield cast.client("secretariat").post("/meetings/groups/new/", {"key": EVERYTHING, **names})
    for address in ("/meetings/", "/meetings/new/", f"/meetings/groups/{made.key}/", "/meetings/hand-over/"):
        yield cast.client("secretariat").get(address)


def turn(cast):
    for year, text in enumerate(packed(300), start=2026):
        form = {"do": "plan", "kind": "chair", "state": cast.own.pk, "note": text}
        days = {"starts_on": f"{year}-06-01", "last_day": f"{year + 1}-05-31"}
        cast.client("secretariat").post("/meetings/rotation/", {**form, **days})
    assert Turn.objects.count() == len(packed(300))
    yield cast.client("secretariat").post("/meetings/rotation/", {**form, "note": EVERYTHING, "starts_on": EVERYTHING})
    yield cast.client("own_delegate").get("/meetings/rotation/")


def registration(cast):
    made = MeetingFactory()
    for text in packed(150):
        person = person_with("delegate", state=cast.own, person={"full_name": text})
        nominate(meeting=made, person=person, state=cast.own, by=cast.viewer("own_focal_point"))
    address = f"/meetings/{made.pk}/registration/"
    yield cast.client("own_delegate").post(address, {"do": "answer", "answer": EVERYTHING})
    for part in ("own_focal_point", "secretariat"):
        yield cast.client(part).get(address)


def attendance(cast):
    made = MeetingFactory(state="running")
    for text in packed(90):
        MemberStateFactory(label=text)
    address = f"/meetings/{made.pk}/attendance/"
    yield cast.client("secretariat").post(address, {"do": "late", "who": f"s{cast.own.pk}", "since": EVERYTHING})
    yield cast.client("own_delegate").post(address, {"do": "declare", "state": cast.own.pk, "since": EVERYTHING})
    yield cast.client("secretariat").get(address)


@pytest.mark.parametrize("field", [meeting, item, proposal, group, turn, registration, attendance])
def test_no_text_becomes_markup(cast, field):
    shown = ""
    for answer in field(cast):
        assert answer.status_code == 200
        page = answer.content.decode()
        assert is_harmless(page)
        shown += page
    assert "&lt;script&gt;evil" in shown


def test_there_are_sixty_of_them_and_all_are_packed():
    assert len(set(PAYLOADS)) >= 60
    for most in (60, 90, 200, 2000):
        assert " ".join(packed(most)) == EVERYTHING
        assert max(map(len, packed(most))) <= most


@pytest.mark.parametrize(
    "page",
    [
        "<p><script>evil(1)</script>", "<img src=x onerror=evil(1)>", '<a href=" javascript:evil(1)">x</a>',
        '<div data-hx-get="/evil">', "<p style='background:url(//evil.invalid)'>", "<!-- evil -->", "<p>1338evil</p>",
        "<iframe src=//evil.invalid>", "<script/evil>",
    ],
)  # fmt: skip
def test_what_comes_alive_is_noticed(page):
    with pytest.raises(AssertionError):
        assert is_harmless(page)
