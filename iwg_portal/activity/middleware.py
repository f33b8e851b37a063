"""Append what is no change and yet is logged: refusals, downloads, reads of what few may read."""

import logging
from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from iwg_portal.activity import log

logger = logging.getLogger(__name__)
REFUSED = (403, 404)


class AfterAnswerMiddleware:
    """After the answer is built and before it is sent, so that whoever has read something stands in the log.

    A log that cannot be written costs nobody the page: it is an error in the portal's own log, for its keepers. But no
    file leaves unseen: that one is refused, and may be asked for again (500, or 503 where the database is away). The
    anonymous are not noted here: a refused sign-in is (members), a scanner's guesses are not.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        notes: list[log.Note] = []
        try:
            notes = self._notes(request, response.status_code)
            if notes:
                log.after_answer(request.user, notes)
        except Exception:
            logger.exception("What %s %s was answered could not be logged", request.method, request.path)
            if any(note.kind in log.HANDED_OUT for note in notes):
                response.close()
                raise
        return response

    @staticmethod
    def _notes(request: HttpRequest, status: int) -> list[log.Note]:
        if status in REFUSED:
            return [log.denied(request, status)] if request.resolver_match and request.user.is_authenticated else []
        return log.noted(request) if 200 <= status < 300 else []
