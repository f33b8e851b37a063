"""Canaries and two worlds: no byte that leaves the portal tells a viewer what she may not know.

A token of its own sits in each sensitive field; every address is read as every role, as page and as fragment, and
bodies (workbooks unpacked) and headers are searched for tokens that this role may not know. Then something is added
that an outsider may not see, and all her pages must stay the same to the byte. Both stand in one test: what takes the
time is the reading, and so the first world of the one is that of the other.
"""

import datetime as dt
import email
import email.policy
import io
import re
import uuid
import zipfile

import pytest
import time_machine

from capabilities.actions.assessments import Declared, publish_answers, refresh_regional_scores
from capabilities.actions.releases import write_release
from capabilities.models import Indicator, RoundNote, StatusImport
from capabilities.queries.releases import Uses
from iwg_portal.mail.compose import message
from iwg_portal.mail.models import OutboxMail
from iwg_portal.mail.outbox import queue
from meetings.models import ActionOwner, Block, BlockRevision, Comment, Meeting, Paper, Position
from members.enums import Audience
from members.models import ParkedText, Proposal, State, Term
from tests.cast import PARTS
from tests.data.reading import program_for
from tests.documents import words_of
from tests.factories import (
    ActionFactory,
    BlockFactory,
    DecisionFactory,
    ItemFactory,
    LessonFactory,
    MemberStateFactory,
    PersonFactory,
    RoundFactory,
    StatusReportFactory,
    declare,
    evidence_of,
)
from tests.site import furnish, patterns, readable_addresses

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 3, 2, 9, 30, tzinfo=dt.UTC)
OWN = {"own_delegate", "own_focal_point"}
SECRETARIAT = OWN | {"secretariat"}
MEMBERS = SECRETARIAT | {"other_delegate", "chair"}
RUNNING = {"secretariat", "chair"}
GROUP = MEMBERS | {"observer", "partner", "administrator"}
NOBODY: set[str] = set()
ACCOUNTS = {"secretariat", "administrator"}
# They show who asked for what, so also the very crawls that are compared here; tests/activity has their two worlds.
LOG = ("own_activity", "state_activity", "activity", "activity_export")


@pytest.fixture
def site(cast, settings):
    settings.ACCOUNT_RATE_LIMITS = False  # a refusal would hide what stands behind it
    with time_machine.travel(NOW, tick=False):
        yield furnish(cast)


# -- Tokens --------------------------------------------------------------------------------------------------------


class Canaries:
    """Makes tokens; knows who may read each, and which must be found on some page."""

    def __init__(self):
        self.readers = {}
        self.shown = set()

    def token(self, name, readers, shown=True):
        word = f"canary-{name}-{len(self.readers) + 1:02}x"
        self.readers[word] = readers
        if shown:
            self.shown.add(word)
        return word


