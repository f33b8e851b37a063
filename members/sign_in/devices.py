"""Which browser this is: a signed cookie that names the people who have signed in with it.

It is no proof of anything. It tells a known browser from a new one, of which its person is told by mail, and to whom
a form belongs that arrives after she was signed out.
"""

from __future__ import annotations

import ipaddress
import re

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponseBase

from members.models import Person

SALT = "members.sign_in.device"
AGE = 400 * 86400  # seconds; browsers keep no cookie for longer
MOST = 10  # people who share a browser

BROWSERS = (
    ("Edg", "Edge"), ("OPR", "Opera"), ("SamsungBrowser", "Samsung Internet"), ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"), ("CriOS", "Chrome"), ("Chrome", "Chrome"), ("Safari", "Safari"),
)  # fmt: skip
SYSTEMS = (
    ("Windows", "Windows"), ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"), ("Linux", "Linux"),
)  # fmt: skip


def people_of(request: HttpRequest) -> list[int]:
    """The ids of those who have signed in with this browser, the last one last."""
    try:
        found = signing.loads(request.COOKIES.get(settings.DEVICE_COOKIE_NAME, ""), salt=SALT, max_age=AGE)
    except signing.BadSignature:
        return []
    return [number for number in found if isinstance(number, int)] if isinstance(found, list) else []


def remember(request: HttpRequest, response: HttpResponseBase, person: Person) -> None:
    people = [number for number in people_of(request) if number != person.pk]
    response.set_cookie(
        settings.DEVICE_COOKIE_NAME,
        signing.dumps([*people[1 - MOST :], person.pk], salt=SALT),
        max_age=AGE,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def name_of(user_agent: str) -> str:
    """What her own list calls a browser, such as "Firefox · Windows"; empty when it says nothing known."""
    browser = next((name for mark, name in BROWSERS if re.search(rf"\b{mark}/", user_agent)), "")
    system = next((name for mark, name in SYSTEMS if mark in user_agent), "")
    return " · ".join(part for part in (browser, system) if part)


def network_of(address: str) -> str:
    """The beginning of a network address, enough to recognise one's own: /24, or /48 of the long ones."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return "0.0.0.0"
    size = 24 if found.version == 4 else 48
    return str(ipaddress.ip_network(f"{found}/{size}", strict=False).network_address)
