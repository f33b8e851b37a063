"""Settings: one file; the environment decides; no default for a secret.

``IWG_MODE`` is ``demo``, ``development``, ``test`` or ``production``. Without it, the mode is ``production`` when
``DATABASE_URL`` is set and ``demo`` otherwise. Every variable is listed with its meaning in ``.env.example``.
"""

import base64
import os
import re
import sys
from pathlib import Path
from urllib.parse import urlsplit

import dj_database_url
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from iwg_portal.base.embedded import paths
from iwg_portal.jobs.beat import BEAT

# Before anything imports openpyxl: it parses with defusedxml, also where lxml is installed for other purposes.
os.environ["OPENPYXL_LXML"] = "False"

BASE_DIR = Path(__file__).resolve().parent.parent


def _env(name, default=""):
    return os.environ.get(name, default).strip()


def _list(name, default=""):
    return [part.strip() for part in _env(name, default).split(",") if part.strip()]


def _flag(name):
    return _env(name).lower() in {"1", "true", "yes", "on"}


def _number(name, default):
    value = _env(name, str(default))
    if not value.isdigit():
        raise ImproperlyConfigured(f"{name} must be a whole number, not {value!r}.")
    return int(value)


# -- Mode ------------------------------------------------------------------------------------------------------

MODES = ("demo", "development", "test", "production")
MODE = _env("IWG_MODE") or ("production" if _env("DATABASE_URL") else "demo")
if MODE not in MODES:
    raise ImproperlyConfigured(f"IWG_MODE must be one of {', '.join(MODES)}, not {MODE!r}.")
PRODUCTION = MODE == "production"
DEMO = MODE == "demo" or _flag("DEMO")
DEBUG = MODE == "development" or _flag("DEBUG")

DATA_DIR = Path(_env("DATA_DIR") or BASE_DIR / ".data").resolve()
EMBEDDED_DATABASE = not _env("DATABASE_URL")
EMBEDDED_REDIS = not _env("REDIS_URL")

SECRET_KEY = _env("SECRET_KEY")
if not SECRET_KEY and not PRODUCTION:
    # On one's own machine each data folder has a secret of its own, made at the first start.
    SECRET_KEY = paths.local_secret(DATA_DIR)
SECRET_KEY_FALLBACKS = _list("SECRET_KEY_FALLBACKS")
# Under these the seeds of second factors are encrypted: the first encrypts, each decrypts. Not in the database, so
# that whoever copies that cannot make codes.
FACTOR_KEYS = _list("FACTOR_KEYS")
if not FACTOR_KEYS and not PRODUCTION:
    FACTOR_KEYS = [paths.local_factor_key(DATA_DIR)]

