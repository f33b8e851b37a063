"""``manage.py bench`` (``make bench``): what the pages cost. BENCH_JSON=file keeps every figure."""

import logging
import os
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db import connection
from django.test import Client as DjangoClient
from django.test.utils import CaptureQueriesContext, override_settings

from iwg_portal.base import kept
from iwg_portal.pages.benchmark import bare_settings, browser, databases, load, memory, world
from iwg_portal.pages.benchmark.figures import Figures
from members.sign_in import note_sign_in

HOME = "gh"
PAGES = {
    "region": "/region/",
    "region, an area opened": "/region/?area={area}",
    "profile": f"/states/{HOME}/",
    "compare": f"/compare/?state={HOME}&state=sn&state=cv&state=ng",
    "states": "/states/",
    "glossary": "/glossary/",
}
MOST_QUERIES = {"region": 12, "region, an area opened": 12, "profile": 15}
MOST_BYTES = {"region": 16_000, "region, an area opened": 16_000}
MAIN = ("region", "profile")
# For counting queries in this process, which has collected no static files.
HERE = {
    "ALLOWED_HOSTS": ["localhost"],
    "STORAGES": {"staticfiles": {"BACKEND": "iwg_portal.base.staticfiles.PlainStorage"}},
    "MIDDLEWARE": [name for name in settings.MIDDLEWARE if not name.startswith("whitenoise")],
}


