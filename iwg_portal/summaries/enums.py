"""What a regional summary says of states, and where it stands, from the order to the release."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class SummaryForm(models.TextChoices):
    """``named`` is for the member states, ``aggregated`` for the whole group: observer states and partners too."""

    NAMED = "named", _("named, for the member states")
    AGGREGATED = "aggregated", _("aggregated, for the whole group")


class SummaryState(models.TextChoices):
    """``queued`` and ``failed`` have no figures yet; those of the others never change."""

    QUEUED = "queued", _("being built")
    FAILED = "failed", _("could not be built")
    DRAFT = "draft", pgettext_lazy("regional summary", "draft")
    APPROVED = "approved", _("approved by the chair")
    RELEASED = "released", _("released")
    WITHDRAWN = "withdrawn", _("withdrawn")


FROZEN = (SummaryState.DRAFT, SummaryState.APPROVED, SummaryState.RELEASED, SummaryState.WITHDRAWN)
# From which states a step leads to the state named.
BEFORE: dict[str, frozenset[str]] = {
    SummaryState.QUEUED: frozenset({SummaryState.FAILED}),
    SummaryState.APPROVED: frozenset({SummaryState.DRAFT}),
    SummaryState.RELEASED: frozenset({SummaryState.APPROVED}),
    SummaryState.WITHDRAWN: frozenset({SummaryState.DRAFT, SummaryState.APPROVED, SummaryState.RELEASED}),
}
