"""Compression: which coding, what stays as it is."""

import gzip

import brotli
import pytest
from django.http import HttpResponse, StreamingHttpResponse
from django.test import RequestFactory

from iwg_portal.base.middleware import CompressMiddleware

TEXT = "<p>Sénégal declares level 3.</p>" * 60


def answer(accepted, response):
    return CompressMiddleware(lambda request: response)(RequestFactory().get("/", HTTP_ACCEPT_ENCODING=accepted))


def test_brotli_is_preferred_and_the_etag_becomes_weak():
    response = answer("gzip, deflate, br", HttpResponse(TEXT, headers={"ETag": '"abc"'}))
    assert response["Content-Encoding"] == "br"
    assert brotli.decompress(response.content).decode() == TEXT
    assert response["ETag"] == 'W/"abc"'
    assert response["Content-Length"] == str(len(response.content))
    assert "Accept-Encoding" in response["Vary"]


def test_gzip_where_brotli_is_not_accepted():
    response = answer("gzip, br;q=0", HttpResponse(TEXT))
    assert response["Content-Encoding"] == "gzip"
    assert gzip.decompress(response.content).decode() == TEXT


@pytest.mark.parametrize(
    ("accepted", "response"),
    [
        ("", HttpResponse(TEXT)),
        ("br", HttpResponse("short")),
        ("br", HttpResponse(TEXT, content_type="image/png")),
        ("br", HttpResponse(TEXT, headers={"Content-Encoding": "zstd"})),
        ("br", StreamingHttpResponse([TEXT.encode()])),
    ],
    ids=["not accepted", "short", "a picture", "already encoded", "streaming"],
)
def test_left_alone(accepted, response):
    before = response.get("Content-Encoding")
    assert answer(accepted, response).get("Content-Encoding") == before
