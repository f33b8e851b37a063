"""What a person typed into a form, to be given back to her: never a secret, never a file."""

from __future__ import annotations

import email.parser
import email.policy
import re
from urllib.parse import parse_qsl

from django.http import HttpRequest, QueryDict

# Names of fields that are proofs of something. A field "state_code" is none of them.
SECRET = re.compile(
    r"^code$|(^|[_-])((old|new)?pass(word|phrase)\w*|otp|pin|(recovery|backup)_codes?|secret|credential|sealed|key|token"
    r"|csrfmiddlewaretoken)\d?$",
    re.I,
)
BUTTONS = ("next", "do")
MOST_BYTES = 8 * 1024 * 1024  # of a body that was too large: beyond, giving it back would cost too much
Fields = list[tuple[str, str]]


def keepable(post: QueryDict) -> Fields:
    """Every field and value in the order of the form, without secrets, and without NUL, which no column can hold."""
    kept = [(name, value) for name, values in post.lists() if not SECRET.search(name) for value in values]
    return [(name.replace("\0", ""), value.replace("\0", "")) for name, value in kept]


def has_words(fields: Fields) -> bool:
    """Something that would be a pity to lose: not only a button."""
    return any(len(value.strip()) > 1 and name not in BUTTONS for name, value in fields)


def from_ourselves(request: HttpRequest) -> bool:
    """The browser says that a page of this portal sent the form; a page elsewhere cannot make it say so."""
    origin = request.headers.get("Origin", "")
    return origin == f"{request.scheme}://{request.get_host()}"


def words_in(body: bytes, content_type: str) -> Fields:
    """The text fields of a body that Django has refused to parse, because it was too large."""
    if len(body) > MOST_BYTES:
        return []
    if content_type.startswith("application/x-www-form-urlencoded"):
        pairs = parse_qsl(body.decode(errors="replace"), keep_blank_values=True)
    elif content_type.startswith("multipart/form-data"):
        head = f"Content-Type: {content_type}\r\n\r\n".encode()
        message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
        pairs = [
            (str(part.get_param("name", header="content-disposition") or ""), _text(part.get_payload(decode=True)))
            for part in message.iter_parts()
            if part.get_filename() is None
        ]
    else:
        return []
    return [(name, value) for name, value in pairs if name and not SECRET.search(name)]


def _text(payload: object) -> str:
    return payload.decode(errors="replace") if isinstance(payload, bytes) else ""
