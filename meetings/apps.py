from django.apps import AppConfig


class MeetingsConfig(AppConfig):
    """Groups, agenda, record, decisions and action points. The room stands empty until its first model."""

    name = "meetings"
    verbose_name = "Meetings and records"
