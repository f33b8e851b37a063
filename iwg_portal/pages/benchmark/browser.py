"""How soon a reader on a slow line sees the page: largest contentful paint in Chromium."""

import os
import shutil
import statistics
from pathlib import Path

# 400 ms, 400 kbit/s each way.
SLOW_3G = {"offline": False, "latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 50_000}
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
WATCH = """
window.lcp = 0;
new PerformanceObserver(list => list.getEntries().forEach(entry => { window.lcp = entry.startTime; }))
  .observe({type: "largest-contentful-paint", buffered: true});
"""


def chromium() -> str:
    """Where Chromium is, empty when it is not installed."""
    for name in (os.environ.get("CHROMIUM", ""), "/usr/bin/chromium", "chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name) if name else None
        if found and Path(found).exists():
            return found
    return ""


def largest_paint(base: str, paths: list[str], cookie: tuple[str, str], runs: int = 3) -> dict[str, tuple[int, int]]:
    """Per path (cold, warm) in milliseconds: first visit with an empty cache, then the same page again.

    Raises ImportError without Playwright. Medians of ``runs``.
    """
    from playwright.sync_api import Browser, sync_playwright

    def visit(browser: Browser, path: str) -> tuple[float, float]:
        context = browser.new_context(viewport={"width": 1366, "height": 768})
        context.add_init_script(WATCH)
        context.add_cookies([{"name": cookie[0], "value": cookie[1], "url": base}])
        page = context.new_page()
        session = context.new_cdp_session(page)
        session.send("Network.enable")
        session.send("Network.emulateNetworkConditions", SLOW_3G)
        times = []
        for _ in ("cold", "warm"):
            page.goto(base + path, wait_until="load", timeout=120_000)
            page.wait_for_timeout(500)
            times.append(page.evaluate("window.lcp"))
            page.goto("about:blank")
        context.close()
        return times[0], times[1]

    found = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        for path in paths:
            seen = [visit(browser, path) for _ in range(runs)]
            cold, warm = (round(statistics.median(times)) for times in zip(*seen, strict=True))
            found[path] = (cold, warm)
        browser.close()
    return found
