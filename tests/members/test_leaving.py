"""Who leaves loses everything at the next request: shown with clients that stay signed in."""

import datetime as dt
import threading

import pytest
import time_machine
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from iwg_portal.activity.models import Event
from iwg_portal.mail.enums import MailState
from iwg_portal.mail.models import OutboxMail
from iwg_portal.mail.outbox import queue
from members import access, actions
from members.access import viewer_for
from members.enums import LinkStatus, ProposalStatus, Role
from members.models import AccountLink, Person, Term
from tests.cast import PARTS, sign_in
from tests.factories import OrganisationFactory, ProposalFactory, TermFactory, person_with
from tests.members.joining import granted, link_to
from tests.reminders.world import at, tick, without_scheduled_reports

pytestmark = pytest.mark.django_db
PEOPLE = [part for part in PARTS if part != "anonymous"]


def today():
    return timezone.localdate()


def term_of(person) -> Term:
    return person.terms.get()


# -- Who may -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", PEOPLE)
def test_only_an_administrator_ends_closes_and_opens(cast, part):
    other = person_with(Role.DELEGATE, state=cast.own)
    closed = person_with(Role.DELEGATE, state=cast.own, person={"is_active": False})
    viewer = cast.viewer(part)
    attempts = [
        lambda: actions.change_delegation(term=term_of(other), state=cast.other, role=Role.DELEGATE, by=viewer),
        lambda: actions.deactivate(person=other, by=viewer),
        lambda: actions.reactivate(person=closed, by=viewer),
        lambda: actions.end_term(term=term_of(cast.person("own_delegate")), by=viewer),
    ]
    for attempt in attempts:
        before = Event.objects.count()
        if part == "administrator":
            attempt()
            assert Event.objects.count() > before
        else:
            with pytest.raises(PermissionDenied):
                attempt()
            assert Event.objects.count() == before


def test_nobody_closes_her_own_account(cast):
    person_with(Role.ADMINISTRATOR)
    with pytest.raises(PermissionDenied):
        actions.deactivate(person=cast.person("administrator"), by=cast.viewer("administrator"))


# -- The next request --------------------------------------------------------------------------------------------------


def test_an_ended_office_gives_nothing_at_the_next_request(cast):
    client, delegate = cast.client("own_delegate"), cast.person("own_delegate")
    address = reverse("profile", args=[cast.own.alpha2.lower()])
    assert client.get(address).status_code == 200
    actions.end_term(term=term_of(delegate), by=cast.viewer("administrator"))
    assert client.get(address).status_code == 404
    assert client.get(reverse("people")).status_code == 404
    assert client.get(reverse("account")).status_code == 200  # she still has an account


def test_an_office_ends_on_the_day_on_which_it_began(cast):
    person = person_with(Role.DELEGATE, state=cast.own, starts_on=today())
    assert viewer_for(person).own_states
    actions.end_term(term=term_of(person), by=cast.viewer("administrator"))
    assert not viewer_for(person).roles


def test_a_closed_account_is_signed_out_everywhere(cast):
    person = person_with(Role.DELEGATE, state=cast.own)
    one, two = Client(), Client()
    for client in (one, two):
        sign_in(client, person)
        assert client.get(reverse("region")).status_code == 200
    other = cast.client("own_delegate")
    actions.deactivate(person=person, by=cast.viewer("administrator"))
    for client in (one, two):
        assert client.get(reverse("region")).status_code == 302
        assert client.get(reverse("account")).status_code == 302
    assert not UserSession.objects.filter(user=person).exists()
    assert other.get(reverse("region")).status_code == 200
    actions.reactivate(person=person, by=cast.viewer("administrator"))
    assert one.get(reverse("region")).status_code == 302  # the old session does not come back
    assert not Session.objects.filter(pk=one.session.session_key).exists()


def test_what_waited_for_her_goes(cast, client):
    person = cast.person("own_focal_point")
    by_her = ProposalFactory(state=cast.own, proposed_by=person)
    for_her = ProposalFactory(state=cast.other, email=person.email, proposed_by=cast.person("secretariat"))
    invited = granted(cast, email=person.email, state=cast.other, proposed_by=cast.person("secretariat"),
                      role=Role.FOCAL_POINT)  # fmt: skip
    queue("members.decided", target=by_her, to=person)
    actions.deactivate(person=person, by=cast.viewer("administrator"))
    for row in (by_her, for_her):
        row.refresh_from_db()
        assert row.status == ProposalStatus.WITHDRAWN
    assert AccountLink.objects.get(pk=invited.link.pk).status == LinkStatus.REVOKED
    assert client.get(link_to(invited.link)).status_code == 404
    waiting = OutboxMail.objects.filter(recipient=person) | OutboxMail.objects.filter(address=person.email)
    assert set(waiting.values_list("state", flat=True)) == {MailState.CANCELLED}


