"""The description for programs says what they are answered: each answer fits it, and it holds no row."""

import datetime as dt
import json

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from members.enums import Dataset
from tests.data.reading import Program, program_for, token_for
from tests.factories import LessonFactory
from tests.site import furnish

pytestmark = pytest.mark.django_db
FORMATS = FormatChecker()
HOLDERS = ("observer", "other_delegate", "own_focal_point", "administrator")


@FORMATS.checks("date-time", raises=ValueError)
def is_moment(value):
    """With a zone. The library leaves this format unchecked without a further one."""
    return not isinstance(value, str) or dt.datetime.fromisoformat(value).utcoffset() is not None


@pytest.fixture
def site(cast, settings):
    settings.ACCOUNT_RATE_LIMITS = False
    LessonFactory(state=cast.own)
    return furnish(cast)


def described(site, part):
    answer = site.client(part).get("/data/openapi.json")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")
    return answer.json()


def validator(description, schema):
    whole = {"components": description["components"], **schema}
    Draft202012Validator.check_schema(whole)
    return Draft202012Validator(whole, format_checker=FORMATS)


@pytest.mark.parametrize("part", HOLDERS)
def test_every_answer_fits_its_description(site, part):
    description, program = described(site, part), program_for(site, part)
    assert set(description["paths"]) == {f"/data/v1/{name}.json" for name in Dataset}
    filled = set()
    for address, path in description["paths"].items():
        answer = path["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        for query in ("", "?limit=1"):
            got = program.ask(address + query).json()
            assert [error.message for error in validator(description, answer).iter_errors(got)] == []
            filled |= {got["dataset"]} if got["rows"] else set()
    wanted = set(Dataset.values) - {"glossary"}
    assert filled >= (wanted if part in ("other_delegate", "own_focal_point") else {"states", "statuses", "answers"})


def test_every_refusal_fits_its_description(site):
    description = described(site, "observer")
    refused = description["components"]["responses"]["Problem"]["content"]["application/problem+json"]["schema"]
    program = program_for(site, "observer", datasets=["states"])
    asked = [("states.json?limit=0", 400), ("glossary.json", 403), ("nothing.json", 404)]
    answers = [(program.ask(f"/data/v1/{address}"), status) for address, status in asked]
    answers.append((Program("iwg_unknown-unknown").ask("/data/v1/states.json"), 401))
    told = description["paths"]["/data/v1/states.json"]["get"]["responses"]
    for answer, status in answers:
        assert (answer.status_code, answer.json()["status"]) == (status, status)
        assert str(status) in told
        assert list(validator(description, refused).iter_errors(answer.json())) == []


def test_a_row_that_does_not_fit_is_found(site):
    """Otherwise the tests above would prove nothing."""
    description, got = described(site, "observer"), program_for(site, "observer").read("states")
    schema = {"$ref": "#/components/schemas/States"}
    for wrong in ({"rows": [{**got["rows"][0], "more": 1}]}, {"label": "TLP:RED"}, {"as_of": "yesterday"}):
        assert list(validator(description, schema).iter_errors({**got, **wrong}))


def test_every_reference_leads_somewhere_and_nothing_is_said_twice(site):
    answer = site.client("observer").get("/data/openapi.json")
    description = described(site, "observer")

    def references(value):
        if isinstance(value, dict):
            if "$ref" in value:
                yield value["$ref"]
            value = list(value.values())
        if isinstance(value, list):
            for one in value:
                yield from references(one)

    for reference in set(references(description)):
        found = description
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]
    operations = [path["get"]["operationId"] for path in description["paths"].values()]
    assert len(operations) == len(set(operations))

    def once(pairs):
        names = [name for name, _value in pairs]
        assert len(names) == len(set(names)), names
        return dict(pairs)

    json.loads(answer.content, object_pairs_hook=once)
    assert description["openapi"].startswith("3.1.")


def test_it_holds_no_row_and_differs_for_nobody_by_what_she_reads(site):
    texts = {part: site.client(part).get("/data/openapi.json").content.decode() for part in HOLDERS}
    assert len(set(texts.values())) == 1
    for word in ("Ownland", "It is decided", "It is to be done", "Announced meeting"):
        assert word not in texts["observer"]


def test_the_page_names_every_column_and_shows_no_row(site):
    page = site.client("secretariat").get("/data/").content.decode()
    description = described(site, "secretariat")
    for name, schema in description["components"]["schemas"].items():
        if name == "Problem":
            continue
        for key in schema["properties"]["rows"]["items"]["properties"]:
            assert f"<code>{key}</code>" in page
    assert "Announced meeting" not in page
    token_for(site, "secretariat", label="Kestrel")
    assert "Kestrel" in site.client("secretariat").get("/data/").content.decode()