def release(site):
    """A token in each field that somebody may not read."""
    canaries = Canaries()
    token = canaries.token
    newest = site.rounds[-1]

    RoundNote.objects.create(state=site.own, round=newest, text=token("note", SECRETARIAT))
    old_note = token("old-note", OWN, shown=False)
    RoundNote.objects.create(state=site.own, round=site.rounds[0], text=old_note, audience="delegation")

    withhold(site, site.own, "AR2", "secretariat")
    answer(site.own, newest, token("na-withheld", SECRETARIAT), indicator="AR2-1")
    answer(site.own, newest, token("na-members", MEMBERS), source=token("source", MEMBERS, shown=False))
    restrict(site, site.other, "secretariat", token("na-secretariat", {"other_delegate", "secretariat"}))
    restrict(site, site.own, "delegation", token("na-delegation", OWN))

    for day, (audience, readers) in enumerate(
        [("group", GROUP), ("members", MEMBERS), ("secretariat", SECRETARIAT), ("delegation", OWN)], start=1
    ):
        StatusReportFactory(
            state=site.own,
            audience=audience,
            source=token(f"source-{audience}", readers),
            reason=token(f"reason-{audience}", readers, shown=False),
            as_of=dt.date(2025, 1, day),
        )

    people = MEMBERS | ACCOUNTS
    rename(site, "own_focal_point", token("contact", people), token("mail", people), token("phone", SECRETARIAT))
    Term.objects.filter(person=site.person("own_focal_point")).update(post=token("post", people))
    # Who is no contact: known to herself, to her delegation, and to those who manage accounts.
    for part in ("own_delegate", "observer", "partner", "administrator", "stranger", "ex_member"):
        known = ACCOUNTS | {part} | (OWN if part == "own_delegate" else set())
        # A former delegate stays on her focal point's list; the telephone does not.
        known |= {"own_focal_point"} if part == "ex_member" else set()
        # Who acts for the portal is named to those whose affairs she touched.
        known |= OWN if part == "administrator" else set()
        phone = {part, "secretariat"} | (OWN if part == "own_delegate" else set())
        held = part != "stranger"
        mail, post = token(f"{part}-mail", known, shown=False), token(f"{part}-post", known, shown=False)
        rename(site, part, token(part, known, shown=held), mail, token(f"{part}-phone", phone, shown=False))
        Term.objects.filter(person=site.person(part)).update(post=post)
    was = ACCOUNTS | {"own_focal_point"}
    former = PersonFactory(full_name=token("former", was), phone=token("was", {"secretariat"}, shown=False))
    Proposal.objects.filter(pk=site.proposal.pk).update(
        full_name=token("proposed", ACCOUNTS | {"own_focal_point"}),
        email=token("proposed-mail", ACCOUNTS | {"own_focal_point"}) + "@cast.invalid",
        post=token("proposed-post", ACCOUNTS | {"own_focal_point"}),
    )
    Term.objects.create(
        person=former, role="focal_point", state=site.own, starts_on=dt.date(2022, 1, 1), ends_on=dt.date(2024, 1, 1)
    )
    StatusImport.objects.filter(pk=site.kept.pk).update(file_name=token("workbook", {"secretariat"}))
    decide_and_do(site, token)
    prepare(site, token)
    draft(site, token)
    fall_silent(site, token)
    share(site, token)
    outside = token("outside", NOBODY, shown=False)
    State.objects.filter(pk=site.outside.pk).update(name_en=outside, name_fr=outside, formal_name_en=outside)
    return canaries


def decide_and_do(site, token):
    """What a record decided and asked for, what was reported and shown; a delegate whom few may know holds the row."""
    Block.objects.filter(pk=site.decision.block_id).update(text=token("decision", MEMBERS))
    Block.objects.filter(pk=site.action.block_id).update(text=token("action", MEMBERS))
    site.owner.reports.create(
        status="in_progress", text=token("report", MEMBERS), by=site.person("own_delegate"), at=NOW
    )
    evidence_of(site.owner, site.viewer("own_focal_point"), title=token("evidence", SECRETARIAT))
    ActionOwner.objects.filter(pk=site.owner.pk).update(holder=site.person("own_delegate"))


def prepare(site, token):
    """A meeting in the making with a paper of its own; what a state proposes, and what does not go on the agenda."""
    Meeting.objects.filter(pk=site.draft.pk).update(
        title=token("draft-meeting", RUNNING), place=token("draft-place", RUNNING), link=address(token, RUNNING)
    )
    ItemFactory(meeting=site.draft, title=token("draft-item", RUNNING), note=token("draft-note", RUNNING))
    Paper.objects.filter(pk=site.draft_paper.pk).update(title=token("draft-paper", RUNNING))
    Paper.objects.create(
        meeting=site.meeting, number=90, title=token("expected-paper", MEMBERS), audience="members",
        created_by=site.person("secretariat"),
    )  # fmt: skip
    proposed = {"meeting": site.meeting, "state_proposing": site.own, "proposed_by": site.person("own_delegate")}
    known = OWN | RUNNING
    ItemFactory(status="proposed", title=token("item", known), note=token("item-note", known, shown=False), **proposed)
    reason = {"decline_reason": token("decline-reason", known)}
    ItemFactory(status="declined", title=token("declined-item", known), **proposed, **reason)
    ItemFactory(status="withdrawn", title=token("taken-off", RUNNING), meeting=site.meeting)


def address(token, readers):
    return f"https://meet.invalid/{token('draft-link', readers)}"


