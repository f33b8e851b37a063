"""Choices of the members app. Values are stored; labels are what a reader sees."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Audience(models.TextChoices):
    """Who may read a record, narrowest first; the TLP 2.0 label follows from it."""

    DELEGATION = "delegation", _("the delegation of the owner state only")
    SECRETARIAT = "secretariat", _("the delegation of the owner state and the secretariat")
    MEMBERS = "members", _("the delegations of all member states and the secretariat")
    GROUP = "group", _("member states, observer states, partner organisations and the secretariat")
    PUBLIC = "public", _("anyone")


def narrowest(*audiences: str) -> Audience:
    """The one of ``audiences`` that the fewest read."""
    return min(map(Audience, audiences), key=list(Audience).index)


def widest(*audiences: str) -> Audience:
    return max(map(Audience, audiences), key=list(Audience).index)


def is_wider(one: str, other: str) -> bool:
    """``one`` is read by more than ``other``."""
    return one != other and widest(one, other) == one


TLP = {
    Audience.DELEGATION: "TLP:AMBER+STRICT",
    Audience.SECRETARIAT: "TLP:AMBER+STRICT",
    Audience.MEMBERS: "TLP:AMBER",
    Audience.GROUP: "TLP:GREEN",
    Audience.PUBLIC: "TLP:CLEAR",
}


class ParticipationKind(models.TextChoices):
    MEMBER = "member", _("member state")
    OBSERVER = "observer", _("observer state")


class Role(models.TextChoices):
    """Dated terms of office. A right ends with its term, at the next request."""

    DELEGATE = "delegate", _("delegate")
    FOCAL_POINT = "focal_point", _("focal point")
    CHAIR = "chair", _("chair")
    SECRETARIAT = "secretariat", _("secretariat")
    ADMINISTRATOR = "administrator", _("administrator")
    OBSERVER = "observer", _("observer")
    PARTNER = "partner", _("partner")


# What a term must name: roles of a state, roles of an organisation, roles of the group as a whole.
STATE_ROLES = (Role.DELEGATE, Role.FOCAL_POINT, Role.CHAIR, Role.OBSERVER)
ORGANISATION_ROLES = (Role.PARTNER,)
GROUP_ROLES = (Role.SECRETARIAT, Role.ADMINISTRATOR)


class ReportKind(models.TextChoices):
    """What the portal reports at fixed times; the values stand in addresses."""

    STATUS = "status", _("Monthly status")
    PROGRESS = "progress", _("Quarterly progress")
    OPERATIONS = "operations", _("Weekly operations")


class OrganisationKind(models.TextChoices):
    ORGANISATION = "organisation", _("organisation")
    PROGRAMME = "programme", _("programme")


class Language(models.TextChoices):
    ENGLISH = "en", "English"
    FRENCH = "fr", "Français"
    PORTUGUESE = "pt", "Português"


class ProposalStatus(models.TextChoices):
    """From an open proposal to its end; what is decided stays decided."""

    OPEN = "open", _("waiting for a decision")
    GRANTED = "granted", _("granted")
    DECLINED = "declined", _("declined")
    WITHDRAWN = "withdrawn", _("withdrawn")


class LinkPurpose(models.TextChoices):
    """What a secret link in a mail is for."""

    INVITATION = "invitation", _("invitation")
    PASSPHRASE = "passphrase", _("new passphrase")


class LinkStatus(models.TextChoices):
    """A link works while it is open and before its end."""

    OPEN = "open", _("open")
    USED = "used", _("used")
    REVOKED = "revoked", _("revoked")


class JoiningStage(models.TextChoices):
    """How far somebody has come, from the proposal to the first sign-in; derived, never stored."""

    PROPOSED = "proposed", _("to be decided")
    INVITED = "invited", _("invited, not accepted yet")
    EXPIRED = "expired", _("invitation expired")
    REVOKED = "revoked", _("invitation revoked")
    ACCEPTED = "accepted", _("accepted")
    DECLINED = "declined", _("declined")
    WITHDRAWN = "withdrawn", _("withdrawn")


class FactorResetState(models.TextChoices):
    """Of a request to forget somebody's lost second factor; it lapses when nobody confirms it in time."""

    ASKED = "asked", _("waiting for a second administrator")
    CONFIRMED = "confirmed", _("done")
    WITHDRAWN = "withdrawn", _("withdrawn")


# Whoever holds one of these must show a second factor from the first sign-in on; everybody else within a week.
FACTOR_AT_ONCE = frozenset({Role.ADMINISTRATOR, Role.SECRETARIAT, Role.CHAIR, Role.FOCAL_POINT})


class ScanState(models.TextChoices):
    """What a virus scanner said of a stored file; what it refused is not stored."""

    CLEAN = "clean", _("scanned for viruses: none found")
    NOT_SCANNED = "not_scanned", _("not scanned for viruses")


class Dataset(models.TextChoices):
    """What a program may read with somebody's token; the values stand in addresses."""

    STATES = "states", _("States")
    STATUSES = "statuses", _("API and PNR status")
    ANSWERS = "answers", _("Status and levels, as the import reads them")
    INDICATORS = "indicators", _("Indicators")
    DECISIONS = "decisions", _("Decisions")
    ACTION_POINTS = "action-points", _("Action points")
    MEETINGS = "meetings", _("Meetings")
    LESSONS = "lessons", _("Lessons")
    GLOSSARY = "glossary", _("Glossary")
