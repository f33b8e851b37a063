"""From a proposal to the first page: who may do what, and what a link in a mail can and cannot do."""

import datetime as dt
import logging
import re
import threading

import pytest
import time_machine
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from iwg_portal.activity.models import Event
from iwg_portal.mail.enums import MailState
from iwg_portal.mail.kinds import KINDS
from iwg_portal.mail.models import OutboxMail
from members import access, actions, queries
from members.enums import LinkPurpose, LinkStatus, ProposalStatus, Role
from members.models import AccountLink, Person, Proposal, Term
from tests.cast import PARTS, sign_in
from tests.factories import OrganisationFactory, PersonFactory, ProposalFactory, TermFactory, person_with
from tests.members.joining import PASSPHRASE, granted, link_to, typed

pytestmark = pytest.mark.django_db
ACCOUNTS = {"own_focal_point", "secretariat", "administrator"}


@pytest.fixture(autouse=True)
def _quick(settings, db):
    from django.core.cache import cache

    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    cache.clear()


def today():
    return timezone.localdate()


def proposed(cast, part="own_focal_point", **values):
    given = {
        "email": "new@ministry.invalid",
        "full_name": "Adjoa Mensah",
        "role": Role.DELEGATE,
        "state": cast.own,
        "language": "fr",
        "starts_on": today(),
        **values,
    }
    return actions.propose(by=cast.viewer(part), **given)


# -- Who proposes, who decides ---------------------------------------------------------------------------------------

# Typed from the group's access table: for whom each part may propose.
PROPOSES = {
    "own_focal_point": {"own delegate", "own focal_point"},
    "secretariat": {
        "own delegate", "own focal_point", "own chair", "other delegate", "observer", "partner", "secretariat",
    },
    "administrator": {
        "own delegate", "own focal_point", "own chair", "other delegate", "observer", "partner", "secretariat",
        "administrator",
    },
}  # fmt: skip


@pytest.mark.parametrize("part", [part for part in PARTS if part != "anonymous"])
def test_who_proposes_for_which_office(cast, part):
    offices = {
        "own delegate": {"role": Role.DELEGATE, "state": cast.own},
        "own focal_point": {"role": Role.FOCAL_POINT, "state": cast.own},
        "own chair": {"role": Role.CHAIR, "state": cast.own},
        "other delegate": {"role": Role.DELEGATE, "state": cast.other},
        "observer": {"role": Role.OBSERVER, "state": cast.observing},
        "partner": {"role": Role.PARTNER, "state": None, "organisation": OrganisationFactory()},
        "secretariat": {"role": Role.SECRETARIAT, "state": None},
        "administrator": {"role": Role.ADMINISTRATOR, "state": None},
    }
    may = set()
    for name, office in offices.items():
        try:
            proposed(cast, part, **office)
        except PermissionDenied:
            continue
        may.add(name)
    assert may == PROPOSES.get(part, set())


def test_a_state_takes_part_in_the_way_that_the_office_asks_for(cast):
    for role, state in ((Role.DELEGATE, cast.observing), (Role.OBSERVER, cast.own), (Role.DELEGATE, None)):
        with pytest.raises(PermissionDenied):
            proposed(cast, "administrator", role=role, state=state)


VERBS = {
    "grant": {"administrator"},
    "decline": {"administrator"},
    "withdraw": ACCOUNTS,
    "send_again": ACCOUNTS,
    "revoke": ACCOUNTS,
}


@pytest.mark.parametrize("part", [part for part in PARTS if part != "anonymous"])
@pytest.mark.parametrize("verb", VERBS)
def test_who_decides_and_who_sends_again(cast, verb, part):
    row = granted(cast) if verb in ("send_again", "revoke") else ProposalFactory(
        state=cast.own, proposed_by=cast.person("own_focal_point")
    )  # fmt: skip
    more = {"reason": "Not now."} if verb == "decline" else {}
    before = Event.objects.count()
    if part in VERBS[verb]:
        getattr(actions, verb)(proposal=row, by=cast.viewer(part), **more)
        assert Event.objects.count() == before + 1
    else:
        with pytest.raises(PermissionDenied):
            getattr(actions, verb)(proposal=row, by=cast.viewer(part), **more)
        assert Event.objects.count() == before


