from members.models.data_tokens import CEILINGS, TOKEN_LIFE, DataToken
from members.models.dates import BEGINNING, DateRange, SameRow, current
from members.models.factors import FactorReset, FactorState
from members.models.files import FileVersion, StoredFile
from members.models.groups import Organisation, WorkingGroup
from members.models.joining import LINK_LIFE, AccountLink, Proposal
from members.models.parked import ParkedText
from members.models.people import Person, PersonManager, Term
from members.models.retention import CONFIRM_EVERY, CONFIRM_GRACE, KEPT_FOR, PARKED_FOR, Kept
from members.models.states import Participation, State, StateHoliday

__all__ = [
    "BEGINNING",
    "CEILINGS",
    "CONFIRM_EVERY",
    "CONFIRM_GRACE",
    "KEPT_FOR",
    "LINK_LIFE",
    "PARKED_FOR",
    "TOKEN_LIFE",
    "AccountLink",
    "DataToken",
    "DateRange",
    "FactorReset",
    "FactorState",
    "FileVersion",
    "Kept",
    "Organisation",
    "ParkedText",
    "Participation",
    "Person",
    "PersonManager",
    "Proposal",
    "SameRow",
    "State",
    "StateHoliday",
    "StoredFile",
    "Term",
    "WorkingGroup",
    "current",
]
