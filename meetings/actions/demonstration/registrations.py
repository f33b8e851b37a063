"""Who is nominated for a meeting of the demonstration, and what she answered."""

from __future__ import annotations

from meetings.actions.demonstration.rows import People
from meetings.models import Meeting, Registration


def nominate(meeting: Meeting, coming: dict[str, list[str]], people: People) -> None:
    """``coming``: state → the answer of each of its people in turn, empty for one who has not answered yet."""
    for code, answers in coming.items():
        state = people.states[code]
        for person, answer in zip(people.delegation(state), answers, strict=False):
            Registration.objects.create(
                meeting=meeting, person=person, state=state, answer=answer, nominated_by=people.focal_point(state)
            )
