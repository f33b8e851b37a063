"""The kinds of mail. Each app's ``notices`` registers its own; nothing is sent that is not registered.

A kind is a function that is asked when the mail is about to leave: it says what the templates need, or None when the
mail is no longer due or its reader may no longer know (then the row is cancelled). So the ledger keeps no text and
no secret, and a right that ended an hour ago is respected. It is called in the recipient's language and zone.

What it returns must be plain: texts, numbers, dates, and lists of these. A template that is given a row could walk
from it to what its reader may not see; nothing above the audience ``group`` goes into a mail (a neutral line and a
link instead). ``tests/policy/mail.csv`` lists what each kind says.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.functional import Promise

if TYPE_CHECKING:
    from iwg_portal.mail.models import OutboxMail

Composer = Callable[["OutboxMail"], "dict[str, Any] | None"]
Headers = Callable[["dict[str, Any]"], "dict[str, str]"]
Frame = Callable[[], "dict[str, Any]"]


@dataclass(frozen=True)
class Kind:
    """``sample`` gives the context of the preview gallery and of the tests; it must need no row. ``title`` names the
    kind for its readers and for the secretariat, and says nothing of what one mail is about. ``headers`` makes of a
    context the headers that only this kind has.

    ``insists``: sent also to an address that is marked as unreachable, because its reader asks for it at this moment,
    or because it warns her about her account and silence would serve an intruder.
    """

    name: str
    compose: Composer
    sample: Callable[[], dict[str, Any]]
    title: str | Promise = ""
    headers: Headers | None = None
    insists: bool = False

    def own_headers(self, context: dict[str, Any]) -> dict[str, str]:
        return self.headers(context) if self.headers else {}


KINDS: dict[str, Kind] = {}
FRAMES: list[Frame] = []


def kind(
    name: str,
    *,
    title: str | Promise,
    sample: Callable[[], dict[str, Any]],
    headers: Headers | None = None,
    insists: bool = False,
) -> Callable[[Composer], Composer]:
    """Register a kind; its templates are ``templates/mail/<name>/subject.txt``, ``text.txt`` and ``html.html``."""

    def register(compose: Composer) -> Composer:
        if name in KINDS:
            raise ValueError(f"There are two kinds of mail named {name!r}.")
        KINDS[name] = Kind(name, compose, sample, title, headers, insists)
        return compose

    return register


def title_of(name: str) -> str:
    """In words, in the language that is active; the bare name of a kind of a version that knew it."""
    found = KINDS.get(name)
    return str(found.title) if found else name


def frame(function: Frame) -> Frame:
    """Register what every mail's head and foot need and this floor cannot know, such as the group's name."""
    FRAMES.append(function)
    return function
