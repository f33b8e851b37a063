"""Settings of the benchmark of faults: the portal's own, with the sink as its mail server and an impatient beat."""

from iwg_portal.settings import *  # noqa: F403

EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST = "127.0.0.1"
EMAIL_USE_TLS = EMAIL_USE_SSL = False
MAIL_LEASE_SECONDS = 8  # a run cannot wait for three minutes each time a sender is killed
CELERY_BEAT_SCHEDULE = {"mail": {"task": "mail.sweep", "schedule": 2.0}}