ALLOWED_HOSTS = _list("ALLOWED_HOSTS", "" if PRODUCTION else "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = _list("CSRF_TRUSTED_ORIGINS")
DEFAULT_FROM_EMAIL = SERVER_EMAIL = _env("MAIL_FROM", "" if PRODUCTION else "portal@demo.invalid")
# Where a link in a mail leads: scheme and host, no slash at the end. `manage.py serve` gives its own address.
PUBLIC_URL = (_env("PUBLIC_URL") or ("" if PRODUCTION else f"http://localhost:{_env('PORT', '8000')}")).rstrip("/")


def _is_public_address(url):
    parts = urlsplit(url)
    return parts.scheme == "https" and parts.hostname in ALLOWED_HOSTS and not (parts.path or parts.query)


def _is_fernet_key(key):
    try:
        return len(base64.urlsafe_b64decode(key)) == 32
    except ValueError:
        return False


def _refuse_unsafe_production():
    """Say everything that is wrong at once: whoever deploys should need one round, not five."""
    problems = []
    if len(SECRET_KEY) < 50 or len(set(SECRET_KEY)) < 10 or SECRET_KEY.startswith(("django-insecure", "change-me")):
        problems.append("SECRET_KEY is missing, a default, or shorter than 50 characters")
    if not FACTOR_KEYS or not all(map(_is_fernet_key, FACTOR_KEYS)):
        problems.append("FACTOR_KEYS is missing, or one of them is not 32 bytes in base64")
    if SECRET_KEY in FACTOR_KEYS:
        problems.append("FACTOR_KEYS repeats SECRET_KEY")
    if DEBUG:
        problems.append("DEBUG is on")
    if not ALLOWED_HOSTS:
        problems.append("ALLOWED_HOSTS is empty")
    if any("*" in host or host.startswith(".") for host in ALLOWED_HOSTS):
        problems.append("ALLOWED_HOSTS contains a wildcard")
    if DEMO:
        problems.append("demo mode is on (DEMO)")
    if "@" not in DEFAULT_FROM_EMAIL or DEFAULT_FROM_EMAIL.endswith(".invalid"):
        problems.append("MAIL_FROM (the e-mail sender) is missing")
    if not _is_public_address(PUBLIC_URL):
        problems.append("PUBLIC_URL is missing, or not https:// and a host of ALLOWED_HOSTS")
    if EMBEDDED_DATABASE:
        problems.append("DATABASE_URL is missing")
    if EMBEDDED_REDIS:
        problems.append("REDIS_URL is missing")
    if problems:
        raise ImproperlyConfigured("The portal does not start in production: " + "; ".join(problems) + ".")


if PRODUCTION:
    _refuse_unsafe_production()

# -- Applications ------------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "modeltranslation",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "csp",
    "django_htmx",
    "template_partials",
    "pgtrigger",
    "pghistory",
    "iwg_portal.base",
    "iwg_portal.activity",
    "iwg_portal.mail",
    "iwg_portal.reminders",
    "iwg_portal.jobs",
    "members",
    "capabilities",
    "meetings",
    "iwg_portal.summaries",
    "iwg_portal.pages",
]

MIDDLEWARE = [
    "iwg_portal.base.middleware.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "iwg_portal.base.middleware.CompressMiddleware",
    "django.middleware.http.ConditionalGetMiddleware",
    "csp.middleware.CSPMiddleware",
    "iwg_portal.base.middleware.PrivatePagesMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "iwg_portal.base.middleware.CsrfMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "iwg_portal.activity.middleware.AfterAnswerMiddleware",
    "members.middleware.LanguageMiddleware",
    "members.middleware.ViewerMiddleware",
    "members.middleware.LookMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "members.middleware.SignInMiddleware",
]

ROOT_URLCONF = "iwg_portal.urls"
WSGI_APPLICATION = "iwg_portal.wsgi.application"

_LOADERS = [f"django.template.loaders.{name}.Loader" for name in ("filesystem", "app_directories")]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "template_partials.loader.Loader",
                    _LOADERS if DEBUG else [("django.template.loaders.cached.Loader", _LOADERS)],
                )
            ],
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "template_partials.templatetags.partials",
                "iwg_portal.base.templatetags.base",
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.messages.context_processors.messages",
                "iwg_portal.pages.context.page",
            ],
        },
    }
]

# -- Database, cache, queue --------------------------------------------------------------------------------------

DATABASES = {
    "default": dj_database_url.parse(
        _env("DATABASE_URL") or paths.database_url(DATA_DIR),
        conn_max_age=_number("DATABASE_CONN_MAX_AGE", 300),
        conn_health_checks=True,
    )
}
DATABASES["default"]["OPTIONS"] = {
    **DATABASES["default"].get("OPTIONS", {}),
    "connect_timeout": 5,
    "application_name": "iwg-portal",
}
# Web, worker and beat work under this role, which may read the log and add to it and cannot change it. Commands work as
# the owner of the tables: manage.py sets DATABASE_AS_OWNER, and whatever it starts to serve drops it again.
DATABASE_ROLE = _env("DATABASE_ROLE", paths.APP_ROLE)
if DATABASE_ROLE == "none":
    DATABASE_ROLE = ""
elif not re.fullmatch(r"[a-z_][a-z0-9_]{0,62}", DATABASE_ROLE):
    raise ImproperlyConfigured("DATABASE_ROLE must be a plain name in lower case, or none.")
if DATABASE_ROLE and not _flag("DATABASE_AS_OWNER"):
    _given = DATABASES["default"]["OPTIONS"].get("options", "")
    DATABASES["default"]["OPTIONS"]["options"] = f"{_given} -c role={DATABASE_ROLE}".strip()
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REDIS_URL = _env("REDIS_URL") or paths.redis_url(DATA_DIR)

