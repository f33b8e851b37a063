"""Loaded with ``-p tests.browser``: one Chromium and one running demonstration for all tests marked ``browser``.

The portal runs as ``manage.py demo`` runs it, with hashed, folded and compressed static files, on a database of its
own on the tests' server. Tests that change data use ``empty_portal``.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from django.conf import settings
from psycopg2 import sql

from iwg_portal.pages.benchmark import databases
from iwg_portal.pages.benchmark.browser import ARGUMENTS, chromium

BROWSER_TESTS = ("tests/journeys/", "tests/pages/test_weight.py")
# Each reads every address, some as every role: half a minute and more.
LONG_TESTS = ("tests/test_canaries.py", "tests/test_access_matrix.py", "tests/test_swapped_ids.py")
PORTALS = (11, 12)  # the databases of Valkey in which they keep cache and queue
START_SECONDS = 180  # on two cores that are busy with other tests
# Whose language is which: an account's language comes before the browser's.
SPEAKERS = {"en": "focal-gh", "fr": "delegate-sn", "pt": "focal-cv"}
WIDTHS = (1280, 360)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """All browser tests in one process, so that there is one browser and one portal, and they begin first.

    Two portals of two processes would share one Valkey, and take each other's jobs from the queue. By the address of a
    test, because pytest 9 no longer lets pytest-xdist note the group of a test in it.
    """
    from xdist.scheduler import LoadScopeScheduling

    class Scheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return "browser" if nodeid.startswith(BROWSER_TESTS) else nodeid

    return Scheduling(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first, so that all processes end together. Refuse a browser test that would not run beside the
    others."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONG_TESTS))
    for item in items:
        if item.get_closest_marker("browser") and not item.nodeid.startswith(BROWSER_TESTS):
            raise pytest.UsageError(f"{item.nodeid} needs Chromium: name its file in BROWSER_TESTS (tests/browser.py).")


def missing(what: str) -> None:
    """Skip where a developer has not installed it; fail where nobody would notice that."""
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)


# -- The portal ------------------------------------------------------------------------------------------------------


@dataclass
class Portal:
    """A running demonstration. ``execute`` reaches its database directly."""

    address: str
    database: str
    states: dict[str, Any] = field(default_factory=dict)

    def execute(self, statement: str) -> None:
        with contextlib.closing(_connect(self.database)) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement)


def _connect(name: str) -> Any:
    held = settings.DATABASES["default"]
    given = {"host": held["HOST"], "port": held["PORT"], "user": held["USER"], "password": held["PASSWORD"]}
    return psycopg2.connect(dbname=name, **{key: value for key, value in given.items() if value})


def _on_server(statement: sql.Composable) -> None:
    with contextlib.closing(_connect("postgres")) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)


@contextlib.contextmanager
def _running(number: int, like: str, *arguments: str) -> Iterator[Portal]:
    name = f"iwg_browser_{os.getpid()}_{number}"
    _on_server(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(like)))
    folder = Path(tempfile.mkdtemp(prefix="iwg-browser-"))
    environment = {
        **{key: value for key, value in os.environ.items() if key not in ("SECRET_KEY", "IWG_TEST_SERVERS")},
        "IWG_MODE": "demo",
        "DATA_DIR": str(folder),
        "DATABASE_URL": databases.url(name),
        "REDIS_URL": databases.redis_url(number),
        "PORT": "0",
        "WEB_WORKERS": "1",
        "LOG_LEVEL": "WARNING",
    }
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "demo", *arguments],
            cwd=settings.BASE_DIR,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        try:
            yield Portal(_address(process, folder), name)
            assert process.poll() is None, "The demonstration ended by itself: " + _said(folder)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            _on_server(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
            shutil.rmtree(folder, ignore_errors=True)


def _address(process: subprocess.Popen[bytes], folder: Path) -> str:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError, ValueError, KeyError):
            address = json.loads((folder / "serve.lock").read_text())["address"].rstrip("/")
            with urllib.request.urlopen(f"{address}/healthz", timeout=5):
                return address
        time.sleep(0.2)
    pytest.fail("The demonstration did not start: " + _said(folder))


def _said(folder: Path) -> str:
    return (folder / "output").read_text(errors="replace")[-2000:]


@pytest.fixture(scope="session")
def untouched_database(django_db_setup: None) -> Iterator[str]:
    """The name of a copy of the tests' database from before the first test: what is made of it need not migrate, which
    takes ten seconds of one core."""
    name = copy_of_tests_database()
    yield name
    _on_server(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def copy_of_tests_database(*, make: bool = False) -> str:
    """Its name. ``make``: now, when nobody is connected."""
    own = settings.DATABASES["default"]["NAME"]
    name = f"{own}_untouched"
    if make:
        _on_server(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(own)))
    return name


@pytest.fixture(scope="session")
def portal(browser: Any, untouched_database: str) -> Iterator[Portal]:
    """Four rounds, 16 states, people. Nobody changes its data."""
    with _running(PORTALS[0], untouched_database) as running:
        yield running


@pytest.fixture(scope="session")
def empty_portal(browser: Any, untouched_database: str) -> Iterator[Portal]:
    """Reference data and people; a test that imports clears the rounds first."""
    with _running(PORTALS[1], untouched_database, "--empty") as running:
        yield running


# -- The browser -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    if not chromium():
        missing("Chromium is not installed.")
    from playwright.sync_api import sync_playwright

    # Playwright keeps an event loop in this thread, and Django would refuse the ORM to the other tests in it.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        yield launched
        launched.close()


Visit = Callable[..., Any]


@pytest.fixture
def visit(browser: Any) -> Iterator[Visit]:
    """``visit(portal, persona="focal-gh", width=1280, **context)``: a page of a new window, signed in.

    At the end the console of every such window must have been silent: no error, no refusal by the CSP.
    """
    contexts, said = [], []

    def open_window(portal: Portal, persona: str = "", width: int = 1280, height: int = 900, **options: Any) -> Any:
        state = _signed_in(browser, portal, persona) if persona else None
        context = browser.new_context(
            base_url=portal.address, viewport={"width": width, "height": height}, storage_state=state, **options
        )
        context.set_default_timeout(30_000)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: said.append(str(error)))
        return page

    yield open_window
    for context in contexts:
        context.close()
    # A page that is meant to answer 404 is reported by the browser too, and so is a network that the test has cut.
    meant = ("status of 404", "status of 403", "ERR_INTERNET_DISCONNECTED")
    assert [text for text in said if not any(words in text for words in meant)] == []


def _signed_in(browser: Any, portal: Portal, persona: str) -> Any:
    """The cookies of the persona, who signs in once, and again where a test ended her sessions (a new passphrase)."""
    if persona in portal.states:
        context = browser.new_context(base_url=portal.address, storage_state=portal.states[persona])
        if context.request.get("/account/", max_redirects=0).status != 200:
            del portal.states[persona]
        context.close()
    if persona not in portal.states:
        context = browser.new_context(base_url=portal.address)
        page = context.new_page()
        page.goto("/demo/sign-in/")
        page.locator(f'button[name="persona"][value="{persona}"]').click()
        page.wait_for_load_state()
        assert "/demo/sign-in/" not in page.url
        portal.states[persona] = context.storage_state()
        context.close()
    return portal.states[persona]


def enter_code(page: Any, code: Callable[[], str]) -> None:
    """The six digits of her app; when they changed while she typed, the next ones."""
    for _attempt in range(3):
        address = page.url
        page.locator('[name="code"]').fill(code())
        with page.expect_navigation():
            page.locator("form:has([name=code]) button.iwg-btn-primary").click()
        if page.url != address or not page.locator(".iwg-errors").count():
            return


def press(page: Any, what: Any) -> None:
    """Press what leads to another page, and wait for that page: a click alone does not.

    ``what`` is a selector, of which the first is pressed, or a locator.
    """
    target = page.locator(what).first if isinstance(what, str) else what
    with page.expect_navigation():
        target.click()


# -- What a reader must never meet -----------------------------------------------------------------------------------


def overflow(page: Any) -> list[str]:
    """What makes the whole page scroll sideways: empty when nothing does."""
    return page.evaluate(
        """() => {
          const width = document.documentElement.clientWidth;
          if (document.documentElement.scrollWidth <= width + 1) return [];
          return [...document.querySelectorAll('body *')]
            .filter(e => e.getBoundingClientRect().right > width + 1 && !e.closest('.iwg-scroll'))
            .slice(0, 5).map(e => e.outerHTML.slice(0, 120));
        }"""
    )


def clipped(page: Any) -> list[str]:
    """Text that is cut off by its own box."""
    return page.evaluate(
        """() => [...document.querySelectorAll('main *, header *, footer *')].filter(e => {
            const style = getComputedStyle(e);
            if (e.closest('svg, .visually-hidden, .iwg-scroll, .iwg-skip') || !e.innerText) return false;
            const cuts = value => value === 'hidden' || value === 'clip';
            return (cuts(style.overflowX) && e.scrollWidth > e.clientWidth + 1)
                || (cuts(style.overflowY) && e.scrollHeight > e.clientHeight + 1);
          }).slice(0, 5).map(e => e.outerHTML.slice(0, 120))"""
    )


@pytest.fixture
def secretariat_in_french(empty_portal: Portal) -> Iterator[None]:
    """The secretariat reads French for the time of a test; other tests share her account and read English."""
    statement = "UPDATE members_person SET language = '{}' WHERE email = 'secretariat@iwg.demo.invalid'"
    empty_portal.execute(statement.format("fr"))
    yield
    empty_portal.execute(statement.format("en"))
