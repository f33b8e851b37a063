"""Every address × every role → status code, against the table that a person typed (tests/policy/urls.csv)."""

import contextlib
import re
from urllib.parse import quote

import pytest
from django.db import transaction
from django.test import Client
from django.urls import resolve

from iwg_portal.base.rations import is_rationed
from tests.cast import PARTS
from tests.cast import sign_in as sign_in_as
from tests.site import furnish, patterns, places, table

ROWS = table()
# Read without signing in; everything else leads the anonymous to the sign-in.
PUBLIC = {
    "healthz", "readyz", "home", "data_use", "account_login", "account_logout", "account_signup", "set_language",
    "demo_sign_in", "join", "demo_mailbox", "demo_mail", "demo_mail_html", "mfa_authenticate", "passkey_sign_in",
    "file", "file_version", "metrics", "mail_bounces",
    "passphrase_forgotten", "passphrase_new", "act", "check", "calendar", "digest_unsubscribe",
    "dataset",
}  # fmt: skip


def test_the_table_has_every_address_and_no_other():
    assert {pattern.name for pattern in patterns()} == {row["name"] for row in ROWS}
    assert all(pattern.name for pattern in patterns())
    for row in ROWS:
        assert set(row) - {"name", "method", "address"} == set(PARTS), row["name"]


def test_only_these_addresses_ask_for_no_sign_in():
    opted_out = {pattern.name for pattern in patterns() if not getattr(pattern.callback, "login_required", True)}
    # allauth opts its sign-out in and answers the anonymous itself
    assert opted_out | {"account_logout"} == PUBLIC


@pytest.fixture
def site(cast, settings):
    settings.ACCOUNT_RATE_LIMITS = False
    settings.FILE_RATES = {}
    return furnish(cast)


READS = [row for row in ROWS if row["method"] == "GET" and row["name"] != "account_logout"]
WRITES = [row for row in ROWS if row not in READS]


@pytest.mark.django_db
@pytest.mark.parametrize("part", PARTS)
def test_status_codes_of_pages_and_fragments(site, part):
    """Reading changes nothing, so one world is enough for all. A fragment asks the same question as the page: asked
    where there is one, where the page leads elsewhere, and by whoever is nobody."""
    client, at = site.client(part), places(site)
    answers, pieces, wanted = {}, {}, {}
    for row in READS:
        address = row["address"].format(**at)
        whole = client.get(address)
        answers[row["address"]] = str(whole.status_code)
        if part != "anonymous" and whole.status_code != 302 and "HX-Request" not in whole.get("Vary", ""):
            continue  # the code does not know who asks: test_consistency.py
        piece = client.get(address, headers={"HX-Request": "true"})
        to_sign_in = whole.status_code == 302 and whole["Location"].startswith("/sign-in/?next=")
        pieces[row["address"]] = (piece.status_code, piece.has_header("HX-Redirect"))
        wanted[row["address"]] = (200 if to_sign_in else whole.status_code, to_sign_in)
    assert answers == {row["address"]: row[part] for row in READS}
    assert pieces == wanted


@pytest.mark.django_db
def test_every_file_that_leaves_counts_for_its_reader(site):
    """Of each address that answers with a file, whoever it is for (see base.rations)."""
    uncounted = set()
    for part in ("own_focal_point", "secretariat", "administrator"):
        client, at = site.client(part), places(site)
        for row in (row for row in READS if row[part] == "200"):
            answer = client.get(row["address"].format(**at))
            view = resolve(answer.request["PATH_INFO"]).func
            if answer.has_header("Content-Disposition") and not is_rationed(view):
                uncounted.add(row["name"])
    assert not uncounted


@pytest.mark.django_db
@pytest.mark.parametrize("part", PARTS)
def test_status_codes_of_acts(site, part):
    """Each act on the same world: what the one before it wrote is undone."""
    at, person, answers = places(site), site.person(part), {}
    for row in WRITES:
        with undone():
            client = Client()
            if person:
                sign_in_as(client, person)
            data = {"language": "en"} if row["name"] == "set_language" else {}
            form = "&".join(f"{name}={value}" for name, value in data.items())
            address = row["address"].format(**at)
            answer = client.generic(row["method"], address, form, "application/x-www-form-urlencoded")
            answers[row["method"], row["address"]] = str(answer.status_code)
    assert answers == {(row["method"], row["address"]): row[part] for row in WRITES}


@contextlib.contextmanager
def undone():
    """All that is written inside is rolled back."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.mark.django_db
def test_what_the_anonymous_may_not_read_leads_to_the_sign_in_and_back(site):
    for row in ROWS:
        if row["name"] in PUBLIC:
            continue
        address = row["address"].format(**places(site))
        answer = site.client("anonymous").generic(row["method"], address)
        assert answer.status_code == 302
        assert re.fullmatch(rf"/sign-in/\?next={re.escape(quote(address))}", answer["Location"])