CACHES = {
    "default": {
        "BACKEND": "iwg_portal.base.cache.PatientRedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "iwg",
    }
}

SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 7 * 86400  # the longest of the limits in members.sign_in.limits
SESSION_SAVE_EVERY_REQUEST = False

CELERY_BROKER_URL = paths.broker_url(REDIS_URL)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 900,  # above the hard limit below, or a slow task runs twice
    "socket_timeout": 2,
    "socket_connect_timeout": 2,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_SOFT_TIME_LIMIT = 300
CELERY_TASK_TIME_LIMIT = 360
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE = BEAT

# -- People and sessions -----------------------------------------------------------------------------------------

AUTH_USER_MODEL = "members.Person"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["iwg_portal.base.hashing.PortalArgon2Hasher", "django.contrib.auth.hashers.PBKDF2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "members.forms.passphrases.PlainWordsValidator"},
    {"NAME": "members.forms.passphrases.ContextWordsValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = LOGOUT_REDIRECT_URL = ACCOUNT_LOGOUT_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "members.sign_in.adapters.ClosedSignUpAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"  # an address is proved by the invitation, not by a sign-up
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_LOGOUT_ON_GET = False
# A meeting room of 70 signs in from one address: strict per account, wide per address.
ACCOUNT_RATE_LIMITS = {
    "login": "200/m/ip",
    "login_failed": "200/5m/ip,10/5m/key",
    "use_link": "200/5m/ip,20/5m/key",  # key: the token
    "read_link": "200/5m/ip,60/5m/key",
    "read_data": "600/5m/ip,120/5m/key",  # key: the token
    "ask_link": "60/5m/ip,3/15m/key",  # key: the address that was typed
    "change_passphrase": "10/5m/user",
}
# See base.rations; one that is signed in needs no more than a meeting has papers.
FILE_RATES = {"made": "60/10m/user", "stored": "300/10m/user", "ordered": "12/10m/user", "anonymous": "600/10m/ip"}
MFA_ADAPTER = "members.sign_in.adapters.FactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_TOLERANCE = 0
MFA_RECOVERY_CODE_COUNT = 10
MFA_RATE_LIMITS = {"webauthn_login": "400/m/ip"}  # each passkey sign-in asks twice
MFA_WEBAUTHN_USER_VERIFICATION = "required"  # a passkey alone signs in, so it must be more than a thing in a hand
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not PRODUCTION  # http://localhost
# Seconds since the last proof after which the portal asks again before what is hard to undo.
STEP_UP_SECONDS = 300
ALLAUTH_TRUSTED_PROXY_COUNT = _number("TRUSTED_PROXIES", 0)

# -- Languages and time ------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("fr", "Français"), ("pt", "Português")]
MODELTRANSLATION_DEFAULT_LANGUAGE = "en"
MODELTRANSLATION_FALLBACK_LANGUAGES = ("en", "fr", "pt")
LOCALE_PATHS = [BASE_DIR / "iwg_portal" / "locale"]
LANGUAGE_COOKIE_NAME = "language"
LANGUAGE_COOKIE_AGE = 365 * 86400
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_HTTPONLY = True
FORMAT_MODULE_PATH = ["iwg_portal.base.formats"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# -- Static files ------------------------------------------------------------------------------------------------

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = Path(_env("STATIC_ROOT") or DATA_DIR / "static")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "iwg_portal.base.staticfiles.PlainStorage"
        if DEBUG or (MODE == "test" and not _flag("HASHED_STATIC"))
        else "iwg_portal.base.staticfiles.BundledManifestStorage"
    },
}
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = DEBUG or MODE == "test"
WHITENOISE_MAX_AGE = 0 if DEBUG else 3600

# -- Security ----------------------------------------------------------------------------------------------------

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
SEEN_COOKIE_NAME, DEVICE_COOKIE_NAME = "seen", "device"
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
# base.middleware.CsrfMiddleware keeps the secret in the session of whoever is signed in. Django's own switch would make
# a session for every visitor of the sign-in page.
CSRF_USE_SESSIONS = False
CSRF_FAILURE_VIEW = "iwg_portal.pages.views.errors.csrf_failure"
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
if PRODUCTION:
    SECURE_SSL_REDIRECT = not _flag("BEHIND_TLS_PROXY_ONLY")
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = _number("HSTS_SECONDS", 31536000)
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = True
    SESSION_COOKIE_NAME = "__Host-session"
    CSRF_COOKIE_NAME = "__Host-csrf"
    LANGUAGE_COOKIE_NAME = "__Host-language"
    SEEN_COOKIE_NAME, DEVICE_COOKIE_NAME = "__Host-seen", "__Host-device"
MAX_UPLOAD_BYTES = 5 * 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_HANDLERS = ["iwg_portal.base.uploads.handlers.MemoryUploadHandler"]  # nothing refused was ever on a disk
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000

# -- Stored files ------------------------------------------------------------------------------------------------

MAX_FILE_BYTES = _number("MAX_FILE_MB", 20) * 1024 * 1024
FILES_DIR = Path(_env("FILES_DIR") or DATA_DIR / "files").resolve()
CLAMD_ADDRESS = _env("CLAMD_ADDRESS")  # a Unix socket's path or host:port; empty: files are shown as not scanned
CLAMD_SECONDS = 15
METRICS_TOKEN = _env("METRICS_TOKEN")  # of whoever may read /metrics; empty: nobody

# -- Mail --------------------------------------------------------------------------------------------------------

if PRODUCTION:
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
elif DEMO:
    EMAIL_BACKEND = "iwg_portal.mail.mailbox.MailboxBackend"  # a page of the portal; nothing leaves the machine
else:
    EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
EMAIL_HOST = _env("SMTP_HOST", "localhost")
EMAIL_PORT = _number("SMTP_PORT", 587)
EMAIL_HOST_USER = _env("SMTP_USER")
EMAIL_HOST_PASSWORD = _env("SMTP_PASSWORD")
EMAIL_USE_SSL = PRODUCTION and EMAIL_PORT == 465
EMAIL_USE_TLS = PRODUCTION and not EMAIL_USE_SSL and not _flag("SMTP_PLAIN")
MAIL_REPLY_TO = _env("MAIL_REPLY_TO", "secretariat@demo.invalid" if DEMO else "")  # see mail.checks
MAIL_BOUNCE_SECRET = _env("MAIL_BOUNCE_SECRET")  # of the service that reports mail that came back; empty: nobody
BOUNCE_IMAP_HOST, BOUNCE_IMAP_PORT = _env("BOUNCE_IMAP_HOST"), _number("BOUNCE_IMAP_PORT", 993)
BOUNCE_IMAP_USER, BOUNCE_IMAP_PASSWORD = _env("BOUNCE_IMAP_USER"), _env("BOUNCE_IMAP_PASSWORD")
BOUNCE_IMAP_FOLDER, BOUNCE_IMAP_PLAIN = _env("BOUNCE_IMAP_FOLDER", "INBOX"), _flag("BOUNCE_IMAP_PLAIN")
MAIL_LEASE_SECONDS = _number("MAIL_LEASE_SECONDS", 180)  # of silence after which a sender is taken for dead
EMAIL_TIMEOUT = 20

# -- Logs --------------------------------------------------------------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "iwg_portal.base.logs.RequestIdFilter"}},
    "formatters": {
        "json": {
            "()": "iwg_portal.base.logs.JsonFormatter",
            "fmt": "%(levelname)s %(name)s %(message)s %(request_id)s",
        },
        "plain": {"format": "{levelname:7} {name}: {message}", "style": "{"},
    },
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "stream": sys.stderr,
            "filters": ["request_id"],
            "formatter": "plain" if DEBUG else "json",
        }
    },
    "root": {"handlers": ["stderr"], "level": _env("LOG_LEVEL", "WARNING" if MODE == "test" else "INFO")},
    "loggers": {"django.server": {"handlers": ["stderr"], "propagate": False}},
}

SILENCED_SYSTEM_CHECKS = [
    "security.W003",  # base.middleware.CsrfMiddleware is Django's own, with a page for bodies over the limits
    "auth.W004",  # addresses are unique whatever their case: constraint person_email_once
]
