"""People, and who holds which office when."""

from __future__ import annotations

import datetime as dt

import pgtrigger
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce, Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from iwg_portal.base.kept import NoteChange
from members import enums
from members.models.dates import DateRange, current
from members.models.groups import Organisation
from members.models.retention import CONFIRM_EVERY, CONFIRM_GRACE
from members.models.states import State


class PersonManager(BaseUserManager["Person"]):
    def get_by_natural_key(self, username: str) -> Person:
        return self.get(email__iexact=username)


class Person(AbstractBaseUser):
    """A person who signs in with an e-mail address. People are deactivated, never deleted."""

    email = models.EmailField(max_length=254)
    full_name = models.CharField(max_length=150)
    # Empty: follow the browser.
    language = models.CharField(max_length=2, choices=enums.Language.choices, blank=True)
    zone = models.CharField(max_length=60, blank=True, help_text="IANA time zone; empty: the group's")
    phone = models.CharField(max_length=40, blank=True)
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField(auto_now_add=True)

    objects = PersonManager()
    USERNAME_FIELD = EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["full_name"]

    class Meta:
        triggers = [
            NoteChange(
                name="note_change",
                # Not every update: a sign-in writes last_login.
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("email", "full_name", "phone", "is_active"),
            )
        ]
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="person_email_once",
                violation_error_message=_("Somebody already uses this e-mail address."),
            )
        ]

    def __str__(self) -> str:
        return self.full_name or self.email

    @property
    def mail_language(self) -> str:
        """In which mail reaches her: the language that she chose, else that of her state, else empty. A query."""
        if self.language:
            return self.language
        terms = self.terms.filter(current(timezone.localdate()), state__isnull=False)
        return terms.order_by("-starts_on", "-id").values_list("state__ui_language", flat=True).first() or ""

    @property
    def initials(self) -> str:
        """At most two letters, for the round mark in the page head."""
        parts = self.full_name.split() or [self.email]
        return (parts[0][:1] + (parts[-1][:1] if len(parts) > 1 else "")).upper()


class Term(models.Model):
    """A dated term of office: the only source of a right (access.Viewer reads nothing else)."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="terms")
    role = models.CharField(max_length=14, choices=enums.Role.choices)
    state = models.ForeignKey(State, null=True, blank=True, on_delete=models.PROTECT, related_name="terms")
    organisation = models.ForeignKey(
        Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="terms"
    )
    # A person's post at home is dated free text: sources disagree even about the first chair's.
    post = models.CharField(max_length=200, blank=True)
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)
    # The day on which her delegation last said that she is still one of them; at first the day of entry.
    confirmed_on = models.DateField(default=timezone.localdate)

    class Meta:
        triggers = [NoteChange(name="note_change")]
        constraints = [
            models.CheckConstraint(
                name="term_ends_after_start",
                # Equal: ended on the day on which it began, so it holds on no day at all.
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                violation_error_message=_("An office cannot end before it begins."),
            ),
            models.CheckConstraint(
                name="term_names_its_owner",
                condition=(
                    Q(role__in=enums.STATE_ROLES, state__isnull=False, organisation__isnull=True)
                    | Q(role__in=enums.ORGANISATION_ROLES, state__isnull=True, organisation__isnull=False)
                    | Q(role__in=enums.GROUP_ROLES, state__isnull=True, organisation__isnull=True)
                ),
                violation_error_message=_(
                    "Delegates, focal points, chairs and observers belong to a state, partners to an "
                    "organisation, the secretariat and administrators to neither."
                ),
            ),
            ExclusionConstraint(
                name="one_chair_at_a_time",
                expressions=[(DateRange("starts_on", "ends_on"), RangeOperators.OVERLAPS)],
                condition=Q(role="chair"),
                violation_error_message=_("Another term of the chair covers some of these days."),
            ),
            models.UniqueConstraint(
                F("person"),
                F("role"),
                Coalesce(F("state"), Value(0)),
                Coalesce(F("organisation"), Value(0)),
                F("starts_on"),
                name="term_once",
            ),
        ]
        indexes = [models.Index(fields=["state", "role"], name="term_by_state")]

    def __str__(self) -> str:
        return f"{self.person_id} {self.role} {self.starts_on}"

    @property
    def office(self) -> str:
        """Role and place in the reader's language: "delegate, Ghana". Fetch state and organisation along."""
        place = self.state or self.organisation
        return f"{self.get_role_display()}, {place}" if place else str(self.get_role_display())

    @property
    def last_day(self) -> dt.date | None:
        return self.ends_on - dt.timedelta(days=1) if self.ends_on else None

    @property
    def has_ended(self) -> bool:
        return self.ends_on is not None and self.ends_on <= timezone.localdate()

    @property
    def lapses_on(self) -> dt.date:
        """The day on which the office ends unless it is confirmed before."""
        return self.confirmed_on + CONFIRM_EVERY + CONFIRM_GRACE
