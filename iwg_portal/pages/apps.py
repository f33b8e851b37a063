from django.apps import AppConfig


class PagesConfig(AppConfig):
    name = "iwg_portal.pages"
    label = "pages"
