from capabilities.models.assessments import Answer, AreaScore, Assessment, RegionalScore, RoundNote
from capabilities.models.framework import Area, Edition, GlossaryTerm, Indicator, Instrument, LadderStep, Level
from capabilities.models.imports import StatusImport
from capabilities.models.releases import HEADLINE, Release
from capabilities.models.rounds import Round
from capabilities.models.status import StatusReport

__all__ = [
    "HEADLINE",
    "Answer",
    "Area",
    "AreaScore",
    "Assessment",
    "Edition",
    "GlossaryTerm",
    "Indicator",
    "Instrument",
    "LadderStep",
    "Level",
    "RegionalScore",
    "Release",
    "Round",
    "RoundNote",
    "StatusImport",
    "StatusReport",
]
