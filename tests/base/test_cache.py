"""The cache may refuse or stay silent: a page goes on as if nothing were stored, with one warning."""

import logging
import socket
import time

import pytest

from iwg_portal.base import cache as patient
from tests.base.portal import data_folder


@pytest.fixture(autouse=True)
def _no_memory_of_earlier_trouble():
    def forget():
        patient.PatientClient._silent_until = 0.0
        patient.PatientClient._warned = False

    forget()
    yield
    forget()


def ask_everything(cache):
    assert cache.get("key", "default") == "default"
    assert cache.get_many(["a", "b"]) == {}
    cache.set("key", 1)
    cache.set_many({"a": 1})
    assert cache.add("key", 1) is True
    assert cache.touch("key") is False
    assert cache.delete("key") is False
    cache.delete_many(["a"])
    assert cache.has_key("key") is False
    assert cache.get_or_set("key", lambda: "made") == "made"
    with pytest.raises(ValueError, match="not found"):
        cache.incr("key")
    assert cache.clear() is False


def test_refused(caplog):
    cache = patient.PatientRedisCache("unix:///nonexistent/valkey.sock", {})
    with caplog.at_level(logging.WARNING):
        ask_everything(cache)
    assert [record.getMessage() for record in caplog.records] == [
        "The cache does not answer (ConnectionError); going on without it."
    ]


def test_silent(caplog, monkeypatch):
    monkeypatch.setattr(patient, "SECONDS", 0.2)
    with data_folder() as folder, socket.socket(socket.AF_UNIX) as server:
        server.bind(str(folder / "silent.sock"))
        server.listen()
        cache = patient.PatientRedisCache(f"unix://{folder / 'silent.sock'}", {})
        started = time.monotonic()
        with caplog.at_level(logging.WARNING):
            ask_everything(cache)
        assert time.monotonic() - started < patient.PAUSE, "only the first question waits"
        assert len(caplog.records) == 1
        cache._cache.get_client(write=True).connection_pool.disconnect()


def test_it_answers_again(settings, caplog):
    patient.PatientClient._warned = True
    cache = patient.PatientRedisCache(settings.REDIS_URL, {"KEY_PREFIX": "test"})
    with caplog.at_level(logging.WARNING):
        cache.set("key", [1, "two"])
        assert cache.get("key") == [1, "two"]
        cache.delete("key")
    assert [record.getMessage() for record in caplog.records] == ["The cache answers again."]
    cache._cache.get_client(write=True).connection_pool.disconnect()
