"""Every kind of page: no violation that axe knows, no error of the Nu HTML checker."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from django.conf import settings

from tests.browser import missing, overflow

pytestmark = pytest.mark.browser
# Persona (empty: nobody) → addresses.
PAGES = {
    "": ["/", "/sign-in/", "/demo/sign-in/", "/data-use/"],
    "focal-gh": [
        "/", "/region/", "/region/?area=LEG&round=2024&scope=pnr", "/states/", "/states/gh/", "/states/ga/",
        "/states/gh/status/advpax/", "/states/gh/status/pnr/", "/compare/",
        "/compare/?state=GH&state=SN&state=CV&state=NG",
        "/glossary/", "/account/mails/", "/no-such-page/", "/reports/", "/reports/progress/2026-Q3/",
    ],
    "chair": ["/reports/status/2026-10/"],
    "secretariat": [
        "/import/", "/states/bj/", "/mail/", "/mail/batches/1/", "/reports/operations/2026-W40/", "/summaries/",
        "/summaries/template/", "/data/",
    ],
    "observer": ["/region/", "/states/gh/"],
    "delegate-sn": ["/region/", "/states/sn/", "/glossary/?q=passager"],
    "focal-cv": ["/region/", "/states/cv/"],
    "admin": ["/region/"],
}  # fmt: skip
ALL = [(persona, address) for persona, addresses in PAGES.items() for address in addresses]


@pytest.mark.parametrize(("persona", "address"), ALL)
def test_axe_finds_nothing_and_nothing_scrolls_sideways(visit, portal, persona, address):
    from axe_playwright_python.sync_playwright import Axe

    page = visit(portal, persona, reduced_motion="reduce")
    page.goto(address)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found = [
            f"{scheme}: {violation['id']}: {node['html'][:160]}"
            for violation in Axe().run(page).response["violations"]
            for node in violation["nodes"][:3]
        ]
        assert found == []
    page.set_viewport_size({"width": 360, "height": 800})
    assert overflow(page) == []


WIDEST = """select => {
    const style = getComputedStyle(select), pen = document.createElement('canvas').getContext('2d');
    pen.font = `${style.fontSize} ${style.fontFamily}`;
    const room = select.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    return [...select.options].map(o => o.label).filter(words => pen.measureText(words).width > room);
}"""


@pytest.mark.parametrize(("persona", "state"), [("focal-gh", "gh"), ("focal-cv", "cv")])
def test_no_choice_of_who_reads_is_cut_on_a_telephone(visit, portal, persona, state):
    page = visit(portal, persona, width=360)
    page.goto(f"/states/{state}/release/")
    selects = page.locator(".iwg-release select")
    assert selects.count() > 1
    for select in selects.all():
        assert select.evaluate(WIDEST) == []
    assert overflow(page) == []


def test_the_buttons_of_a_lost_factor_fit_a_telephone(visit, portal):
    page = visit(portal, "admin", width=360)
    page.goto("/people/factor-resets/")
    button = page.locator('button[value="confirm"]').first
    assert button.bounding_box()["height"] < 50  # one line
    assert overflow(page) == []


def _checker() -> Path:
    jar = Path(os.environ.get("VNU_JAR") or settings.BASE_DIR / ".cache" / "vnu.jar")
    if not jar.exists():
        missing(f"The Nu HTML checker is not installed ({jar}; npm package vnu-jar, or set VNU_JAR).")
    if shutil.which("java") is None:
        missing("Java is not installed; the Nu HTML checker needs it.")
    return jar


def test_nu_html_checker_finds_no_error(visit, portal, tmp_path):
    jar = _checker()
    names = {}
    for persona, addresses in PAGES.items():
        page = visit(portal, persona)
        for address in addresses:
            file = tmp_path / f"{len(names)}.html"
            file.write_bytes(page.request.get(address).body())
            names[file.name] = f"{persona or 'anonymous'} {address}"
    done = subprocess.run(
        ["java", "-Xss1m", "-jar", str(jar), "--errors-only", "--format", "json", *(str(tmp_path / n) for n in names)],
        capture_output=True,
        text=True,
        check=False,
    )
    messages = json.loads(done.stderr or done.stdout)["messages"]
    found = [f"{names[Path(m['url']).name]}: {m['message']} {m.get('extract', '')[:120]}" for m in messages]
    assert found == []
    assert done.returncode == 0
