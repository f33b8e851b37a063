"""The component gallery: every part draws itself; its address exists under DEBUG only."""

import pytest
from django.test import RequestFactory
from django.urls import NoReverseMatch, reverse
from django_htmx.middleware import HtmxDetails

from iwg_portal.pages.views.gallery import gallery

pytestmark = pytest.mark.django_db


def test_every_part_draws_itself(rf: RequestFactory):
    request = rf.get("/gallery/")
    request.htmx = HtmxDetails(request)
    page = gallery(request)
    assert page.status_code == 200
    for part in (b"iwg-map", b"iwg-heat", b"iwg-ladder", b"iwg-pages", b"iwg-errors"):
        assert part in page.content


def test_it_has_no_address_outside_development():
    with pytest.raises(NoReverseMatch):
        reverse("gallery")
