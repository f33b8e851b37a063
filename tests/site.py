"""Every address of the portal: for the tests that walk all of them."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from allauth.mfa.models import Authenticator
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from capabilities.actions.imports import upload
from capabilities.models import Assessment, StatusReport
from iwg_portal.base import sealing
from iwg_portal.base.models import Heartbeat
from iwg_portal.base.uploads import check
from iwg_portal.mail.models import MailBatch, OutboxMail
from iwg_portal.mail.outbox import PAUSE, queue
from meetings.actions.papers import create_paper
from meetings.actions.registration import nominate
from meetings.models import Comment
from members.enums import Dataset
from members.models import FactorReset, ParkedText
from tests.cast import PARTS, Cast
from tests.data.reading import token_for
from tests.factories import (
    ActionFactory,
    BlockFactory,
    CirculationFactory,
    DecisionFactory,
    ItemFactory,
    LessonFactory,
    MeetingFactory,
    OwnerFactory,
    PersonFactory,
    ProposalFactory,
    RoundFactory,
    StateFactory,
    StatusReportFactory,
    declare,
    evidence_of,
    framework,
    frozen_summary,
    person_with,
    stored_file,
)

POLICY = Path(__file__).parent / "policy" / "urls.csv"
# A workbook's first bytes are enough: the preview says in a sentence that it cannot read more.
WORKBOOK = b"State;LEG-1\nOwnland;3\n"


def patterns(resolver: URLResolver | None = None) -> Iterator[URLPattern]:
    for pattern in (resolver or get_resolver()).url_patterns:
        if isinstance(pattern, URLResolver):
            yield from patterns(pattern)
        else:
            yield pattern


def table() -> list[dict[str, str]]:
    """The rows of the table that a person typed."""
    with POLICY.open(newline="") as file:
        return list(csv.DictReader(file))


def furnish(cast: Cast) -> Cast:
    """Something behind each address: two rounds, status, an uploaded workbook, a state outside the group."""
    for part in PARTS:
        cast.person(part)
    edition = framework()
    cast.rounds = [RoundFactory(year=year, edition=edition) for year in (2023, 2024)]
    for state in (cast.own, cast.other):
        for kind, delivery in (("advpax", "pilot"), ("pnr", "planned")):
            StatusReportFactory(state=state, kind=kind, delivery=delivery)
        for round_ in cast.rounds:
            declare(state, round_, 2)
    cast.outside = StateFactory(label="Farland")
    cast.kept = upload(content=WORKBOOK, file_name="round.csv", year=2024, by=cast.viewer("secretariat"))
    cast.proposal = ProposalFactory(state=cast.own, proposed_by=cast.person("own_focal_point"))
    cast.other_proposal = ProposalFactory(state=cast.other, proposed_by=cast.person("secretariat"))
    reader = cast.person("own_delegate")
    queue("mail.test", target=reader, to=reader)
    cast.mail = OutboxMail.objects.get(recipient=reader, kind="mail.test")
    cast.factor = Authenticator.objects.create(
        user=cast.person("own_delegate"), type="totp", data={"secret": sealing.seal("JBSWY3DPEHPK3PXP")}
    )
    cast.parked = ParkedText.objects.create(
        person=cast.person("own_delegate"), path="/states/", fields=[["reason", "typed too late"]]
    )
    cast.reset = FactorReset.objects.create(
        person=PersonFactory(), asked_by=person_with("administrator"), asked_at=timezone.now()
    )
    cast.token = token_for(cast, "own_delegate", label="Of the furniture")[0]
    cast.file = stored_file(cast.own, cast.viewer("own_focal_point"))
    cast.law = stored_file(cast.own, cast.viewer("own_focal_point"), audience="public", title="A law")
    furnish_meetings(cast)
    furnish_papers(cast)
    cast.summary = frozen_summary(cast.person("secretariat"), state="released")
    cast.draft_summary = frozen_summary(cast.person("secretariat"))
    cast.aggregated = frozen_summary(cast.person("secretariat"), state="released", form="aggregated")
    cast.draft_aggregated = frozen_summary(cast.person("secretariat"), form="aggregated")
    furnish_batch(cast)
    Heartbeat.objects.beat()
    return cast


def furnish_batch(cast: Cast) -> None:
    """A mail to many about the announced meeting, of which one row is enough."""
    about, reader = cast.meeting, cast.person("own_delegate")
    cast.batch = MailBatch.objects.create(
        kind="mail.test", target_type="meetings.meeting", target_id=str(about.pk), leaves_at=timezone.now() + PAUSE
    )
    queue("mail.test", target=about, to=reader, not_before=cast.batch.leaves_at)
    OutboxMail.objects.filter(target_type="meetings.meeting").update(batch=cast.batch)


def furnish_meetings(cast: Cast) -> None:
    """An announced meeting and a draft, a record under silence procedure, a decision, an action point, a lesson."""
    writer = cast.person("secretariat")
    cast.meeting = MeetingFactory(title="Announced meeting")
    cast.draft = MeetingFactory(title="Meeting in the making", state="draft", group=cast.meeting.group)
    cast.held = MeetingFactory(title="Meeting with a record", state="circulated", group=cast.meeting.group)
    cast.group_of_meetings = cast.meeting.group
    cast.item = ItemFactory(meeting=cast.meeting, title="Announced item", position=1)
    cast.held_item = ItemFactory(meeting=cast.held, title="Discussed item", position=1)
    cast.block = BlockFactory(item=cast.item, updated_by=writer, text="A sentence of a draft.")
    cast.held_block = BlockFactory(item=cast.held_item, updated_by=writer, text="A sentence for the members.")
    cast.decision = DecisionFactory(block__item=cast.held_item, block__updated_by=writer, block__text="It is decided.")
    cast.action = ActionFactory(block__item=cast.held_item, block__updated_by=writer, block__text="It is to be done.")
    cast.owner = OwnerFactory(action=cast.action, state=cast.own)
    cast.circulation = CirculationFactory(meeting=cast.held, by=writer)
    cast.remark = Comment.objects.create(
        circulation=cast.circulation, block=cast.held_block, state=cast.own, text="A remark.",
        by=cast.person("own_delegate"), at=timezone.now(),
    )  # fmt: skip
    cast.evidence = evidence_of(cast.owner, cast.viewer("own_focal_point"))
    cast.lesson = LessonFactory(state=cast.own, shared_by=cast.person("own_focal_point"))
    cast.raw_lesson = LessonFactory(state=cast.own, shared_by=cast.person("own_focal_point"), status="draft")


def furnish_papers(cast: Cast) -> None:
    """A released paper, one of the draft, one that is expected; a nomination in the delegation of ``own``."""
    writer = cast.viewer("secretariat")
    group = {"item": None, "due_on": None, "audience": "group"}
    checked = check(b"A paper", "paper.txt")
    cast.paper = create_paper(meeting=cast.meeting, number=1, title="A paper", checked=checked, by=writer, **group)
    cast.draft_paper = create_paper(
        meeting=cast.draft, number=1, title="A paper in the making", checked=checked, by=writer, **group
    )
    create_paper(meeting=cast.meeting, number=2, title="An expected paper", by=writer, **group)
    cast.registration = nominate(
        meeting=cast.meeting, person=cast.person("own_delegate"), state=cast.own, by=cast.viewer("own_focal_point")
    )


def places(cast: Cast) -> dict[str, Any]:
    """What the placeholders of the table stand for."""
    states = {name: getattr(cast, name).alpha2.lower() for name in ("own", "other", "observing", "outside")}
    proposals = {"proposal": str(cast.proposal.pk), "other_proposal": str(cast.other_proposal.pk)}
    of_people = ("factor", "parked", "reset", "mail", "batch", "file", "law", "token")
    rows = {name: str(getattr(cast, name).pk) for name in of_people}
    rows |= {
        "assessment": str(Assessment.objects.get(state=cast.own, round=cast.rounds[-1]).pk),
        "report": str(StatusReport.objects.get(state=cast.own, kind="pnr", is_current=True).pk),
    }
    of_meetings = (
        "meeting",
        "draft",
        "held",
        "item",
        "held_item",
        "block",
        "held_block",
        "decision",
        "action",
        "owner",
        "remark",
        "evidence",
    )
    rows |= {name: str(getattr(cast, name).pk) for name in (*of_meetings, "lesson", "raw_lesson")}
    rows |= {name: str(getattr(cast, name).pk) for name in ("paper", "draft_paper")}
    rows |= {name: getattr(cast, name).code for name in ("summary", "draft_summary", "aggregated", "draft_aggregated")}
    rows["group_of_meetings"] = cast.group_of_meetings.key
    people = {"person": cast.person("own_delegate"), "other_person": cast.person("other_delegate")}
    terms = {name.replace("person", "term"): person.terms.get().pk for name, person in people.items()}
    people_ids = {name: person.pk for name, person in people.items()}
    return {**states, **proposals, **rows, **people_ids, **terms, "import": str(cast.kept.pk)}


def readable_addresses(cast: Cast) -> dict[str, list[str]]:
    """Name → every address to read under it, with each parameter that changes what is shown."""
    at = places(cast)
    found: dict[str, list[str]] = {}
    for row in table():
        if row["method"] == "GET":
            found.setdefault(row["name"], []).append(row["address"].format(**at))
    own, other = cast.own.alpha2, cast.other.alpha2
    found["region"] += [
        f"/region/?round={year}&scope={scope}&area={area}"
        for year in (2023, 2024)
        for scope, area in (("both", ""), ("advpax", "AR1"), ("pnr", "AR2"))
    ]
    found["profile"].append(f"/states/{at['other']}/")
    found["status_update"] += [f"/states/{at['own']}/status/pnr/", f"/states/{at['other']}/status/advpax/"]
    found["profile"] += [f"/states/{at['own']}/?as={kind}" for kind in ("member", "observer", "partner")]
    found["release"].append(f"/states/{at['other']}/release/")
    if hasattr(cast, "silent"):
        found["profile"].append(f"/states/{cast.silent.alpha2.lower()}/")
    found["compare"] += [f"/compare/?state={own}&state={other}&scope={scope}" for scope in ("both", "advpax", "pnr")]
    asked = f"state={own}&state={other}"
    found["compare_export"] += [f"/compare/export/{kind}/?{asked}&scope=pnr" for kind in ("csv", "xlsx")]
    found["states"] += ["/states/?q=land", "/states/?kind=observer", "/states/?advpax=pilot&pnr=legal_basis"]
    found["decisions"] += ["/decisions/?text=decided", f"/decisions/?addressee=s-{own}&status=active"]
    found["actions"] += [f"/actions/?tab={tab}" for tab in ("mine", "state", "all")]
    found["actions"] += [f"/actions/?tab=all&owner=s-{own}", "/actions/?tab=state&held=nobody", "/actions/?text=done"]
    found["glossary"].append("/glossary/?q=unit")
    found["import_template"].append("/import/template/?format=csv&round=2024")
    searched = ("person=delegate&since=2020-01-01", "before=2", f"state={own}")
    found["activity"] += [f"/activity/?{asked}" for asked in searched]
    found["silence"].append(f"/meetings/{at['held']}/silence/?on=1")
    found["lessons"] += [
        "/lessons/?q=lesson",
        f"/lessons/?state={own}",
        "/lessons/?stage=open",
        "/lessons/?theme=legal",
    ]
    found["lessons"] += ["/lessons/?q=lesson", f"/lessons/?state={own}", "/lessons/?stage=open"]
    found["lesson"].append(f"/lessons/{at['lesson']}/?language=fr")
    found["lesson_new"].append(f"/lessons/new/?item={at['item']}")
    found["dataset"] += [f"/data/v1/{name}.json{query}" for name in Dataset for query in ("", "?limit=1")]
    found["own_activity"].append("/account/activity/?before=1000000")
    return found
