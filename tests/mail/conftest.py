"""A mail server of the test's own, and rows of the ledger."""

import pytest

from iwg_portal.mail.benchmark.sink import Sink
from iwg_portal.mail.models import OutboxMail
from iwg_portal.mail.outbox import queue
from tests.factories import PersonFactory


@pytest.fixture
def sink(settings):
    """A mail server on a free port, which the portal uses; tell it how to behave by its attributes."""
    server = Sink()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_USE_TLS, settings.EMAIL_HOST_USER = "127.0.0.1", False, ""
    settings.EMAIL_TIMEOUT = 10
    with server.listening() as settings.EMAIL_PORT:
        yield server


@pytest.fixture
def plan():
    """Plan a test mail for a person (a new one when none is given); its row."""

    def _plan(person=None, occurrence="once", **values):
        person = person or PersonFactory()
        queue("mail.test", target=person, to=person, occurrence=occurrence, **values)
        return OutboxMail.objects.get(recipient=person, occurrence=occurrence)

    return _plan
