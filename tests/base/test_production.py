"""Production refuses each unsafe setting and names it; what a container needs is written down."""

import re
import subprocess
import sys

import pytest
import yaml
from django.conf import settings

from tests.base.portal import environment

SAFE = {
    "IWG_MODE": "production",
    "SECRET_KEY": "q8Zt0vY3nW6rB1xK9mC4pL7sD2fG5hJ-aEuIoTyRwQzXcVbNmAs",
    "FACTOR_KEYS": "c2V2ZW50ZWVuIGhlcm9ucyBvbiBhIHF1aWV0IHBvbmQ=",
    "ALLOWED_HOSTS": "portal.example.org",
    "MAIL_FROM": "portal@example.org",
    "PUBLIC_URL": "https://portal.example.org",
    "DATABASE_URL": "postgres://portal:secret@database/portal",
    "REDIS_URL": "redis://redis:6379/0",
}


def start(**changes):
    """The last line on stderr when the settings are read; empty when they are accepted."""
    done = subprocess.run(
        [sys.executable, "-c", "import iwg_portal.settings"],
        cwd=settings.BASE_DIR,
        env=environment(**SAFE | changes),
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stderr.strip().splitlines()[-1] if done.returncode else ""


def test_safe_settings_start():
    assert start() == ""


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY"),
        ({"SECRET_KEY": "django-insecure-" + SAFE["SECRET_KEY"]}, "SECRET_KEY"),
        ({"FACTOR_KEYS": ""}, "FACTOR_KEYS"),
        ({"FACTOR_KEYS": "dG9vIHNob3J0"}, "FACTOR_KEYS"),
        ({"FACTOR_KEYS": SAFE["FACTOR_KEYS"] + ",no key"}, "FACTOR_KEYS"),
        ({"SECRET_KEY": SAFE["FACTOR_KEYS"] * 2, "FACTOR_KEYS": SAFE["FACTOR_KEYS"] * 2}, "FACTOR_KEYS"),
        ({"DEBUG": "1"}, "DEBUG"),
        ({"ALLOWED_HOSTS": ""}, "ALLOWED_HOSTS"),
        ({"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS"),
        ({"DEMO": "1"}, "demo mode"),
        ({"MAIL_FROM": ""}, "MAIL_FROM"),
        ({"PUBLIC_URL": ""}, "PUBLIC_URL"),
        ({"PUBLIC_URL": "http://portal.example.org"}, "PUBLIC_URL"),
        ({"PUBLIC_URL": "https://elsewhere.example.org"}, "PUBLIC_URL"),
        ({"PUBLIC_URL": "https://portal.example.org/somewhere"}, "PUBLIC_URL"),
        ({"DATABASE_URL": ""}, "DATABASE_URL"),
        ({"REDIS_URL": ""}, "REDIS_URL"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_an_unsafe_setting_is_refused_and_named(changes, named):
    message = start(**changes)
    assert "does not start in production" in message
    assert named in message
    assert SAFE["SECRET_KEY"] not in message


def test_every_wrong_thing_is_named_at_once():
    message = start(SECRET_KEY="", ALLOWED_HOSTS="*", MAIL_FROM="", DEMO="1", DEBUG="1")
    assert all(word in message for word in ("SECRET_KEY", "DEBUG", "wildcard", "demo mode", "MAIL_FROM"))


def test_every_variable_is_explained():
    written = (settings.BASE_DIR / ".env.example").read_text()
    explained = set(re.findall(r"^#?([A-Z_]+)=", written, re.MULTILINE))
    code = "".join(
        (settings.BASE_DIR / "iwg_portal" / name).read_text()
        for name in ("settings.py", "base/gunicorn_conf.py", "base/management/commands/serve.py")
    )
    read = set(re.findall(r"""(?:_env|_list|_flag|_number|environ\.get)\(["']([A-Z_]+)["']""", code))
    compose = set(re.findall(r"\$\{([A-Z_]+)", (settings.BASE_DIR / "docker-compose.yml").read_text()))
    assert read | compose <= explained


def test_compose_follows_its_specification():
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", "docker-compose.yml"],
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_container_is_locked_down():
    compose = yaml.safe_load((settings.BASE_DIR / "docker-compose.yml").read_text())
    services = compose["services"]
    assert set(services) == {"migrate", "web", "worker", "beat", "database", "redis", "proxy"}
    for name, service in services.items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert "no-new-privileges:true" in service["security_opt"], name
        assert service["user"].split(":")[0] not in ("0", "root"), name
        assert "healthcheck" in service, name
        assert "ports" not in service or name == "proxy", name
    assert services["beat"]["deploy"]["replicas"] == 1
    assert "container_name" in services["beat"], "which keeps it from being scaled"
