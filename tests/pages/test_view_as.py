"""A page looked at as somebody else: what she would see, never more than one's own, and nothing can be written."""

import re

import pytest

from capabilities.actions.releases import release
from capabilities.models import RoundNote
from capabilities.queries.releases import Uses
from iwg_portal.base import kept
from members.access import LOOKS, seen_as
from members.enums import Audience
from tests.cast import PARTS
from tests.factories import RoundFactory, StatusReportFactory, declare, framework
from tests.pages.test_region import row, text

pytestmark = pytest.mark.django_db
# Who sees in truth what one looks at.
REAL = {"member": "other_delegate", "observer": "observer", "partner": "partner"}


@pytest.fixture
def world(cast):
    for part in PARTS:
        cast.person(part)
    edition = framework()
    cast.round = RoundFactory(year=2024, edition=edition)
    for state in (cast.own, cast.other, cast.chairing):
        StatusReportFactory(state=state, delivery="pilot")
        if state != cast.other:  # who would see it, being of its delegation
            StatusReportFactory(state=state, kind="pnr", delivery="planned", audience="secretariat")
        declare(state, cast.round, {"AR1-1": 4, "AR1-2": 4, "AR2-1": 1, "AR2-2": 1})
    release(state=cast.own, uses={"AR1": Uses(Audience.SECRETARIAT)}, by=cast.viewer("own_focal_point"))
    RoundNote.objects.create(state=cast.own, round=cast.round, text="note-4711")
    cast.profile = f"/states/{cast.own.alpha2.lower()}/"
    return cast


def addresses(world):
    own, third = world.own.alpha2, world.chairing.alpha2
    return [
        world.profile,
        "/region/",
        "/region/?area=AR1",
        f"/compare/?state={own}&state={third}",
        "/states/?advpax=pilot",
        "/glossary/",
    ]


def look(world, part, address, kind):
    return world.client(part).get(f"{address}{'&' if '?' in address else '?'}as={kind}")


def inside(page):
    """What stands in the page, without its frame, what keeps the look, and the card that is the reader's very own."""
    html = page.content.decode()
    html = re.search(r"<main.*</main>.*?<p>(?P<label>.*?)As of", html, flags=re.S).group(0)
    html = re.sub(r'<div class="iwg-banner iwg-banner-attention" role="status">.*?</div><a.*?</a></div>\n', "", html)
    html = re.sub(r'<p class="iwg-quiet"><svg[^>]*>(?:(?!</p>).)*Look at this page as:.*?</p>', "", html, flags=re.S)
    html = re.sub(r'<input type="hidden" name="as" value="\w+">', "", html)
    html = re.sub(r'<section class="iwg-card" id="for-you">.*?</section>', "", html, flags=re.S)
    return " ".join(re.sub(r"(\?|&amp;)as=\w+", "", html).split())


@pytest.mark.parametrize("part", ["own_delegate", "own_focal_point", "secretariat"])
@pytest.mark.parametrize("kind", list(LOOKS))
def test_it_is_to_the_byte_what_the_other_sees(world, part, kind):
    for address in addresses(world):
        own, real = look(world, part, address, kind), world.client(REAL[kind]).get(address)
        assert "Back to your own view" in text(own)
        assert 'id="for-you"' not in own.content.decode(), "nobody looks at what another owes"
        assert inside(own) == inside(real), address


def test_the_own_secrets_are_gone_from_the_look(world):
    for part in ("own_delegate", "secretariat"):
        own = text(world.client(part).get(world.profile))
        assert "AR1-1 level 4" in own
        assert "note-4711" in own
        for kind in LOOKS:
            seen = text(look(world, part, world.profile, kind))
            assert "AR1-1 level 4" not in seen
            assert "note-4711" not in seen
            assert "Update API" not in seen


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("kind", list(LOOKS))
def test_nobody_sees_more_than_in_her_own_view(world, part, kind):
    viewer = world.viewer(part)
    other = seen_as(viewer, kind)
    assert other.reads <= viewer.reads
    assert other is viewer or not (other.own_states or other.focal_states or other.reads_status_only)
    may = bool(viewer.own_states) or viewer.in_secretariat
    assert (other.looks_as == kind) is may
    if not may and viewer.in_group:
        own = world.client(part).get("/region/")
        assert inside(look(world, part, "/region/", kind)) == inside(own)


def test_what_no_member_may_open_is_not_opened_by_looking(world):
    for kind in LOOKS:
        assert look(world, "own_focal_point", f"{world.profile}release/", kind).status_code == 403
        assert look(world, "own_focal_point", f"{world.profile}status/pnr/", kind).status_code == 403
        assert look(world, "secretariat", "/import/", kind).status_code == 404


def test_nothing_is_written_while_looking(world):
    client = world.client("own_focal_point")
    for address in (f"{world.profile}status/pnr/", f"{world.profile}release/", "/language/", "/sign-out/"):
        assert client.post(f"{address}?as=member", {"language": "fr"}).status_code == 403
    assert client.get(world.profile).status_code == 200


def test_links_and_filters_keep_the_look_and_one_link_leads_back(world):
    page = look(world, "own_delegate", "/region/?area=AR1", "observer").content.decode()
    links = re.findall(r'(?<!data-own )href="(/(?!static/)[^"#]*)', page)
    assert links
    assert not [link for link in links if not re.search(r"[?;]as=observer$", link)]
    assert 'data-own href="/region/?area=AR1"' in page
    forms = re.findall(r'<form[^>]*method="get"[^>]*>(.{45})', page)
    assert set(forms) == {'<input type="hidden" name="as" value="observer"'[:45]}


def test_a_fragment_is_looked_at_in_the_same_way(world):
    answer = world.client("own_delegate").get("/region/?area=AR2&as=observer", headers={"HX-Request": "true"})
    assert "iwg-lv" not in answer.content.decode()


def test_an_unknown_word_is_ones_own_view(world):
    page = look(world, "own_delegate", world.profile, "secretariat")
    assert "AR1-1 level 4" in text(page)
    assert "Back to your own view" not in text(page)


def test_pieces_that_are_kept_are_not_mixed_up(world):
    kept.forget()
    client = world.client("own_delegate")
    for _ in range(2):
        assert "4.0" in row(client.get("/region/"), "Ownland")
        assert "4.0" not in row(look(world, "own_delegate", "/region/", "member"), "Ownland")
        assert "1.0" not in row(look(world, "own_delegate", "/region/", "partner"), "Ownland")
    # Hers stay hers: nobody else is served the piece of a look.
    assert "4.0" in row(world.client("other_delegate").get("/region/"), "Otherland")


def test_the_ways_to_look_are_offered_to_delegation_and_secretariat(world):
    for part in PARTS:
        page = world.client(part).get(world.profile).content.decode()
        may = part in ("own_delegate", "own_focal_point", "secretariat")
        assert (f'href="{world.profile}?as=member"' in page) is may
    page = world.client("own_focal_point").get(f"{world.profile}release/").content.decode()
    assert f'href="{world.profile}?as=observer"' in page