def test_nobody_grants_what_she_proposed_or_what_is_for_herself(cast):
    own = proposed(cast, "administrator")
    for_her = proposed(cast, "secretariat", email=cast.person("administrator").email.upper(), role=Role.SECRETARIAT,
                       state=None)  # fmt: skip
    for row in (own, for_her):
        assert not access.can_decide(cast.viewer("administrator"), row)
        with pytest.raises(PermissionDenied):
            actions.grant(proposal=row, by=cast.viewer("administrator"))
        assert cast.client("administrator").get(reverse("proposal_grant", args=[row.pk])).status_code == 403
    second = access.viewer_for(person_with(Role.ADMINISTRATOR))
    actions.grant(proposal=own, by=second)


def test_the_database_refuses_a_grant_by_the_proposer(cast):
    row = ProposalFactory()
    with pytest.raises(IntegrityError), transaction.atomic():
        Proposal.objects.filter(pk=row.pk).update(
            status=ProposalStatus.GRANTED, decided_by=row.proposed_by, decided_at=timezone.now()
        )


def test_one_open_proposal_for_one_office(cast):
    proposed(cast)
    with pytest.raises(ValidationError, match="proposed for this office already"):
        proposed(cast, email="NEW@ministry.invalid")
    proposed(cast, role=Role.FOCAL_POINT)  # another office
    actions.decline(proposal=Proposal.objects.get(role=Role.DELEGATE), by=cast.viewer("administrator"), reason="No.")
    proposed(cast)


def test_an_office_that_she_holds_or_that_is_over_is_not_proposed(cast):
    with pytest.raises(ValidationError, match="holds this office already"):
        proposed(cast, email=cast.person("own_delegate").email)
    with pytest.raises(ValidationError, match="over already"):
        proposed(cast, starts_on=today() - dt.timedelta(9), ends_on=today())


def test_a_second_chair_is_refused_before_anybody_is_invited(cast):
    cast.person("chair")
    with pytest.raises(ValidationError, match="Another term of the chair"):
        proposed(cast, "secretariat", role=Role.CHAIR)


def test_declining_needs_a_reason(cast):
    row = proposed(cast)
    page = cast.client("administrator").post(reverse("proposal", args=[row.pk]), {"do": "decline", "reason": " "})
    assert "Say in a sentence why." in page.content.decode()
    assert Proposal.objects.get().status == ProposalStatus.OPEN


def test_the_log_holds_the_office_and_never_the_name(cast):
    row = proposed(cast)
    actions.decline(proposal=row, by=cast.viewer("administrator"), reason="A secret reason.")
    for event in Event.objects.filter(target_id=str(row.pk)):
        assert "Mensah" not in f"{event.target_label}{event.data}"
        assert "secret" not in f"{event.target_label}{event.data}"
        assert event.state_id == cast.own.pk


# -- The pages ---------------------------------------------------------------------------------------------------------


def test_a_focal_point_proposes_on_the_page(cast):
    client = cast.client("own_focal_point")
    page = client.get(reverse("propose")).content.decode()
    assert "Ownland" in page
    assert "Otherland" not in page
    assert "Secretariat" not in page
    form = {
        "full_name": "Adjoa Mensah", "email": "New@Ministry.invalid", "role": "delegate", "state": cast.own.pk,
        "language": "fr", "starts_on": today().isoformat(), "last_day": (today() + dt.timedelta(30)).isoformat(),
    }  # fmt: skip
    assert client.post(reverse("propose"), form).url == reverse("proposals")
    row = Proposal.objects.get()
    assert (row.email, row.last_day) == ("new@ministry.invalid", today() + dt.timedelta(30))
    assert "Adjoa Mensah" in client.get(reverse("proposals")).content.decode()


def test_the_page_refuses_a_choice_that_it_did_not_offer(cast):
    form = {
        "full_name": "X", "email": "x@y.invalid", "role": "secretariat", "state": cast.other.pk, "language": "fr",
        "starts_on": today().isoformat(),
    }  # fmt: skip
    assert cast.client("own_focal_point").post(reverse("propose"), form).status_code == 200
    assert not Proposal.objects.exists()


