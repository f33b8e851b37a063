from django.apps import AppConfig


class BaseConfig(AppConfig):
    name = "iwg_portal.base"
    label = "base"
