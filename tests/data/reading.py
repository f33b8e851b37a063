"""A program that reads data for one of the cast."""

from typing import Any

from django.test import Client

from members.actions import make_data_token
from members.enums import Dataset
from tests.cast import Cast


def token_for(cast: Cast, part: str, *, datasets=tuple(Dataset.values), ceiling: str = "", days: int = 30, label="T"):
    """Row and secret; by itself as far as she may choose."""
    viewer = cast.viewer(part)
    far = "members" if viewer.reads_members else "group"
    return make_data_token(by=viewer, label=label, datasets=datasets, ceiling=ceiling or far, days=days)


class Program:
    """Asks with a secret and nothing else: it has no session and keeps no cookie."""

    def __init__(self, secret: str, language: str = "en") -> None:
        self.client, self.secret, self.language = Client(), secret, language

    def ask(self, address: str, method: str = "get", **headers: str) -> Any:
        sent = {"Authorization": f"Bearer {self.secret}", "Accept-Language": self.language, **headers}
        return getattr(self.client, method)(address, headers={name: value for name, value in sent.items() if value})

    def read(self, dataset: str, query: str = "") -> dict[str, Any]:
        answer = self.ask(f"/data/v1/{dataset}.json{query}")
        assert answer.status_code == 200, answer.content
        return answer.json()

    def walk(self, dataset: str, limit: int = 1) -> list[dict[str, Any]]:
        """Every row, one answer after the other."""
        rows, found = [], self.read(dataset, f"?limit={limit}")
        while True:
            assert len(found["rows"]) <= limit
            rows += found["rows"]
            if found["next"] is None:
                return rows
            assert len(rows) < 500, "this does not end"
            found = self.ask(found["next"]).json()


def program_for(cast: Cast, part: str, **choices: Any) -> Program:
    return Program(token_for(cast, part, **choices)[1])