def draft(site, token):
    """A record that is being written, how it came about, what was taken out; and what came too late for its author."""
    Block.objects.filter(pk=site.block.pk).update(text=token("draft-record", RUNNING))
    BlockRevision.objects.create(
        block=site.held_block, number=2, text=token("revision", RUNNING), client_id=uuid.uuid4(), by=PersonFactory(),
        at=NOW,
    )  # fmt: skip
    words = {"item": site.item, "updated_by": site.person("secretariat")}
    BlockFactory(text=token("taken-out", RUNNING, shown=False), is_removed=True, **words)
    DecisionFactory(block=BlockFactory(kind="decision", text=token("draft-decision", RUNNING), **words))
    ActionFactory(block=BlockFactory(kind="action", text=token("draft-action", RUNNING), **words))
    typed = [["text", token("parked", {"own_delegate"}, shown=False)]]
    ParkedText.objects.filter(pk=site.parked.pk).update(fields=typed)
    for part in ("secretariat", "other_delegate"):
        typed = [["text", token(f"parked-{part}", {part}, shown=False)]]
        ParkedText.objects.create(person=site.person(part), path=f"/meetings/{site.meeting.pk}/record/", fields=typed)


def fall_silent(site, token):
    """What members say to the circulated record, in time and after the hour."""
    said = {"circulation": site.circulation, "state": site.own, "by": site.person("own_delegate"), "at": NOW}
    Comment.objects.create(text=token("comment", MEMBERS), block=site.held_block, **said)
    Comment.objects.create(text=token("late-comment", {"own_delegate", "secretariat"}), is_late=True, **said)
    objecting = {**said, "by": site.person("own_focal_point")}
    Position.objects.create(stance="object", text=token("objection", MEMBERS), **objecting)


def share(site, token):
    """Lessons: the raw words are their owner's and the secretariat's; what is withdrawn is nobody's."""

    def words(name, readers, shown=True):
        fields = ("title", "problem", "done", "result", "prerequisites")
        return {field: token(f"{name}-{field}", readers, shown) for field in fields}

    site.lesson.texts.filter(kind="raw").update(**words("raw", SECRETARIAT))
    site.lesson.texts.filter(kind="approved").update(**words("lesson", GROUP))
    site.raw_lesson.texts.update(**words("draft-lesson", SECRETARIAT))
    withdrawn = LessonFactory(state=site.own, shared_by=site.person("own_focal_point"), status="withdrawn")
    withdrawn.texts.update(**words("withdrawn-lesson", NOBODY, shown=False))
    members = LessonFactory(state=site.other, audience="members", item=site.item)
    members.texts.filter(kind="approved").update(**words("members-lesson", MEMBERS, shown=False))
    members.texts.filter(kind="raw").update(**words("other-raw", {"other_delegate", "secretariat"}, shown=False))


def withhold(site, state, area, audience):
    write_release(state=state, uses={area: Uses(Audience(audience))}, by=site.person("own_focal_point"))


def answer(state, round_, reason, source="", indicator="AR1-1"):
    answers = {Indicator.objects.get(code=indicator).pk: Declared("na", reason=reason)}
    publish_answers(state=state, round=round_, answers=answers, by=None, source=source)
    refresh_regional_scores(round=round_)


def restrict(site, state, audience, reason):
    """The newest answers of ``state``, shared no wider than ``audience``."""
    round_ = RoundFactory(year=2025, edition=site.rounds[0].edition)
    site.later = [round_]
    declare(state, round_, 4, audience=audience)
    answer(state, round_, reason)


def rename(site, part, name, mail, phone):
    person = site.person(part)
    person.full_name, person.email, person.phone = name, f"{mail}@cast.invalid", phone
    person.save()


# -- Crawl ---------------------------------------------------------------------------------------------------------


def everything(response):
    """All that leaves: headers, cookies, body; a workbook or document also unpacked, a PDF also as its text."""
    head = "\n".join(f"{name}: {value}" for name, value in response.headers.items())
    cookies = "\n".join(morsel.OutputString() for morsel in response.cookies.values())
    body = b"".join(response.streaming_content) if response.streaming else response.content
    parts = [body]
    if body.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(body)) as book:
            parts += [name.encode() + book.read(name) for name in book.namelist()]
    if body.startswith(b"%PDF"):
        parts.append(words_of(body).encode())
    return "\n".join([head, cookies, *(part.decode("utf-8", "replace") for part in parts)])


