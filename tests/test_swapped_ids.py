"""Ids in addresses, swapped: what somebody may not see answers like what does not exist, to the byte.

Of every address with an id, as every part of the cast: where the answer is 404, an id that nobody has ever given must
get the same one. Else the answer would tell that the thing exists.
"""

import re
import uuid

import pytest
import time_machine

from tests.cast import PARTS
from tests.site import furnish, patterns, places, table
from tests.test_canaries import NOW, same_when_read_again

pytestmark = pytest.mark.django_db
# An id in its path; what stands in the query chooses among rows of a page that is there.
WITH_ID = [row for row in table() if "{" in row["address"].partition("?")[0]]
NOBODYS = {"int": "2000000000", "uuid": str(uuid.UUID(int=1)), "slug": "zz", "str": "nothing"}


@pytest.fixture
def site(cast, settings):
    settings.ACCOUNT_RATE_LIMITS = False
    settings.FILE_RATES = {}
    with time_machine.travel(NOW, tick=False):
        yield furnish(cast)


def swapped(row, pattern):
    """The address with ids that nobody has, of the kind that the pattern takes."""
    kinds = iter(NOBODYS[str(kind).rpartition(".")[2]] for kind in converters(pattern))
    return re.sub(r"\{\w+\}", lambda _match: next(kinds), row["address"])


def converters(pattern):
    names = {"IntConverter": "int", "UUIDConverter": "uuid", "SlugConverter": "slug", "StringConverter": "str"}
    return [names[type(converter).__name__] for converter in pattern.pattern.converters.values()]


def answer(client, method, address):
    got = client.generic(method, address, "", "application/x-www-form-urlencoded")
    head = "\n".join(f"{name}: {value}" for name, value in got.headers.items())
    body = f"{head}\n{got.content.decode('utf-8', 'replace')}"
    return got.status_code, same_when_read_again(body).replace(address, "…")


@pytest.mark.parametrize("part", PARTS)
def test_not_for_her_and_not_there_are_the_same(site, part):
    by_name = {pattern.name: pattern for pattern in patterns()}
    client, compared = site.client(part), 0
    for row in WITH_ID:
        if row[part] != "404":
            continue
        compared += 1
        real = answer(client, row["method"], row["address"].format(**places(site)))
        none = answer(client, row["method"], swapped(row, by_name[row["name"]]))
        assert real == none, (row["method"], row["address"])
    assert compared > 5 or part == "anonymous"
