from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class RemindersConfig(AppConfig):
    name = "iwg_portal.reminders"
    label = "reminders"

    def ready(self) -> None:
        autodiscover_modules("reminders")  # each app's kinds of reminder register themselves
