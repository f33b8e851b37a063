"""The shared cache, which may be gone: then pages are slower, never broken and never stuck."""

import logging
import time
from collections.abc import Callable
from typing import Any

from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

logger = logging.getLogger(__name__)

SECONDS = 2  # for one answer; a Redis that accepts and never answers would otherwise hold a page for 30 s
PAUSE = 5.0  # after a failure Redis is left alone for so long, or a page with ten look-ups waits ten times


class PatientClient(RedisCacheClient):
    """Django's client; when Redis refuses or stays silent it logs one warning and answers as if nothing were stored.

    ``add`` then answers True, so nothing may rely on the cache alone for "only once": that belongs in the database.
    """

    def __init__(self, servers: list[str], **options: Any) -> None:
        options.setdefault("socket_timeout", SECONDS)
        options.setdefault("socket_connect_timeout", SECONDS)
        options.setdefault("retry", Retry(NoBackoff(), 0))
        super().__init__(servers, **options)

    # Of the process, not of the client: Django makes one client per thread.
    _silent_until = 0.0
    _warned = False

    def _ask(self, question: Callable[..., Any], miss: Any, *args: Any) -> Any:
        if time.monotonic() < PatientClient._silent_until:
            return miss
        try:
            answer = question(*args)
        except (RedisError, OSError) as error:
            PatientClient._silent_until = time.monotonic() + PAUSE
            if not PatientClient._warned:
                PatientClient._warned = True
                logger.warning("The cache does not answer (%s); going on without it.", type(error).__name__)
            return miss
        if PatientClient._warned:
            PatientClient._warned = False
            logger.warning("The cache answers again.")
        return answer

    def add(self, key: str, value: Any, timeout: int | None) -> bool:
        return self._ask(super().add, True, key, value, timeout)

    def get(self, key: str, default: Any) -> Any:
        return self._ask(super().get, default, key, default)

    def set(self, key: str, value: Any, timeout: int | None) -> None:
        self._ask(super().set, None, key, value, timeout)

    def touch(self, key: str, timeout: int | None) -> bool:
        return self._ask(super().touch, False, key, timeout)

    def delete(self, key: str) -> bool:
        return self._ask(super().delete, False, key)

    def get_many(self, keys: Any) -> dict[str, Any]:
        return self._ask(super().get_many, {}, keys)

    def has_key(self, key: str) -> bool:
        return self._ask(super().has_key, False, key)

    def incr(self, key: str, delta: int) -> int:
        """Raises ValueError for a missing key, as always; so also without Redis."""
        value = self._ask(super().incr, None, key, delta)
        if value is None:
            raise ValueError(f"Key {key!r} not found.")
        return value

    def set_many(self, data: dict[str, Any], timeout: int | None) -> None:
        self._ask(super().set_many, None, data, timeout)

    def delete_many(self, keys: list[str]) -> None:
        self._ask(super().delete_many, None, keys)

    def clear(self) -> bool:
        return self._ask(super().clear, False)


class PatientRedisCache(RedisCache):
    """The backend named in CACHES."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = PatientClient
