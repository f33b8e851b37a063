from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class MailConfig(AppConfig):
    name = "iwg_portal.mail"
    label = "mail"

    def ready(self) -> None:
        from django.core import checks

        from iwg_portal.base import health
        from iwg_portal.mail.checks import settings_of_mail
        from iwg_portal.mail.queries import readiness

        autodiscover_modules("notices")  # each app's kinds of mail register themselves
        health.PARTS["outbox"] = readiness
        checks.register(settings_of_mail)
