"""Rows for tests, each valid by itself: ``from tests.factories import StateFactory, …``.

States are invented (codes from AA on), so nothing in a test depends on a real one; a name is the same in the
three languages. Days are early enough to be past whenever the tests run.
"""

from tests.factories.capabilities import (
    AnswerFactory,
    AreaFactory,
    AssessmentFactory,
    EditionFactory,
    IndicatorFactory,
    RoundFactory,
    StatusReportFactory,
    declare,
    framework,
)
from tests.factories.meetings import (
    ActionFactory,
    BlockFactory,
    CirculationFactory,
    DecisionFactory,
    GroupFactory,
    ItemFactory,
    LessonFactory,
    MeetingFactory,
    OwnerFactory,
    answered_in_time,
    evidence_of,
    version_of,
)
from tests.factories.members import (
    MemberStateFactory,
    ObserverStateFactory,
    OrganisationFactory,
    ParticipationFactory,
    PersonFactory,
    ProposalFactory,
    StateFactory,
    TermFactory,
    WorkingGroupFactory,
    person_with,
    stored_file,
)
from tests.factories.summaries import frozen_summary

__all__ = [
    "ActionFactory",
    "AnswerFactory",
    "AreaFactory",
    "AssessmentFactory",
    "BlockFactory",
    "CirculationFactory",
    "DecisionFactory",
    "EditionFactory",
    "GroupFactory",
    "IndicatorFactory",
    "ItemFactory",
    "LessonFactory",
    "MeetingFactory",
    "answered_in_time",
    "MemberStateFactory",
    "ObserverStateFactory",
    "OrganisationFactory",
    "OwnerFactory",
    "ParticipationFactory",
    "PersonFactory",
    "ProposalFactory",
    "RoundFactory",
    "StateFactory",
    "StatusReportFactory",
    "TermFactory",
    "WorkingGroupFactory",
    "declare",
    "evidence_of",
    "framework",
    "frozen_summary",
    "person_with",
    "stored_file",
    "version_of",
]
