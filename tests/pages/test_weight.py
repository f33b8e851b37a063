"""What a visit weighs on the wire, in a real browser, with the static files as they are served for real."""

from urllib.parse import urlsplit

import pytest

pytestmark = pytest.mark.browser
FIRST_VISIT, FURTHER_PAGE, REGION = 60_000, 12_000, 16_000
FURTHER = ["/states/gh/", "/states/", "/compare/?state=GH&state=SN&state=CV&state=NG", "/glossary/", "/import/"]


class Wire:
    """Bytes with heads as the browser received them, per request; what came from its cache does not count."""

    def __init__(self, page):
        self.urls, self.bytes, self.cached = {}, {}, set()
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.on("Network.requestWillBeSent", lambda e: self.urls.__setitem__(e["requestId"], e["request"]["url"]))
        session.on("Network.requestServedFromCache", lambda e: self.cached.add(e["requestId"]))
        session.on("Network.responseReceived", self._received)
        session.on("Network.loadingFinished", lambda e: self.bytes.__setitem__(e["requestId"], e["encodedDataLength"]))

    def _received(self, event):
        if event["response"].get("fromDiskCache"):
            self.cached.add(event["requestId"])

    def forget(self):
        self.urls, self.bytes, self.cached = {}, {}, set()

    @property
    def requests(self):
        return [url for number, url in self.urls.items() if number not in self.cached and not url.startswith("data:")]

    @property
    def weight(self):
        return sum(size for number, size in self.bytes.items() if number not in self.cached)


def open_page(page, address):
    page.goto(address, wait_until="networkidle")


@pytest.mark.parametrize("address", ["/region/", "/states/gh/"])
def test_first_visit(visit, portal, address):
    page = visit(portal, "secretariat")
    wire = Wire(page)
    open_page(page, address)
    assert len(wire.requests) <= 5, wire.requests
    assert {urlsplit(url).netloc for url in wire.requests} == {urlsplit(portal.address).netloc}
    assert 5_000 < wire.weight <= FIRST_VISIT, (wire.weight, wire.requests)


def test_first_visit_of_somebody_who_is_not_signed_in(visit, portal):
    page = visit(portal)
    wire = Wire(page)
    open_page(page, "/")
    assert len(wire.requests) <= 5, wire.requests
    assert {urlsplit(url).netloc for url in wire.requests} == {urlsplit(portal.address).netloc}
    assert 5_000 < wire.weight <= FIRST_VISIT


@pytest.mark.parametrize("address", ["/region/", "/region/?area=BORDER", *FURTHER])
def test_a_further_page(visit, portal, address):
    page = visit(portal, "secretariat")
    open_page(page, "/region/?scope=pnr")
    wire = Wire(page)
    open_page(page, address)
    assert len(wire.requests) <= 5, wire.requests
    assert 500 < wire.weight <= (REGION if address.startswith("/region/") else FURTHER_PAGE), wire.weight
