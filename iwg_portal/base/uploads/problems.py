"""Why a file is not accepted: one sentence for the reader, one word for the log."""

from __future__ import annotations

from django.utils.translation import gettext as _

PASSENGER_DATA = "passenger_data"


class Refused(Exception):
    """The text is one sentence in the reader's language; ``code`` names the check, ``detector`` what found
    passenger data (else ""). Neither ever holds anything of the file."""

    def __init__(self, code: str, sentence: str, detector: str = "") -> None:
        super().__init__(sentence)
        self.code, self.detector = code, detector


def damaged() -> Refused:
    return Refused("damaged", _("The file is damaged or incomplete; open it, save it again and choose the new file."))


def disguised(ending: str) -> Refused:
    return Refused(
        "disguised",
        _("The name ends in .%(ending)s, but the file is of another kind; give it its true name and choose it again.")
        % {"ending": ending},
    )


def bomb() -> Refused:
    return Refused("bomb", _("The file unpacks to far more than a document of its size holds, so it was not opened."))


def protected() -> Refused:
    return Refused(
        "protected", _("The file is protected by a password and cannot be checked; save it without one and choose it.")
    )


def macros() -> Refused:
    return Refused("macros", _("The document contains macros; save it in a format without them, such as .docx."))


def active() -> Refused:
    return Refused(
        "active",
        _("The document contains parts that run or act when it is opened; save it without them, or as a plain PDF."),
    )


def external() -> Refused:
    return Refused(
        "external",
        _("The document loads a template, picture or object from elsewhere when it is opened; save it without it."),
    )


def nested() -> Refused:
    return Refused("nested", _("The document carries other files inside; remove them and upload them on their own."))
