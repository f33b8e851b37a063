"""How passphrases are hashed: Argon2id at 46 MiB, few at a time.

Source of the figures: the OWASP password storage guidance (m = 47104 KiB, t = 1, p = 1). One hash takes some 30 ms of
one core; more than two at once in a process would take longer in all and could exhaust the memory of a small machine
when a meeting room of seventy signs in. So they queue: two processes hold at most 4 × 46 MiB for it.
"""

from __future__ import annotations

from threading import BoundedSemaphore

from django.contrib.auth.hashers import Argon2PasswordHasher

AT_ONCE = 2
_slots = BoundedSemaphore(AT_ONCE)


class PortalArgon2Hasher(Argon2PasswordHasher):
    """Django's, with this portal's figures; a hash made with others is renewed at the next sign-in."""

    memory_cost = 47104  # KiB
    time_cost = 1
    parallelism = 1

    def encode(self, password: str, salt: str) -> str:
        with _slots:
            return super().encode(password, salt)

    def verify(self, password: str, encoded: str) -> bool:
        with _slots:
            return super().verify(password, encoded)
