"""The pages about people: who finds whom, what each may read of her, her own account."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from iwg_portal.activity.models import Event
from members.enums import Role
from tests.cast import PARTS
from tests.factories import PersonFactory, person_with

pytestmark = pytest.mark.django_db
PEOPLE = [part for part in PARTS if part != "anonymous"]
# Whom each part finds on the list, besides herself; typed from the group's access table.
FINDS = {
    "other_delegate": set(),
    "own_delegate": {"own_focal_point"},
    "own_focal_point": {"own_delegate", "ex_member"},
    "secretariat": set(PEOPLE),
    "administrator": set(PEOPLE),
}


@pytest.fixture
def crowd(cast):
    for part in PEOPLE:
        cast.person(part)
    return cast


@pytest.mark.parametrize("part", PEOPLE)
def test_list_equals_detail(crowd, part):
    client = crowd.client(part)
    page = client.get(reverse("people"))
    assert page.status_code == (200 if part in FINDS else 404)
    for other in PEOPLE:
        person = crowd.person(other)
        expected = other == part or other in FINDS.get(part, set())
        detail = client.get(reverse("person", args=[person.pk]))
        assert (detail.status_code == 200) == expected, other
        if page.status_code == 200:
            row = f'href="{reverse("person", args=[person.pk])}"'
            assert (row in page.content.decode()) == expected, other


@pytest.mark.parametrize("part", PEOPLE)
def test_no_id_of_another_delegation_opens_anything(crowd, part):
    """Each address with the id of somebody whom she does not see answers as for an id that does not exist."""
    client = crowd.client(part)
    for other in PEOPLE:
        if other == part or other in FINDS.get(part, set()):
            continue
        person = crowd.person(other)
        addresses = [("post", reverse("person_change", args=[person.pk]))]
        for term in person.terms.all():
            addresses += [(verb, reverse("term_move", args=[term.pk])) for verb in ("get", "post")]
            addresses.append(("post", reverse("term_end", args=[term.pk])))
        for verb, address in addresses:
            assert getattr(client, verb)(address, {"do": "deactivate"}).status_code == 404, address
        person.refresh_from_db()
        assert person.is_active


def test_verbs_without_the_right_are_refused(crowd):
    person = crowd.person("own_delegate")
    for part in ("own_delegate", "own_focal_point", "secretariat"):
        for do in ("deactivate", "reactivate"):
            answer = crowd.client(part).post(reverse("person_change", args=[person.pk]), {"do": do})
            assert answer.status_code == 403
        page = crowd.client(part).get(reverse("person", args=[person.pk])).content.decode()
        assert "End this office" not in page
        assert "Close the account" not in page


def test_an_administrator_closes_and_opens(crowd):
    person, client = crowd.person("own_delegate"), crowd.client("administrator")
    address = reverse("person_change", args=[person.pk])
    for do, active in (("deactivate", False), ("reactivate", True)):
        assert client.post(address, {"do": do}).url == reverse("person", args=[person.pk])
        person.refresh_from_db()
        assert person.is_active is active


def test_telephone_and_sign_in_are_for_few(crowd):
    person = crowd.person("own_delegate")
    person.phone = "+000 123"
    person.save()
    reads_phone, reads_sign_in = set(), set()
    for part in ("own_delegate", "own_focal_point", "secretariat", "administrator"):
        page = crowd.client(part).get(reverse("person", args=[person.pk])).content.decode()
        if "+000 123" in page:
            reads_phone.add(part)
        if "Last signed in" in page:
            reads_sign_in.add(part)
    assert reads_phone == {"own_delegate", "own_focal_point", "secretariat"}
    assert reads_sign_in == {"own_delegate", "administrator"}


def test_filters(crowd):
    PersonFactory(full_name="Closed Person", is_active=False)
    client = crowd.client("administrator")

    def names(**choice):
        page = client.get(reverse("people"), choice).content.decode()
        return {str(crowd.person(part)) for part in PEOPLE if f">{crowd.person(part)}</a>" in page} | (
            {"Closed Person"} if "Closed Person" in page else set()
        )

    assert names(role="partner") == {"Partner"}
    assert names(state=crowd.own.alpha2) == {"Own Delegate", "Own Focal Point"}
    assert names(status="closed") == {"Closed Person"}
    assert names(status="no_office") == {"Stranger", "Ex Member"}
    assert names(text="chai") == {"Chair"}
    assert names(role="nonsense", state="'", status="?") == set()
    assert len(names()) == len(PEOPLE) + 1


def test_the_list_costs_the_same_at_one_and_at_three_rows(cast):
    client, counts = cast.client("own_focal_point"), []
    for rows in (1, 2):
        for _ in range(rows):
            person_with(Role.DELEGATE, state=cast.own)
        with CaptureQueriesContext(connection) as seen:
            client.get(reverse("people"))
        counts.append(len(seen))
    assert counts[0] == counts[1]


def test_the_confirmation_costs_the_same_at_one_and_at_three_rows(cast):
    client, counts = cast.client("own_focal_point"), []
    for rows in (1, 2):
        for _ in range(rows):
            person_with(Role.DELEGATE, state=cast.own)
        with CaptureQueriesContext(connection) as seen:
            client.get(reverse("confirm_people"))
        counts.append(len(seen))
    assert counts[0] == counts[1]


@pytest.mark.parametrize("part", PEOPLE)
def test_own_account(crowd, part):
    client, person = crowd.client(part), crowd.person(part)
    assert person.email in client.get(reverse("account")).content.decode()
    form = {"full_name": "New Name", "language": "fr", "zone": "Africa/Dakar", "phone": "+000 9"}
    assert client.post(reverse("account"), form).status_code == 302
    person.refresh_from_db()
    assert {field: getattr(person, field) for field in form} == form


def test_the_account_takes_nothing_but_its_fields(crowd):
    client, person = crowd.client("own_delegate"), crowd.person("own_delegate")
    form = {"full_name": "X", "email": "other@x.invalid", "is_active": "", "language": "xx", "zone": "Moon/Crater"}
    page = client.post(reverse("account"), form)
    assert page.status_code == 200
    person.refresh_from_db()
    assert (person.full_name, person.email, person.zone) == ("Own Delegate", "own-delegate@cast.invalid", "")


def test_moving_somebody_on_the_page(crowd):
    term = crowd.person("own_delegate").terms.get()
    client, address = crowd.client("administrator"), reverse("term_move", args=[term.pk])
    assert "Otherland" in client.get(address).content.decode()
    assert client.post(address, {"state": crowd.own.pk, "role": "delegate"}).status_code == 200  # where she is
    assert client.post(address, {"state": crowd.other.pk, "role": "delegate"}).status_code == 302
    term.refresh_from_db()
    assert term.has_ended


def test_reading_somebodys_telephone_is_logged(crowd):
    person = crowd.person("own_delegate")
    person.phone = "+000 123"
    person.save()
    for part in ("own_delegate", "administrator", "secretariat"):
        crowd.client(part).get(reverse("person", args=[person.pk]))
    read = Event.objects.filter(kind="restricted.read", target_id=str(person.pk))
    assert [(event.actor_id, event.state_id) for event in read] == [(crowd.person("secretariat").pk, crowd.own.pk)]
    assert "+000" not in str(read.values())
