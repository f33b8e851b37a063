from django.apps import AppConfig


class ActivityConfig(AppConfig):
    name = "iwg_portal.activity"
    label = "activity"