def test_another_delegations_proposal_does_not_exist(cast):
    row = ProposalFactory(state=cast.other, full_name="Hidden Person")
    client = cast.client("own_focal_point")
    assert "Hidden Person" not in client.get(reverse("proposals")).content.decode()
    for name in ("proposal", "proposal_grant"):
        assert client.get(reverse(name, args=[row.pk])).status_code == 404
        assert client.post(reverse(name, args=[row.pk]), {"do": "withdraw"}).status_code == 404
    assert Proposal.objects.get().status == ProposalStatus.OPEN


def test_the_list_costs_the_same_at_one_and_at_three_rows(cast):
    client, counts = cast.client("administrator"), []
    for rows in (1, 2):
        for _ in range(rows):
            granted(cast)
            ProposalFactory(state=cast.own, proposed_by=cast.person("own_focal_point"))
        with CaptureQueriesContext(connection) as seen:
            client.get(reverse("proposals"))
        counts.append(len(seen))
    assert counts[0] == counts[1]


# -- Mail --------------------------------------------------------------------------------------------------------------


def test_administrators_are_asked_and_the_proposer_is_told(cast):
    administrator = cast.person("administrator")
    row = proposed(cast)
    assert list(OutboxMail.objects.values_list("kind", "recipient")) == [("members.proposed", administrator.pk)]
    asked = OutboxMail.objects.get()
    assert KINDS["members.proposed"].compose(asked)["office"] == "delegate, Ownland"
    actions.grant(proposal=row, by=cast.viewer("administrator"))
    assert KINDS["members.proposed"].compose(asked) is None  # decided meanwhile
    told = OutboxMail.objects.get(kind="members.decided")
    assert told.recipient == cast.person("own_focal_point")
    assert KINDS["members.decided"].compose(told)["granted"] is True
    invitation = OutboxMail.objects.get(kind="members.invitation")
    assert (invitation.address, invitation.language) == ("new@ministry.invalid", "fr")


def test_only_the_mail_knows_the_token(cast, settings):
    row = granted(cast)
    mail = OutboxMail.objects.get(kind="members.invitation")
    says = KINDS["members.invitation"].compose(mail)
    assert says["link"] == settings.PUBLIC_URL + link_to(row.link)
    token = row.link.token
    for table in ("members_accountlink", "mail_outboxmail", "activity_event"):
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM {table}")
            assert token not in str(cursor.fetchall())
    assert len(token) == 43


def test_sending_again_kills_the_link_and_the_mail_before(cast, client):
    row = granted(cast)
    old = link_to(row.link)
    first = OutboxMail.objects.get(kind="members.invitation")
    actions.send_again(proposal=row, by=cast.viewer("own_focal_point"))
    new = AccountLink.objects.get()
    assert client.get(old).status_code == 404
    assert client.get(link_to(new)).status_code == 200
    first.refresh_from_db()
    assert first.state == MailState.CANCELLED
    assert KINDS["members.invitation"].compose(first) is None
    assert OutboxMail.objects.filter(kind="members.invitation", state=MailState.DUE).count() == 1


def test_revoking_cancels_the_mail(cast, client):
    row = granted(cast)
    actions.revoke(proposal=row, by=cast.viewer("own_focal_point"))
    assert OutboxMail.objects.get(kind="members.invitation").state == MailState.CANCELLED
    assert client.get(link_to(row.link)).status_code == 404


# -- The link ----------------------------------------------------------------------------------------------------------


def test_reading_the_link_changes_nothing(cast, client):
    row = granted(cast)
    before = list(AccountLink.objects.values())
    for method in (client.get, client.head, client.get):
        assert method(link_to(row.link)).status_code == 200
    assert list(AccountLink.objects.values()) == before
    assert not Person.objects.filter(email=row.email).exists()


def test_accepting_makes_person_and_term_and_signs_in(cast, client):
    row = granted(cast, language="fr", post="Chef de service")
    page = client.get(link_to(row.link)).content.decode()
    assert page.index("Africa/Abidjan") < page.index("Africa/Accra")  # the likely one first
    response = client.post(link_to(row.link), typed())
    assert response.status_code == 302
    person = Person.objects.get(email=row.email)
    assert (person.full_name, person.language, person.zone) == (row.full_name, "fr", "Africa/Dakar")
    assert person.check_password(PASSPHRASE)
    term = person.terms.get()
    assert (term.role, term.state, term.post, term.starts_on) == (Role.DELEGATE, cast.own, "Chef de service", today())
    assert client.session["_auth_user_id"] == str(person.pk)
    assert AccountLink.objects.get().status == LinkStatus.USED
    assert access.viewer_for(person).own_states == {cast.own.pk}