def test_an_ended_focal_point_leaves_no_proposals_behind(cast):
    row = ProposalFactory(state=cast.own, proposed_by=cast.person("own_focal_point"))
    own_invitation = granted(cast, email=cast.person("own_focal_point").email, role=Role.DELEGATE,
                             proposed_by=cast.person("secretariat"))  # fmt: skip
    actions.end_term(term=term_of(cast.person("own_focal_point")), by=cast.viewer("administrator"))
    row.refresh_from_db()
    assert row.status == ProposalStatus.WITHDRAWN
    # Another office, granted by somebody else, is not hers to lose.
    assert AccountLink.objects.get(pk=own_invitation.link.pk).status == LinkStatus.OPEN


def test_a_change_of_delegation_ends_one_office_and_proposes_the_other(cast):
    client, person = cast.client("own_delegate"), cast.person("own_delegate")
    made = actions.change_delegation(
        term=term_of(person), state=cast.other, role=Role.FOCAL_POINT, by=cast.viewer("administrator")
    )
    assert client.get(reverse("region")).status_code == 404
    assert (made.email, made.state, made.status) == (person.email, cast.other, ProposalStatus.OPEN)
    second = viewer_for(person_with(Role.ADMINISTRATOR))
    with pytest.raises(PermissionDenied):
        actions.grant(proposal=made, by=cast.viewer("administrator"))
    actions.grant(proposal=made, by=second)


# -- The last administrator --------------------------------------------------------------------------------------------


def test_the_last_administrator_stays(cast):
    only = cast.person("administrator")
    with pytest.raises(ValidationError, match="last administrator"):
        actions.end_term(term=term_of(only), by=cast.viewer("administrator"))
    page = cast.client("administrator").post(reverse("term_end", args=[term_of(only).pk]))
    assert page.status_code == 422
    assert "last administrator" in page.content.decode()
    assert cast.client("administrator").get(reverse("people")).status_code == 200
    second = person_with(Role.ADMINISTRATOR)
    actions.end_term(term=term_of(only), by=viewer_for(second))
    with pytest.raises(ValidationError):
        actions.end_term(term=term_of(second), by=viewer_for(second))


def test_a_closed_account_does_not_count_as_an_administrator(cast):
    person_with(Role.ADMINISTRATOR, person={"is_active": False})
    with pytest.raises(ValidationError):
        actions.end_term(term=term_of(cast.person("administrator")), by=cast.viewer("administrator"))


@pytest.mark.django_db(transaction=True)
def test_two_who_remove_each_other_at_once(cast):
    one, two = cast.person("administrator"), person_with(Role.ADMINISTRATOR)
    barrier, outcomes = threading.Barrier(2), []

    def remove(by, other):
        viewer = viewer_for(by)
        try:
            barrier.wait(20)
            actions.deactivate(person=other, by=viewer)
            outcomes.append("done")
        except ValidationError:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=remove, args=pair) for pair in ((one, two), (two, one))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(outcomes) == ["done", "refused"]
    assert Person.objects.filter(terms__role=Role.ADMINISTRATOR, is_active=True).count() == 1


# -- Once a year -------------------------------------------------------------------------------------------------------


def test_who_confirms_whom(cast):
    for part in PEOPLE:
        cast.person(part)
    confirms = {
        part: {term.person for term in access.confirmable_terms(cast.viewer(part))}
        for part in PEOPLE
        if access.confirmable_terms(cast.viewer(part)).exists()
    }
    person = cast.person
    assert confirms == {
        "own_focal_point": {person("own_delegate"), person("own_focal_point")},
        "secretariat": {person("observer"), person("partner")},
        "administrator": {person("secretariat"), person("administrator")},
    }


def test_the_page_confirms_and_ends(cast):
    stays, leaves, waits = (person_with(Role.DELEGATE, state=cast.own) for _ in range(3))
    Term.objects.update(confirmed_on=today() - dt.timedelta(days=370))
    client = cast.client("own_focal_point")
    page = client.get(reverse("confirm_people")).content.decode()
    assert f"<legend>{stays.full_name}" in page
    assert "(optional)" not in page
    form = {f"term-{term_of(stays).pk}": "stay", f"term-{term_of(leaves).pk}": "left"}
    leaver = Client()
    sign_in(leaver, leaves)
    assert leaver.get(reverse("region")).status_code == 200
    assert client.post(reverse("confirm_people"), form).status_code == 302
    assert leaver.get(reverse("region")).status_code == 404
    assert term_of(stays).confirmed_on == today()
    assert term_of(leaves).has_ended
    assert term_of(waits).confirmed_on < today()


def test_nobody_says_of_herself_or_of_strangers_that_they_left(cast):
    focal, other = cast.viewer("own_focal_point"), cast.person("other_delegate")
    for stay, left in (((), [term_of(focal.person).pk]), ((), [term_of(other).pk]), ([term_of(other).pk], ())):
        with pytest.raises(PermissionDenied):
            actions.confirm_people(by=focal, stay=stay, left=left)
    assert viewer_for(other).own_states
    form = {f"term-{term_of(other).pk}": "left"}
    cast.client("own_focal_point").post(reverse("confirm_people"), form)
    assert viewer_for(other).own_states


