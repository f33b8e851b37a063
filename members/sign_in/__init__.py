"""Signing in: what a session has shown, when it ends, which browser it is in, and allauth's hooks."""

from members.sign_in.devices import name_of, network_of, people_of, remember
from members.sign_in.late import answer, park, to_sign_in
from members.sign_in.limits import forget_seen, has_ended, last_seen, limits_of, note_seen
from members.sign_in.proofs import is_proven, note_proof, note_sign_in, records

__all__ = [
    "answer",
    "forget_seen",
    "has_ended",
    "is_proven",
    "last_seen",
    "limits_of",
    "name_of",
    "network_of",
    "note_proof",
    "note_seen",
    "note_sign_in",
    "park",
    "people_of",
    "records",
    "remember",
    "to_sign_in",
]