def crawl(site, part, but=()):
    """(address, fragment or not) → everything that the role is sent. A page has a fragment where it says that it varies
    by who asks; ``test_consistency.py`` keeps all others from it. Behind it what a program is sent that reads for her.
    """
    client, program, found = site.client(part), reads_for(site, part), {}
    for name, addresses in readable_addresses(site).items():
        for address in addresses if name not in but else ():
            page = client.get(address)
            found[address, False] = everything(page)
            if "HX-Request" in page.get("Vary", ""):
                found[address, True] = everything(client.get(address, headers={"HX-Request": "true"}))
            if program and name == "dataset":
                found[address, "program"] = everything(program.ask(address))
    return found


def reads_for(site, part):
    """The same program whenever it is asked; None for who may have none."""
    programs = site.__dict__.setdefault("programs", {})
    if part not in programs:
        programs[part] = program_for(site, part) if site.viewer(part).in_group else None
    return programs[part]


def test_the_crawl_reads_every_address_that_there_is(site):
    assert set(readable_addresses(site)) == {pattern.name for pattern in patterns()}


# In groups, so that the work can be shared out. The last group is shown all that anybody is shown.
TOGETHER = {
    "outside": ("anonymous", "stranger", "ex_member", "observer", "partner"),
    "members": ("other_delegate", "own_delegate", "chair"),
    "inside": ("own_focal_point", "secretariat", "administrator"),
}


def test_every_part_is_in_a_group():
    assert sorted(part for parts in TOGETHER.values() for part in parts) == sorted(PARTS)


# -- Mail -----------------------------------------------------------------------------------------------------------


def mail_to_everybody(site):
    """Of each kind that speaks of somebody else's affair, to every part; tests/policy/mail.csv lists all kinds."""
    for part in PARTS[1:]:
        person = site.person(part)
        queue("mail.test", target=person, to=person)
        for kind in ("members.proposed", "members.decided"):
            queue(kind, target=site.proposal, to=person)


def test_no_mail_carries_what_not_everybody_in_the_group_may_read(site):
    """A mail leaves the portal for good. It names its reader; of all else it says what the whole group may know."""
    canaries = release(site)
    mail_to_everybody(site)
    site.proposal.full_name, site.proposal.email = canaries.token("proposed", NOBODY, shown=False), "c@cast.invalid"
    site.proposal.save()
    written, leaks = set(), []
    for mail in OutboxMail.objects.select_related("recipient"):
        built = message(mail)
        if built is None:
            continue
        written.add(mail.kind)
        sent = email.message_from_bytes(built.message().as_bytes(), policy=email.policy.default)
        parts = [str(sent.get_body((kind,)).get_content()) for kind in ("plain", "html")]
        said = "\n".join([*(f"{name}: {value}" for name, value in sent.items()), *parts])
        own = f"{mail.recipient.full_name} {mail.recipient.email}"
        leaks += [
            (mail.kind, word)
            for word in re.findall(r"canary-[a-z_-]+-\d+x", said)
            if word not in own and not canaries.readers[word] >= GROUP
        ]
    assert written >= {"mail.test", "members.proposed"}
    assert not leaks


# -- Two worlds ----------------------------------------------------------------------------------------------------


def same_when_read_again(sent):
    """Without what differs between two readings of one page: the form's token and key, and the request's id."""
    sent = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", sent)
    sent = re.sub(r'name="id" value="[0-9a-f-]{36}"', "", sent)
    # A new secret for the app each time the page is read.
    sent = re.sub(r'(?s)name="sealed" value="[^"]*"|<div class="iwg-qr".*?</div>|<code class="iwg-key">[^<]*', "", sent)
    # Ids that a form makes anew, so that it is one act when it is sent twice.
    sent = re.sub(r'name="(?:client_id|block)" value="[0-9a-f-]{36}"', "", sent)
    sent = re.sub(r"(?mi)^(X-Request-ID|ETag|Set-Cookie|Content-Length|Expires): .*$", "", sent)
    return re.sub(r"(?m)^(csrftoken|messages|sessionid)=.*$", "", sent)


