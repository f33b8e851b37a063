from members.queries.joining import DeadLink, account_of, find_link, held_terms, is_over, person_of, signs_in
from members.queries.people import active_person, active_person_by_id
from members.queries.personas import PERSONAS, Persona, persona, personas

__all__ = [
    "PERSONAS",
    "DeadLink",
    "Persona",
    "account_of",
    "active_person",
    "active_person_by_id",
    "find_link",
    "held_terms",
    "is_over",
    "person_of",
    "persona",
    "personas",
    "signs_in",
]