@pytest.fixture
def _no_reports(monkeypatch):
    without_scheduled_reports(monkeypatch)


def told(now):
    """Who is warned at ``now``, by address, and what the mail says."""
    return {who.email: text for who, _subject, text in tick(now) if "confirm" in text.lower()}


@pytest.mark.usefixtures("_no_reports")
def test_what_nobody_confirms_is_warned_of_and_lapses(cast):
    with time_machine.travel("2026-03-02T06:00:00Z", tick=False) as clock:
        delegate, focal = cast.person("own_delegate"), cast.person("own_focal_point")
        cast.person("administrator")
        assert told(at(2027, 3, 1, 9, 30)) == {}  # 364 days
        first = told(at(2027, 3, 2, 9, 30))
        assert set(first) == {focal.email, cast.person("administrator").email}
        assert (
            "Please confirm 2 offices of people for whom you answer; otherwise they lapse on 1 April 2027."
            in (first[focal.email])
        )
        assert first[focal.email].count("Please confirm 2 offices") == 1
        assert delegate.full_name not in first[focal.email]
        assert told(at(2027, 3, 3, 9, 30)) == {}
        clock.move_to("2027-03-10T06:00:00Z")
        actions.confirm_people(by=viewer_for(focal), stay=[term_of(focal).pk], left=())
        assert "the office of a person" in told(at(2027, 3, 18, 9, 30))[focal.email]
        assert set(told(at(2027, 3, 29, 9, 30))) == set(first)
        clock.move_to("2027-03-31T06:00:00Z")
        assert actions.lapse_unconfirmed() == 0
        clock.move_to("2027-04-01T06:00:00Z")
        assert actions.lapse_unconfirmed() == 1
        assert actions.lapse_unconfirmed() == 0
        assert not viewer_for(delegate).roles
        assert viewer_for(focal).focal_states
        # The only administrator was not confirmed either, and stays.
        assert viewer_for(cast.person("administrator")).roles == {Role.ADMINISTRATOR}
        assert Event.objects.filter(kind="term.lapsed", target_id=str(delegate.pk), actor_id=None).count() == 1


@pytest.mark.usefixtures("_no_reports")
def test_nobody_loses_an_office_of_which_nobody_was_warned(cast):
    """Mail was down for a month: the first warning gives a week, and says which day it is."""
    with time_machine.travel("2026-03-02T06:00:00Z", tick=False) as clock:
        delegate, focal = cast.person("own_delegate"), cast.person("own_focal_point")
        actions.confirm_people(by=viewer_for(focal), stay=[term_of(focal).pk], left=())
        clock.move_to("2027-04-12T06:00:00Z")
        assert actions.lapse_unconfirmed() == 0
        assert "lapse on 19 April 2027" in told(at(2027, 4, 12, 9, 30))[focal.email]
        clock.move_to("2027-04-18T06:00:00Z")
        assert actions.lapse_unconfirmed() == 0
        clock.move_to("2027-04-19T06:00:00Z")
        assert actions.lapse_unconfirmed() == 2
        assert not viewer_for(delegate).roles


def test_what_can_never_be_warned_of_does_not_stay_open(cast):
    with time_machine.travel("2026-03-02T06:00:00Z", tick=False) as clock:
        delegate = cast.person("own_delegate")
        clock.move_to("2027-05-30T06:00:00Z")
        assert actions.lapse_unconfirmed() == 0
        clock.move_to("2027-06-01T06:00:00Z")  # 365 days and three months
        assert actions.lapse_unconfirmed() == 1
        assert not viewer_for(delegate).roles


@pytest.mark.usefixtures("_no_reports")
def test_each_office_is_asked_of_whoever_can_confirm_it(cast):
    with time_machine.travel("2026-03-02T06:00:00Z", tick=False):
        TermFactory(role=Role.PARTNER, organisation=OrganisationFactory())
        for part in ("own_delegate", "own_focal_point", "other_delegate", "secretariat", "administrator", "observer"):
            cast.person(part)
    found = told(at(2027, 3, 2, 9, 30))
    assert set(found) == {cast.person(part).email for part in ("own_focal_point", "secretariat", "administrator")}
    assert "confirm 2 offices of people" in found[cast.person("own_focal_point").email]
    assert "confirm 2 offices of people" in found[cast.person("administrator").email]
    # An observer and a partner are the secretariat's to confirm; of a state without a focal point it hears.
    assert "confirm 2 offices of people" in found[cast.person("secretariat").email]
    words = found[cast.person("secretariat").email]
    assert "An office lapses on 1 April 2027, and mail reaches no focal point of its state" in words
    assert "Otherland" not in words  # who has no focal point is for the members
