from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "iwg_portal.jobs"
    label = "jobs"