def test_a_link_works_once(cast, client):
    row = granted(cast)
    client.post(link_to(row.link), typed())
    again = Client().post(
        link_to(row.link), typed(passphrase="other words entirely", passphrase_again="other words entirely")
    )
    assert again.status_code == 404
    assert Person.objects.get(email=row.email).check_password(PASSPHRASE)
    assert Term.objects.filter(person__email=row.email).count() == 1


def test_a_link_ends_after_72_hours(cast, client):
    with time_machine.travel("2026-03-02T09:00:00Z", tick=False) as clock:
        row = granted(cast)
        clock.move_to("2026-03-05T08:59:59Z")
        assert client.get(link_to(row.link)).status_code == 200
        clock.move_to("2026-03-05T09:00:00Z")
        assert client.get(link_to(row.link)).status_code == 404
        assert client.post(link_to(row.link), typed()).status_code == 404


def dead_links(cast):
    used, revoked, old = (granted(cast, email=f"{word}@x.invalid") for word in ("used", "revoked", "old"))
    AccountLink.objects.filter(pk=used.link.pk).update(status=LinkStatus.USED, used_by=cast.person("own_delegate"))
    AccountLink.objects.filter(pk=revoked.link.pk).update(status=LinkStatus.REVOKED)
    AccountLink.objects.filter(pk=old.link.pk).update(expires_at=timezone.now())
    over = granted(cast, email="over@x.invalid", ends_on=today() + dt.timedelta(1))
    Proposal.objects.filter(pk=over.pk).update(starts_on=today() - dt.timedelta(9), ends_on=today())
    reset = AccountLink(purpose=LinkPurpose.PASSPHRASE, address="a@b.invalid")
    reset.renew()
    reset.save()
    return [row.link.token for row in (used, revoked, old, over)] + [reset.token, "A" * 43, "", "x", "é" * 500]


@pytest.mark.parametrize("method", ["get", "post"])
def test_one_page_for_every_link_that_does_not_work(cast, method, django_assert_num_queries):
    pages = set()
    for token in dead_links(cast):
        client = Client()
        with django_assert_num_queries(2):  # the link, and the group's name in the frame
            response = getattr(client, method)(
                f"{reverse('join')}?key={token}", **({"data": typed()} if method == "post" else {})
            )
        text = re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"|<time.*?</time>', "", response.content.decode())
        pages.add((response.status_code, re.sub(r'name="next" value="[^"]*"', "", text)))
    assert len(pages) == 1
    assert pages.pop()[0] == 404