class Command(BaseCommand):
    help = "Measures queries, time, bytes and memory of the pages at 16 and 193 states. Takes about two minutes."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--requests", type=int, default=200, help="per page at 16 states")
        parser.add_argument("--requests-large", type=int, default=40, help="per page at 193 states")
        parser.add_argument("--no-large", action="store_true", help="leave out 193 states × 20 rounds × 100 indicators")
        parser.add_argument("--json", default=os.environ.get("BENCH_JSON", ""), help="file for every figure")
        parser.add_argument("--no-browser", action="store_true", help="leave out the slow line in Chromium")

    def handle(self, *args: Any, **options: Any) -> None:
        logging.getLogger("iwg_portal.access").setLevel(logging.WARNING)
        self.figures = Figures(self.stdout.write)
        self.redis = databases.redis_url(9)
        with databases.temporary() as base:
            small = databases.copy_of(base, "small")
            long = databases.copy_of(base, "long")
            self.seed(small, states=16, rounds=3)
            self.seed(long, states=16, rounds=20)
            self.small(small, long, options)
            if not options["no_large"]:
                large = databases.copy_of(base, "large")
                self.seed(large, states=193, rounds=20, areas=5, indicators=20)
                self.large(large, options["requests_large"])
        self.stdout.write(self.figures.summary())
        if options["json"]:
            self.figures.write(Path(options["json"]))
            self.stdout.write(f"Figures: {options['json']}")

    def seed(self, name: str, **size: int) -> None:
        start = time.monotonic()
        with databases.using(name):
            answers = world.fill(**size)
        self.stdout.write(
            f"{size['states']} states × {size['rounds']} rounds: {answers} answers in {time.monotonic() - start:.1f} s"
        )

    # -- 16 states -------------------------------------------------------------------------------------------------

    def small(self, small: str, long: str, options: dict[str, Any]) -> None:
        label = "16 states × 3 rounds"
        cookie, pages = self.look(small, label)
        cookie_long, _ = self.sign_in(long)
        with ExitStack() as stack:
            portal = stack.enter_context(load.portal(databases.url(small), self.redis))
            portal_long = stack.enter_context(load.portal(databases.url(long), databases.redis_url(10)))
            bare = stack.enter_context(load.bare(databases.url(small), self.redis))
            client, client_long = load.Client(cookie), load.Client(cookie_long)
            self.weigh(client, portal, pages, label)
            self.race(client, portal, bare, pages, label, options["requests"])
            self.fresh(client, portal, bare, pages, small, options["requests"] // 3)
            self.rounds(client, client_long, portal, portal_long, pages, options["requests"])
            self.memory(portal)
            if options["no_browser"]:
                self.stdout.write("slow 3G: skipped (--no-browser)")
            else:
                self.slow_line(portal, pages, cookie)

    def large(self, name: str, requests: int) -> None:
        label = "193 states × 20 rounds"
        cookie, pages = self.look(name, label)
        with ExitStack() as stack:
            portal = stack.enter_context(load.portal(databases.url(name), self.redis))
            bare = stack.enter_context(load.bare(databases.url(name), self.redis))
            client = load.Client(cookie)
            self.weigh(client, portal, pages, label, targets=False)
            self.race(client, portal, bare, pages, label, requests, targets=False)

    # -- Measures --------------------------------------------------------------------------------------------------

    def sign_in(self, database: str) -> tuple[str, DjangoClient]:
        """Sessions of the focal point in that database: the cookies for both servers, a test client of the portal."""
        with databases.using(database):
            cookies = []
            for name, backend in (
                (bare_settings.SESSION_COOKIE_NAME, bare_settings.AUTHENTICATION_BACKENDS[0]),
                (settings.SESSION_COOKIE_NAME, settings.AUTHENTICATION_BACKENDS[0]),
            ):
                client = DjangoClient(SERVER_NAME="localhost", HTTP_ACCEPT_LANGUAGE="en")
                client.force_login(world.focal_point(), backend=backend)
                session = client.session
                note_sign_in(session, world.focal_point(), {"method": "mfa", "type": "totp"})
                session.save()
                cookies.append(f"{name}={client.cookies[settings.SESSION_COOKIE_NAME].value}")
        return "; ".join(cookies), client

    def look(self, name: str, label: str) -> tuple[str, dict[str, str]]:
        """Count the queries of each page; returns the cookie and the pages that there are."""
        cookie, client = self.sign_in(name)
        pages = {}
        kept.forget()  # of another database
        self.stdout.write(f"\n{label}: queries, in a process that knows the framework")
        with databases.using(name), override_settings(**HERE):
            area = self._first_area()
            for page, pattern in PAGES.items():
                path = pattern.format(area=area)
                client.raise_request_exception = False
                if (status := client.get(path).status_code) != 200:
                    self.stdout.write(f"  {page}: left out, {path} answers {status}")
                    continue
                pages[page] = path
                for forgetful, words in ((True, "queries, nothing kept"), (False, "queries")):
                    if forgetful:
                        kept.forget()
                    with CaptureQueriesContext(connection) as captured:
                        client.get(path)
                    self.figures.add(f"{page}, {label}: {words}", len(captured), "", MOST_QUERIES.get(page))
        return cookie, pages

    @staticmethod
    def _first_area() -> str:
        with connection.cursor() as cursor:
            cursor.execute('SELECT code FROM capabilities_area ORDER BY edition_id DESC, "order" LIMIT 1')
            return cursor.fetchone()[0]

    def weigh(
        self, client: load.Client, portal: load.Server, pages: dict[str, str], label: str, targets: bool = True
    ) -> None:
        self.stdout.write(f"\n{label}: bytes of the document on the wire, with its head")
        for page, path in pages.items():
            for coding in ("br", "gzip"):
                _, size = client.get(portal, path, coding)
                limit = MOST_BYTES.get(page, 12_000) if targets and coding == "br" else None
                self.figures.add(f"{page}, {label}: {coding}", size, "bytes", limit)

    def race(
        self,
        client: load.Client,
        portal: load.Server,
        bare: load.Server,
        pages: dict[str, str],
        label: str,
        requests: int,
        targets: bool = True,
    ) -> None:
        """Each page by turns with the bare one; ratio of the two medians."""
        self.stdout.write(f"\n{label}: time, {requests} requests each by one client, by turns with the bare page")
        for page, path in pages.items():
            ours, yardstick = load.Asked(portal, path), load.Asked(bare, "/bare/")
            client.measure([ours, yardstick], requests)
            main = targets and page in MAIN
            self.figures.add(f"{page}, {label}: p50", ours.p50, "ms")
            self.figures.add(f"{page}, {label}: p95", ours.p95, "ms")
            self.figures.add(f"{page}, {label}: p95 / p50", ours.p95 / ours.p50, "ratio", 1.5 if main else None)
            self.figures.add(f"bare page beside {page}, {label}: p50", yardstick.p50, "ms")
            self.figures.add(
                f"{page}, {label}: p50 / bare page", ours.p50 / yardstick.p50, "ratio", 0.6 if main else None
            )

    def fresh(
        self,
        client: load.Client,
        portal: load.Server,
        bare: load.Server,
        pages: dict[str, str],
        database: str,
        requests: int,
    ) -> None:
        """The first reader after a change: the page is built anew before each answer."""
        self.stdout.write("\n16 states × 3 rounds: the first visit after a change in the data (nothing kept)")

        def change() -> None:
            with connection.cursor() as cursor:
                cursor.execute("INSERT INTO base_change DEFAULT VALUES")

        with databases.using(database):
            for page in MAIN:
                if page in pages:
                    ours, yardstick = load.Asked(portal, pages[page], before=change), load.Asked(bare, "/bare/")
                    client.measure([ours, yardstick], requests)
                    self.figures.add(f"{page}, nothing kept: p50", ours.p50, "ms")
                    self.figures.add(f"{page}, nothing kept: p50 / bare page", ours.p50 / yardstick.p50, "ratio")

    def rounds(
        self,
        client: load.Client,
        client_long: load.Client,
        portal: load.Server,
        portal_long: load.Server,
        pages: dict[str, str],
        requests: int,
    ) -> None:
        self.stdout.write("\n16 states: what 20 rounds cost instead of 3")
        for page in MAIN:
            if page not in pages:
                continue
            few, many = load.Asked(portal, pages[page]), load.Asked(portal_long, pages[page])
            load.by_turns([(client, few), (client_long, many)], requests)
            self.figures.add(f"{page}: p50 at 20 rounds / at 3 rounds", many.p50 / few.p50, "ratio", 1.1)

    def memory(self, portal: load.Server) -> None:
        self.stdout.write("\nMemory after these requests (MB; PSS counts shared pages once)")
        try:
            processes = memory.of(portal.pid)
        except OSError as error:
            self.stdout.write(f"  not measured here: {error}")
            return
        for number, process in enumerate((p for p in processes if p.role == "web worker"), start=1):
            self.figures.add(f"web worker {number}: RSS", process.rss, "MB", 150)
            self.figures.add(f"web worker {number}: PSS", process.pss, "MB", 150)
        for process in processes:
            if process.role != "web worker":
                self.figures.add(f"{process.role}: PSS", process.pss, "MB")
        self.figures.add("web, worker and beat together: PSS", sum(p.pss for p in processes), "MB", 500)

    def slow_line(self, portal: load.Server, pages: dict[str, str], cookie: str) -> None:
        self.stdout.write("\nSlow 3G (400 ms, 400 kbit/s): largest contentful paint")
        if not browser.chromium():
            self.stdout.write("  skipped: Chromium is not installed")
            return
        name, _, value = cookie.rpartition("; ")[2].partition("=")
        paths = {page: pages[page] for page in MAIN if page in pages}
        try:
            found = browser.largest_paint(f"http://localhost:{portal.port}", list(paths.values()), (name, value))
        except ImportError:
            self.stdout.write("  skipped: Playwright is not installed (it comes with “make test”)")
            return
        for page, path in paths.items():
            cold, warm = found[path]
            self.figures.add(f"{page}: LCP on slow 3G, cold", cold, "ms", 3000)
            self.figures.add(f"{page}: LCP on slow 3G, warm", warm, "ms", 1000)
