"""Choices of the capabilities app, and the one rule that derives a ladder label from the two axes."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Scope(models.TextChoices):
    """Which data an indicator speaks of. The stored value of Advance Passenger Information is ``advpax``."""

    ADVPAX = "advpax", _("API")
    PNR = "pnr", _("PNR")
    BOTH = "both", _("API and PNR")


class StatusKind(models.TextChoices):
    ADVPAX = "advpax", _("API")
    PNR = "pnr", _("PNR")


class LegalAxis(models.TextChoices):
    NONE = "none", _("No legal basis")
    DRAFTING = "drafting", _("Being drafted")
    ADOPTED = "adopted", _("Adopted")
    IN_FORCE = "in_force", _("In force")
    NOT_DECLARED = "nd", _("Not declared")


class DeliveryAxis(models.TextChoices):
    NONE = "none", _("No programme")
    PLANNED = "planned", _("Decision taken")
    DEVELOPMENT = "development", _("In development")
    PILOT = "pilot", _("Pilot")
    OP_BATCH = "op_batch", _("Operational, batch")
    OP_INTERACTIVE = "op_interactive", _("Operational, interactive")
    OP_PARTIAL = "op_partial", _("Operational, some carriers")
    OP_FULL = "op_full", _("Operational, most traffic")
    SUSPENDED = "suspended", _("Suspended")
    NOT_DECLARED = "nd", _("Not declared")


# The steps of each ladder, lowest first; "suspended" and "nd" stand beside it.
LADDERS: dict[str, tuple[str, ...]] = {
    StatusKind.ADVPAX: ("none", "planned", "legal_basis", "development", "pilot", "op_batch", "op_interactive"),
    StatusKind.PNR: ("none", "planned", "legal_basis", "development", "pilot", "op_partial", "op_full"),
}
DELIVERY_CODES = {
    kind: tuple(code for code in (*steps, "suspended", "nd") if code != "legal_basis")
    for kind, steps in LADDERS.items()
}
OPERATIONAL = frozenset({"op_batch", "op_interactive", "op_partial", "op_full"})


def ladder_label(legal: str, delivery: str) -> str:
    """The step shown: the state of delivery, except "legal basis in force" while delivery is none or planned."""
    if delivery in (DeliveryAxis.NONE, DeliveryAxis.PLANNED) and legal == LegalAxis.IN_FORCE:
        return "legal_basis"
    return delivery


def ladder_steps(kind: str, legal: str, delivery: str) -> list[tuple[str, str]]:
    """Each step's code with ``current``, ``reached`` or "" (not reached), lowest first.

    Technology does not wait for the law: with a pilot and a text that is only adopted, "legal basis in force" lies
    below the current step and is not reached.
    """
    label, steps = ladder_label(legal, delivery), LADDERS[kind]
    at = steps.index(label) if label in steps else -1

    def state(place: int, code: str) -> str:
        if place == at:
            return "current"
        without_law = code == "legal_basis" and legal != LegalAxis.IN_FORCE
        return "reached" if place < at and not without_law else ""

    return [(code, state(place, code)) for place, code in enumerate(steps)]


class AssessmentState(models.TextChoices):
    DRAFT = "draft", _("draft")
    PUBLISHED = "published", _("published")


class AnswerKind(models.TextChoices):
    LEVEL = "level", _("level")
    NOT_DECLARED = "nd", _("Not declared")
    NOT_APPLICABLE = "na", _("Not applicable")


class ImportState(models.TextChoices):
    PENDING = "pending", _("waiting for confirmation")
    APPLIED = "applied", _("imported")
    DISCARDED = "discarded", _("discarded")
