"""The description of the answers for programs (OpenAPI 3.1), in the active language. It holds no row."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from iwg_portal.base.extracts import Column
from iwg_portal.data import answers
from iwg_portal.data.datasets import columns
from members.access import Viewer
from members.enums import TLP, Audience, Dataset
from members.models import CEILINGS

VERSION = "1"
DAYS = frozenset({"since", "as_of", "due_on", "decided_on", "approved_on", "API since", "PNR since"})
MOMENTS = frozenset({"starts_at", "ends_at"})
NUMBERS = frozenset({"overdue_days", "useful_to", "meeting_number"})


def description(viewer: Viewer) -> dict[str, Any]:
    """``viewer``: as a program reads for whoever asks."""
    return {
        "openapi": "3.1.0",
        "info": {"title": _("Data for programs"), "version": VERSION, "description": _about()},
        "servers": [{"url": settings.PUBLIC_URL}],
        "security": [{"token": []}],
        "paths": {answers.address(one.value): {"get": _operation(one)} for one in Dataset},
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {
                **{_name(one): _answer(columns(one.value, viewer), one) for one in Dataset},
                "Problem": _problem(),
            },
            "responses": {"Problem": _refused()},
            "parameters": _parameters(),
        },
    }


def _about() -> str:
    return _("Each answer bears its label and says who may read it. Handle it by that label.")


def _name(dataset: Dataset) -> str:
    return "".join(word.capitalize() for word in dataset.value.split("-"))


def _operation(dataset: Dataset) -> dict[str, Any]:
    shown = {"$ref": f"#/components/schemas/{_name(dataset)}"}
    refused = {"$ref": "#/components/responses/Problem"}
    return {
        "operationId": f"read_{dataset.value.replace('-', '_')}",
        "summary": str(dataset.label),
        "parameters": [{"$ref": f"#/components/parameters/{name}"} for name in answers.PARAMETERS],
        "responses": {
            "200": {
                "description": _("Rows in the order in which they were entered."),
                "headers": {"ETag": {"schema": {"type": "string"}}},
                "content": {"application/json": {"schema": shown}},
            },
            "304": {"description": _("Nothing has changed since the answer with this ETag.")},
            **{str(status): refused for status in (400, 401, 403, 404, 429)},
        },
    }


def _answer(found: Any, dataset: Dataset) -> dict[str, Any]:
    row = {
        "type": "object",
        "properties": {column.key: _cell(column, dataset) for column in found},
        "required": [column.key for column in found],
        "additionalProperties": False,
    }
    column = {"type": "object", "properties": {name: {"type": "string"} for name in ("key", "heading", "meaning")}}
    fields: dict[str, Any] = {
        "as_of": {"type": "string", "format": "date-time"},
        "dataset": {"const": dataset.value},
        "label": {"enum": [TLP[audience] for audience in CEILINGS]},
        "audience": {"enum": [Audience(audience).value for audience in CEILINGS]},
        "for": {"type": ["string", "null"]},
        "demonstration": {"type": "boolean"},
        "round": {"type": ["integer", "null"], "title": _("Self-assessment")},
        "columns": {"type": "array", "items": {**column, "required": ["key", "heading", "meaning"]}},
        "rows": {"type": "array", "maxItems": answers.MOST, "items": row},
        "next": {"type": ["string", "null"], "format": "uri"},
    }
    return {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}


def _cell(column: Column, dataset: Dataset) -> dict[str, Any]:
    said = {name: text for name, text in (("title", column.heading), ("description", column.meaning)) if text}
    if column.key in DAYS:
        return {"type": ["string", "null"], "format": "date", **said}
    if column.key in MOMENTS:
        return {"type": ["string", "null"], "format": "date-time", **said}
    if column.key in NUMBERS:
        return {"type": ["integer", "null"], **said}
    # A level, or why there is none.
    is_level = dataset == Dataset.ANSWERS and " " not in column.key and column.key != "State"
    return {"type": ["integer", "string", "null"] if is_level else ["string", "null"], **said}


def _problem() -> dict[str, Any]:
    texts = {name: {"type": "string"} for name in ("type", "title", "detail")}
    fields = {**texts, "status": {"type": "integer"}}
    return {"type": "object", "properties": fields, "required": list(fields)}


def _refused() -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        "description": _("Why there is no answer, and what to do."),
        "headers": {"Retry-After": {"schema": {"type": "integer"}}, "WWW-Authenticate": {"schema": {"type": "string"}}},
        "content": {"application/problem+json": {"schema": schema}},
    }


def _parameters() -> dict[str, Any]:
    limit = {"type": "integer", "minimum": 1, "maximum": answers.MOST, "default": answers.DEFAULT}
    return {
        "limit": {"name": "limit", "in": "query", "schema": limit, "description": _("Most rows of an answer.")},
        "after": {
            "name": "after",
            "in": "query",
            "schema": {"type": "string"},
            "description": _("Taken from next of the answer before: the rows that follow it."),
        },
    }
