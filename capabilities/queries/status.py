"""What a new status report is held against: the report before it, and the state's own levels."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from capabilities.enums import LADDERS, OPERATIONAL, AssessmentState, LegalAxis, ladder_label
from capabilities.models import Answer, StatusReport
from members.models import State

# Levels that a delivery presupposes: delivery → (indicator, least level).
PRESUPPOSED = {"op_interactive": ("TEC-3", 3), "op_full": ("IND-4", 3)}


@dataclass(frozen=True)
class Standing:
    """Where a state stands on one ladder: the report that holds, and the id of the last one recorded (0: none).

    The two differ when somebody added a report for an earlier day.
    """

    report: StatusReport | None
    newest: int

    @property
    def label(self) -> str:
        return self.report.label if self.report else "nd"


def standing(rows: QuerySet[StatusReport], state: State, kind: str) -> Standing:
    """Among visible ``rows``. Two queries."""
    history = rows.filter(state=state, kind=kind)
    newest = history.order_by("-id").values_list("id", flat=True).first()
    return Standing(history.order_by("-as_of", "-id").first(), newest or 0)


def repeats(rows: QuerySet[StatusReport], report: StatusReport) -> StatusReport | None:
    """The last recorded report where it says exactly what ``report`` says, by the same person: sent twice."""
    last = rows.filter(state=report.state, kind=report.kind).order_by("-id").first()
    said = ("legal", "delivery", "as_of", "since", "reason", "source", "by_id")
    return last if last and all(getattr(last, name) == getattr(report, name) for name in said) else None


def declared_levels(rows: QuerySet[Answer], state: State) -> dict[str, int]:
    """The levels of the indicators in ``PRESUPPOSED``, in the state's newest published answers. One query."""
    answers = (
        rows.filter(
            assessment__state=state,
            assessment__status=AssessmentState.PUBLISHED,
            indicator__code__in=[code for code, _least in PRESUPPOSED.values()],
            level__isnull=False,
        )
        .order_by("indicator__code", "-assessment__round__year")
        .distinct("indicator__code")
        .values_list("indicator__code", "level")
    )
    return {code: level for code, level in answers if level is not None}


def doubts(kind: str, legal: str, delivery: str, before: str, levels: dict[str, int]) -> list[str]:
    """What does not fit together, as notes that stop nobody. ``before`` is the ladder label that holds now."""
    found = []
    if delivery in OPERATIONAL and legal != LegalAxis.IN_FORCE:
        found.append(_("The system is reported as operational, but no law is reported as in force."))
    if delivery in PRESUPPOSED:
        code, least = PRESUPPOSED[delivery]
        level = levels.get(code)
        if level is not None and level < least:
            found.append(
                _("The self-assessment gives %(code)s level %(level)s; this step usually goes with level %(least)s.")
                % {"code": code, "level": level, "least": least}
            )
    steps = LADDERS[kind]
    after = ladder_label(legal, delivery)
    if before in steps and after in steps and steps.index(after) < steps.index(before):
        found.append(_("This is a step down from the status that holds now."))
    return found
