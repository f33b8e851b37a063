"""A meeting room opens its laptops: everybody signs in from one address, by passphrase and code."""

from __future__ import annotations

import http.client
import random
import re
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from urllib.parse import urlencode

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.contrib.auth.hashers import make_password
from django.core.management import call_command

from iwg_portal.base import sealing
from iwg_portal.pages.benchmark.load import Server
from members.enums import Role
from members.models import Person, State, Term

PASSPHRASE = "eleven quiet herons on a pond"
SINCE = "2022-01-01"
ATTEMPTS = 3  # a code that turned just before it arrived is typed anew, as a person does


@dataclass
class Guest:
    """``seconds``: what the server took for the whole sign-in, from the first page to the one after it."""

    email: str
    secret: str
    arrives: float
    seconds: float = 0.0
    passphrase_seconds: float = 0.0
    signed_in: bool = False
    problem: str = ""
    cookies: dict[str, str] = field(default_factory=dict)


def fill(people: int, seconds: float, seed: int) -> list[Guest]:
    """Members of delegations with passphrase and app, and when each of them arrives."""
    call_command("load_reference", verbosity=0)
    dice = random.Random(seed)  # noqa: S311
    states = list(State.objects.filter(participations__kind="member").order_by("alpha2"))
    guests = []
    for number in range(people):
        person = Person.objects.create(
            email=f"guest-{number}@bench.invalid",
            full_name=f"Guest {number}",
            language="en",
            password=make_password(PASSPHRASE),
        )
        role = Role.FOCAL_POINT if number % 4 == 0 else Role.DELEGATE
        Term.objects.create(person=person, role=role, state=states[number % len(states)], starts_on=SINCE)
        secret = totp.generate_totp_secret()
        Authenticator.objects.create(user=person, type="totp", data={"secret": sealing.seal(secret)})
        guests.append(Guest(person.email, secret, dice.uniform(0, seconds)))
    return guests


def open_doors(server: Server, guests: list[Guest]) -> None:
    """Let every guest sign in at her time; fills in what each met."""
    start = time.monotonic()

    def attend(guest: Guest) -> None:
        time.sleep(max(0.0, start + guest.arrives - time.monotonic()))
        try:
            _sign_in(server, guest)
        except (OSError, http.client.HTTPException, ValueError) as error:
            guest.problem = f"{type(error).__name__}: {error}"

    with ThreadPoolExecutor(len(guests)) as room:
        list(room.map(attend, guests))


def _sign_in(server: Server, guest: Guest) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    page = _ask(connection, guest, "GET", "/sign-in/")[1]
    before = guest.seconds
    data = {"login": guest.email, "password": PASSPHRASE, "csrfmiddlewaretoken": _token(page)}
    status, page, onward = _ask(connection, guest, "POST", "/sign-in/", data)
    guest.passphrase_seconds = guest.seconds - before
    if status != 302 or onward != "/sign-in/code/":
        guest.problem = f"the passphrase was answered {status} {onward}"
        return
    page = _ask(connection, guest, "GET", onward)[1]
    for _ in range(ATTEMPTS):
        step = int(time.time()) // 30
        digits = totp.format_hotp_value(totp.hotp_value(guest.secret, step))
        data = {"code": digits, "csrfmiddlewaretoken": _token(page)}
        status, page, onward = _ask(connection, guest, "POST", "/sign-in/code/", data)
        if status == 302:
            break
    status = _ask(connection, guest, "GET", "/region/")[0]
    guest.signed_in = status == 200
    if not guest.signed_in:
        guest.problem = f"the region page was answered {status}"


def _ask(
    connection: http.client.HTTPConnection, guest: Guest, method: str, path: str, data: dict[str, str] | None = None
) -> tuple[int, str, str]:
    """(status, body, address of a redirect); keeps cookies, adds the time to the guest's."""
    headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in guest.cookies.items()), "Accept": "text/html"}
    if data:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        headers["Origin"] = f"http://127.0.0.1:{connection.port}"
    start = time.perf_counter()
    connection.request(method, path, urlencode(data) if data else None, headers)
    answer = connection.getresponse()
    body = answer.read().decode()
    guest.seconds += time.perf_counter() - start
    for cookie in answer.headers.get_all("Set-Cookie") or []:
        name, _, value = cookie.partition(";")[0].partition("=")
        guest.cookies[name] = value
    return answer.status, body, answer.headers.get("Location", "")


def _token(page: str) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    if found is None:
        raise ValueError("the page has no form")
    return found[1]
