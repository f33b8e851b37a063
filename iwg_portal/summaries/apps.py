from django.apps import AppConfig


class SummariesConfig(AppConfig):
    name = "iwg_portal.summaries"
    label = "summaries"