def add_what_delegation_and_secretariat_keep(site):
    StatusReportFactory(state=site.silent, delivery="op_batch", audience="secretariat", as_of=dt.date(2025, 6, 1))
    StatusReportFactory(state=site.silent, kind="pnr", audience="delegation", as_of=dt.date(2025, 6, 1))
    for round_ in (site.rounds[-1], *site.later):
        RoundNote.objects.create(state=site.silent, round=round_, text="No report received")
    StatusImport.objects.create(year=2025, file_name="more.xlsx", content=b"x", by=site.person("secretariat"))


def add_answers_that_are_not_shared(site):
    declare(site.silent, site.rounds[0], 3, audience="delegation")
    for round_ in (site.rounds[-1], *site.later):
        declare(site.silent, round_, 4, audience="secretariat")


def withhold_quietly(site):
    """The quiet states have answered, and keep an area to themselves in which they have not."""
    for audience, state in site.quiet.items():
        withhold(site, state, "AR1", audience)
        for round_ in (*site.rounds, *site.later):
            declare(state, round_, {"AR2-1": 2, "AR2-2": 3})


def add_answers_in_a_withheld_area(site, state):
    for round_ in (*site.rounds, *site.later):
        declare(state, round_, {"AR1-1": 4, "AR1-2": "na"})


@pytest.fixture
def outside(site):
    """Nobody of the cast sits in the delegations of the silent states."""
    site.later = []
    site.silent = MemberStateFactory(label="Silentland")
    site.quiet = {
        audience: MemberStateFactory(label=f"Quietland {audience}") for audience in ("secretariat", "delegation")
    }
    for round_ in site.rounds:
        refresh_regional_scores(round=round_)  # three more member states
    return site


def add_all(site):
    """All that somebody outside these delegations, the secretariat and the accounts may not see."""
    add_what_delegation_and_secretariat_keep(site)
    add_answers_that_are_not_shared(site)
    for state in site.quiet.values():
        add_answers_in_a_withheld_area(site, state)


def add_what_a_delegation_keeps(site):
    add_answers_in_a_withheld_area(site, site.quiet["delegation"])


def compare(site, part, before):
    """What has been added since ``before`` was read changes nothing for ``part``."""
    for key, sent in crawl(site, part, but=("readyz", *LOG)).items():
        assert same_when_read_again(sent) == same_when_read_again(before[key]), (part, key)


@pytest.mark.parametrize("parts", TOGETHER.values(), ids=TOGETHER)
def test_no_byte_tells_what_a_role_may_not_know_and_what_she_may_not_see_changes_none(outside, parts):
    """A state that answered other areas looks as if it had left the withheld one out; and so on."""
    canaries = release(outside)
    withhold_quietly(outside)
    read = {part: crawl(outside, part) for part in parts}
    found, leaks = set(), []
    for part, pages in read.items():
        for (address, fragment), sent in pages.items():
            for word in re.findall(r"canary-[a-z_-]+-\d+x", sent):
                found.add(word)
                if part not in canaries.readers[word]:
                    leaks.append((part, address, fragment, word))
    assert not leaks
    # The canaries sing where they may: otherwise the search would prove nothing.
    heard = {word for word in canaries.shown if canaries.readers[word] & set(parts)}
    assert (heard if parts == TOGETHER["inside"] else set()) <= found

    add_all(outside)
    for part in parts:
        if part not in SEE_MORE:
            compare(outside, part, read[part])


# What these may not see. The administrator learns of every published assessment how complete it is.
SEE_MORE = {"administrator": add_what_delegation_and_secretariat_keep, "secretariat": add_what_a_delegation_keeps}


@pytest.mark.parametrize("part", SEE_MORE)
def test_what_she_may_not_see_changes_nothing_for_her(outside, part):
    withhold_quietly(outside)
    before = crawl(outside, part, but=("readyz", *LOG))
    SEE_MORE[part](outside)
    compare(outside, part, before)


@pytest.mark.parametrize("add", [add_what_delegation_and_secretariat_keep, add_answers_that_are_not_shared])
def test_the_second_world_differs_for_who_may_see_it(outside, add):
    """Otherwise the test above would compare two equal worlds."""
    address = f"/states/{outside.silent.alpha2.lower()}/"
    before = same_when_read_again(everything(outside.client("secretariat").get(address)))
    add(outside)
    assert same_when_read_again(everything(outside.client("secretariat").get(address))) != before
