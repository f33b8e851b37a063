"""Settings of the bare page: Django with a session, a person and compression, and nothing of ours around it.

The same database, models, sessions and web server as the portal's, so that only the page differs.
"""

from pathlib import Path

from iwg_portal.settings import *  # noqa: F403

# It insists on a middleware of its own. The others stay: models of ours refer to theirs.
INSTALLED_APPS = [app for app in INSTALLED_APPS if app != "allauth.account"]  # noqa: F405
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
SESSION_COOKIE_NAME = "bare"
ROOT_URLCONF = "iwg_portal.pages.benchmark.bare"
MIDDLEWARE = [
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [Path(__file__).parent / "templates"],
        "OPTIONS": {
            "loaders": [("django.template.loaders.cached.Loader", ["django.template.loaders.filesystem.Loader"])]
        },
    }
]
