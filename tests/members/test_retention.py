"""The page says how long what is kept, and the daily task removes exactly that."""

import datetime as dt

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.urls import reverse
from django.utils import timezone

from iwg_portal.activity.models import Event
from iwg_portal.mail.enums import MailState
from iwg_portal.mail.models import MailBatch, OutboxMail
from iwg_portal.mail.outbox import MANY, queue_all
from iwg_portal.reminders.models import DigestChoice, DigestSent
from members import actions
from members.actions import parked
from members.actions.retention import REMOVALS
from members.enums import LinkStatus, Role
from members.models import CONFIRM_EVERY, CONFIRM_GRACE, KEPT_FOR, LINK_LIFE, PARKED_FOR, AccountLink, Kept, Proposal
from members.queries import retention
from tests.factories import PersonFactory, ProposalFactory, person_with
from tests.members.joining import granted

pytestmark = pytest.mark.django_db


def test_every_rule_has_its_figure_its_removal_and_its_words():
    assert set(KEPT_FOR) == set(REMOVALS) == set(Kept)
    spans = [*KEPT_FOR.values(), *LINK_LIFE.values(), PARKED_FOR, CONFIRM_EVERY + CONFIRM_GRACE]
    assert sorted(rule.period for rule in retention.rules()) == sorted(retention.period(span) for span in spans)
    assert parked.LIFE == PARKED_FOR


@pytest.mark.parametrize(
    ("language", "figures"),
    [
        ("en", ["24 months", "6 months", "12 months", "30 days", "7 days", "395 days", "72 hours", "4 hours"]),
        ("fr", ["24 mois", "6 mois", "12 mois", "30 jours", "7 jours", "395 jours", "72 heures", "4 heures"]),
        ("pt", ["24 meses", "6 meses", "12 meses", "30 dias", "7 dias", "395 dias", "72 horas", "4 horas"]),
    ],
)
def test_the_page_says_them_in_three_languages(client, cast, settings, language, figures):
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    page = client.get(reverse("data_use")).content.decode().replace("\xa0", " ")
    assert [figure for figure in figures if figure not in page] == []


def test_somebody_without_office_for_two_years_is_forgotten_but_not_deleted(cast):
    with time_machine.travel("2026-03-02T06:00:00Z", tick=False) as clock:
        cast.person("administrator")
        details = {"phone": "+000 1", "zone": "Africa/Dakar", "password": "an older passphrase"}
        left = person_with(Role.DELEGATE, state=cast.own, person=details, ends_on=dt.date(2026, 3, 2))
        stays = person_with(Role.DELEGATE, state=cast.own, person=details)
        for person in (left, stays):
            Authenticator.objects.create(user=person, type="totp", data={})
            UserSession.objects.create(user=person, ip="192.0.2.1", session_key=f"key-{person.pk}", user_agent="x")
            now = timezone.now()
            DigestChoice.objects.create(
                person=person, cadence="weekly", topics=["meetings.papers"], since=now, chosen_at=now
            )
        clock.move_to("2028-02-29T06:00:00Z")
        assert actions.apply_retention()[Kept.ACCOUNT] == 0
        clock.move_to("2028-03-01T06:00:00Z")  # 730 days later
        assert actions.apply_retention()[Kept.ACCOUNT] == 1
        assert actions.apply_retention()[Kept.ACCOUNT] == 0
    left.refresh_from_db()
    stays.refresh_from_db()
    assert (left.phone, left.zone, left.is_active, left.has_usable_password()) == ("", "", False, False)
    assert not Authenticator.objects.filter(user=left).exists()
    assert not UserSession.objects.filter(user=left).exists()
    assert list(DigestChoice.objects.values_list("person", flat=True)) == [stays.pk]
    assert left.full_name
    assert left.terms.exists()
    assert (stays.phone, stays.is_active) == ("+000 1", True)
    assert Authenticator.objects.filter(user=stays).exists()
    assert Event.objects.filter(kind="person.forgotten").count() == 1


def test_proposals_that_came_to_nothing(cast):
    declined = ProposalFactory(state=cast.own, proposed_by=cast.person("own_focal_point"))
    actions.decline(proposal=declined, by=cast.viewer("administrator"), reason="No.")
    ignored, accepted = granted(cast), granted(cast)
    AccountLink.objects.filter(pk=accepted.link.pk).update(status=LinkStatus.USED, used_by=cast.person("own_delegate"))
    waiting = ProposalFactory(state=cast.own, proposed_by=cast.person("own_focal_point"))
    with time_machine.travel(timezone.now() + dt.timedelta(days=182), tick=False):
        assert actions.apply_retention()[Kept.PROPOSAL] == 0
    with time_machine.travel(timezone.now() + dt.timedelta(days=187), tick=False):
        assert actions.apply_retention()[Kept.PROPOSAL] == 2
    assert set(Proposal.objects.values_list("pk", flat=True)) == {accepted.pk, waiting.pk}
    assert not AccountLink.objects.filter(proposal=ignored.pk).exists()


def test_links_and_mails(cast):
    actions.ask_for_passphrase(email="typed@x.invalid", language="en")
    OutboxMail.objects.update(state=MailState.SENT)
    now = timezone.now()
    DigestSent.objects.create(
        person=PersonFactory(), period="2026-W09", since=now - dt.timedelta(7), until=now, mail=OutboxMail.objects.get()
    )
    with time_machine.travel(timezone.now() + dt.timedelta(days=8), tick=False):
        done = actions.apply_retention()
        assert (done[Kept.LINK], done[Kept.MAIL]) == (1, 0)
    with time_machine.travel(timezone.now() + dt.timedelta(days=366), tick=False):
        assert actions.apply_retention()[Kept.MAIL] == 1
    assert not OutboxMail.objects.exists()
    assert not DigestSent.objects.exists()


def test_the_words_of_a_mail_to_many_go_with_the_last_of_its_mails(cast):
    people = [person_with("delegate", state=cast.own) for _ in range(MANY)]
    queue_all("mail.test", target=cast.group, to=people)
    with time_machine.travel(timezone.now() + dt.timedelta(days=366), tick=False):
        OutboxMail.objects.update(state=MailState.HELD)
        actions.apply_retention()
        assert OutboxMail.objects.count() == MANY, "what is held is still to be decided of"
        OutboxMail.objects.update(state=MailState.SENT)
        actions.apply_retention()
    assert not MailBatch.objects.exists()
