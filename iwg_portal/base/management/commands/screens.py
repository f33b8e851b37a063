"""Save each page per persona, language and width, to be looked at beside the designs."""

import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

PERSONAS = ("delegate-sn", "focal-gh", "focal-cv", "chair", "secretariat", "observer", "partner", "admin")
PAGES = {
    "region": "/region/",
    "area": "/region/?area=OPS",
    "profile": "/states/gh/",
    "states": "/states/",
    "compare": "/compare/?state=CV&state=GH&state=SN",
    "glossary": "/glossary/",
    "status": "/states/gh/status/advpax/",
    "import": "/import/",
}
WIDTHS = (1280, 360)
CHROMIUM = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class Command(BaseCommand):
    help = "Save each page per persona, language and width as screens/<persona>/<page>-<language>-<width>.png."

    def add_arguments(self, parser):
        parser.add_argument("--at", help="address of a running demonstration; without it, one is started")
        parser.add_argument("--to", default=str(settings.BASE_DIR / "screens"))
        parser.add_argument("--persona", action="append", choices=PERSONAS)
        parser.add_argument("--language", action="append", choices=[code for code, _ in settings.LANGUAGES])
        parser.add_argument("--browser", default="/usr/bin/chromium")

    def handle(self, **options):
        if options["at"]:
            return self._save(options["at"].rstrip("/"), options)
        with tempfile.TemporaryDirectory(prefix="iwg-screens-") as folder:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                port = probe.getsockname()[1]
            process = subprocess.Popen(
                [sys.executable, "manage.py", "demo"],
                cwd=settings.BASE_DIR,
                env={**_clean_environment(), "DATA_DIR": folder, "PORT": str(port)},
                stdout=subprocess.DEVNULL,
            )
            try:
                self._wait(f"http://localhost:{port}", process)
                self._save(f"http://localhost:{port}", options)
            finally:
                process.terminate()
                process.wait(60)

    def _wait(self, address, process):
        deadline = time.monotonic() + 180
        while time.monotonic() < deadline and process.poll() is None:
            try:
                urllib.request.urlopen(f"{address}/healthz", timeout=2).close()
                return
            except (urllib.error.URLError, OSError):
                time.sleep(0.2)
        raise CommandError("The demonstration did not start.")

    def _save(self, address, options):
        try:
            from playwright.sync_api import sync_playwright
        except ImportError:
            raise CommandError("Playwright is missing: run “make screens”, which installs it.") from None
        languages = options["language"] or [code for code, _ in settings.LANGUAGES]
        saved = 0
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=options["browser"], args=CHROMIUM)
            for persona in options["persona"] or PERSONAS:
                for width in WIDTHS:
                    context = browser.new_context(viewport={"width": width, "height": 900})
                    page = context.new_page()
                    page.goto(f"{address}/demo/sign-in/")
                    page.click(f'button[value="{persona}"]')
                    for language in languages:
                        page.goto(f"{address}/glossary/")
                        page.click(f'form[action="/language/"] button[value="{language}"]')
                        for name, path in PAGES.items():
                            answer = page.goto(f"{address}{path}")
                            if answer is None or answer.status != 200:
                                continue  # not this persona's page
                            file = Path(options["to"]) / persona / f"{name}-{language}-{width}.png"
                            file.parent.mkdir(parents=True, exist_ok=True)
                            page.screenshot(path=str(file), full_page=True)
                            saved += 1
                    context.close()
            browser.close()
        self.stdout.write(f"{saved} pictures in {options['to']}")


def _clean_environment():
    import os

    ours = ("IWG_", "DATABASE_URL", "REDIS_URL", "SECRET_KEY", "FACTOR_KEYS", "DATA_DIR", "PORT")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}