@pytest.mark.django_db(transaction=True)
def test_two_at_once_one_wins(cast):
    row = granted(cast)
    barrier, answers = threading.Barrier(2), []

    def accept(words):
        client = Client()
        try:
            client.get(link_to(row.link))
            barrier.wait(10)
            answers.append(
                (client.post(link_to(row.link), typed(passphrase=words, passphrase_again=words)).status_code, words)
            )
        finally:
            connection.close()

    threads = [threading.Thread(target=accept, args=(f"{word} turnips sing slowly",)) for word in ("green", "brown")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(status for status, _words in answers) == [302, 404]
    winner = next(words for status, words in answers if status == 302)
    assert Person.objects.get(email=row.email).check_password(winner)
    assert Term.objects.filter(person__email=row.email).count() == 1


def test_an_account_with_a_passphrase_is_never_opened_by_a_link(cast, client):
    known = PersonFactory(email="moves@x.invalid", password="an older passphrase here")
    row = granted(cast, email="moves@x.invalid")
    page = client.get(link_to(row.link)).content.decode()
    assert 'type="password"' not in page
    assert "Sign in, then accept" in page
    assert client.post(link_to(row.link), typed()).status_code == 200
    known.refresh_from_db()
    assert known.check_password("an older passphrase here")
    assert not known.terms.exists()
    with pytest.raises(PermissionDenied):
        actions.accept_invitation(token=row.link.token, by=None, passphrase=PASSPHRASE, language="fr", zone="")
    sign_in(client, known)
    assert client.post(link_to(row.link)).status_code == 302
    assert known.terms.get().state == cast.own
    assert known.check_password("an older passphrase here")


def test_a_link_is_bound_to_its_address(cast):
    row = granted(cast)
    client = cast.client("other_delegate")
    assert client.get(link_to(row.link)).status_code == 403
    assert client.post(link_to(row.link), typed()).status_code == 403
    with pytest.raises(PermissionDenied):
        actions.accept_invitation(token=row.link.token, by=cast.person("other_delegate"))
    assert AccountLink.objects.get().status == LinkStatus.OPEN


def test_a_closed_account_is_opened_again_by_its_invitation(cast, client):
    former = PersonFactory(email="back@x.invalid", password="an older passphrase here", is_active=False)
    TermFactory(person=former, state=cast.own, starts_on=today(), ends_on=today())
    row = granted(cast, email="back@x.invalid")
    assert client.post(link_to(row.link), typed()).status_code == 302
    former.refresh_from_db()
    assert former.is_active
    assert former.check_password(PASSPHRASE)


@pytest.mark.parametrize(
    "words",
    [
        "short words", "passwordpassword", "123456789012", "aaaaaaaaaaaaaaa", "password1234!!", "ownland turnips sing",
        "Adjoa sings about turnips", "the mensahs sing slowly", "ministry of turnips", "my portal to turnips",
        "Test working turnips sing",
    ],
)  # fmt: skip
def test_a_poor_passphrase_is_refused_in_words(cast, client, words):
    row = granted(cast, email="adjoa.mensah@ministry.invalid", full_name="Adjoa Mensah")
    response = client.post(link_to(row.link), typed(passphrase=words, passphrase_again=words))
    assert response.status_code == 200
    assert 'class="errorlist"' in response.content.decode()
    assert words not in response.content.decode()
    assert not Person.objects.filter(email=row.email).exists()
    with pytest.raises(ValidationError):
        actions.accept_invitation(token=row.link.token, by=None, passphrase=words, language="fr", zone="")


def test_the_two_must_be_the_same(cast, client):
    row = granted(cast)
    assert "The two passphrases differ." in client.post(link_to(row.link), typed(passphrase_again="x")).content.decode()


def test_the_token_stays_out_of_logs_and_of_other_pages(cast, client, caplog):
    row = granted(cast)
    with caplog.at_level(logging.DEBUG):
        for path in (link_to(row.link), link_to(row.link) + "x"):
            response = client.get(path)
            assert response.headers["Referrer-Policy"] == "strict-origin"
            assert "no-store" in response.headers["Cache-Control"]
        client.post(link_to(row.link), typed())
    from iwg_portal.base.logs import JsonFormatter

    said = [record for record in caplog.records if not record.name.startswith("django.db")]
    assert said
    lines = [JsonFormatter("%(message)s").format(record) for record in said]
    assert not [line for line in lines if row.link.token in line or PASSPHRASE in line]


def test_a_flood_of_posts_is_refused(cast, client):
    row = granted(cast)
    answers = [client.post(link_to(row.link), typed(passphrase_again="x")).status_code for _ in range(21)]
    assert answers[:20] == [200] * 20
    assert answers[20] == 429


def test_who_holds_the_office_from_that_day_already_gets_it_from_today(cast):
    person = PersonFactory(email="again@x.invalid")
    TermFactory(person=person, state=cast.own, starts_on=today() - dt.timedelta(9), ends_on=today())
    row = granted(cast, email="again@x.invalid", starts_on=today() - dt.timedelta(9))
    actions.accept_invitation(token=row.link.token, by=None, passphrase=PASSPHRASE, language="fr", zone="")
    assert person.terms.filter(starts_on=today(), ends_on=None).exists()


def test_find_link_knows_its_purpose(cast):
    row = granted(cast)
    assert queries.find_link(row.link.token, LinkPurpose.INVITATION) == row.link
    with pytest.raises(queries.DeadLink):
        queries.find_link(row.link.token, LinkPurpose.PASSPHRASE)


def test_the_web_server_before_us_writes_no_query_into_its_log(settings):
    """A token travels in the query; the line must not have it, nor where a page sent somebody or she came from."""
    text = (settings.BASE_DIR / "iwg_portal" / "base" / "deploy" / "Caddyfile").read_text()
    for line in ('request>uri regexp "\\?.*" ""', "request>headers>Referer delete", "resp_headers>Location delete"):
        assert line in text
