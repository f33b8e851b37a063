"""Every record with content says who may read it: an audience that the database insists on, or a reason for none."""

import pytest
from django.apps import apps
from django.db import models

from members.access import DEFAULT_AUDIENCE
from members.enums import Audience

OURS = ("base", "activity", "mail", "reminders", "jobs", "members", "capabilities", "meetings", "summaries")
COMMON = "known to the whole group, or to everybody: names and words, no state's content"
ITSELF = "about the person herself: read by her, and by who manages accounts"
SEALED = "ids and counts, no content: read by the rules of the log"
FLOOR = "machinery: names of jobs, moments, numbers"
LEDGER = "who was written to about what, never a text: read by the secretariat and administrators"
ACCOUNTS = "an account and an office in the making: read by who proposed it, the secretariat and administrators"
MEETING = "part of a meeting: read through it, by the rules of meetings.access"
RECORD = "part of a record: read through it"
LESSON = "part of a lesson: read through it"
# Model → why it has no audience of its own.
WITHOUT = {
    "base.Heartbeat": FLOOR,
    "base.Change": FLOOR,
    "jobs.JobRun": FLOOR,
    "activity.Event": SEALED,
    "activity.Head": SEALED,
    "activity.Link": SEALED,
    "mail.OutboxMail": LEDGER,
    "mail.MailBatch": "words of the secretariat for a mail to many: for the whole group, as every mail is",
    "mail.UnreachableAddress": "an address, and since when: read by her, by her focal points, by who manages people",
    "reminders.Reminded": LEDGER,
    "reminders.AnswerLink": LEDGER,
    "reminders.ReminderPlan": COMMON,
    "reminders.ReminderSentence": COMMON,
    "reminders.DigestChoice": ITSELF,
    "reminders.DigestSent": LEDGER,
    "mail.DemoMail": "what the demonstration would have sent: exists in demonstration mode alone",
    "members.FactorReset": ACCOUNTS,
    "members.FileVersion": "the bytes of a file: read through it",
    "members.FactorState": ITSELF,
    "members.ParkedText": ITSELF,
    "members.DataToken": ITSELF,
    "members.Proposal": ACCOUNTS,
    "members.AccountLink": ACCOUNTS,
    "members.State": COMMON,
    "members.Participation": COMMON,
    "members.StateHoliday": COMMON,
    "members.WorkingGroup": COMMON,
    "members.Organisation": COMMON,
    "members.Person": "contacts follow DEFAULT_AUDIENCE: contact and phone; the rest is hers",
    "members.Term": "contacts follow DEFAULT_AUDIENCE: contact; the rest is hers",
    "capabilities.Edition": COMMON,
    "capabilities.Area": COMMON,
    "capabilities.Indicator": COMMON,
    "capabilities.Level": COMMON,
    "capabilities.LadderStep": COMMON,
    "capabilities.GlossaryTerm": COMMON,
    "capabilities.Instrument": COMMON,
    "capabilities.Round": COMMON,
    "capabilities.RegionalScore": "made of what all members may read; read by members",
    "capabilities.StatusImport": "holds every state's levels: the secretariat's alone, whoever uploaded it",
    "capabilities.AnswerHistory": "shown nowhere; read through its answer",
    "capabilities.ReleaseHistory": "shown nowhere; read through its release",
    "meetings.CalendarFeed": ITSELF,
    "meetings.Group": COMMON,
    "meetings.CoChair": COMMON,
    "meetings.Turn": "the rotation as planned: known to the members",
    "meetings.AgendaItem": MEETING,
    "meetings.PaperLook": ITSELF,
    "meetings.PaperOpening": "when a paper was opened to whom: shown through it, as a word beside it",
    "meetings.Registration": MEETING,
    "meetings.Attendance": MEETING,
    "meetings.Block": RECORD,
    "meetings.BlockRevision": RECORD,
    "meetings.Here": RECORD,
    "meetings.RecordVersion": RECORD,
    "meetings.Circulation": RECORD,
    "meetings.Position": RECORD,
    "meetings.Comment": RECORD,
    "meetings.Decision": RECORD,
    "meetings.Decision_states": RECORD,
    "meetings.Decision_organisations": RECORD,
    "meetings.ActionPoint": RECORD,
    "meetings.ActionOwner": RECORD,
    "meetings.ActionReport": RECORD,
    "meetings.ActionEvidence": "whose evidence a file is: the file has the audience",
    "meetings.LessonText": LESSON,
    "meetings.LessonUse": LESSON,
    "summaries.WordTemplate": "the look of documents, no content: the secretariat's; its file has an audience",
    "meetings.Lesson_indicators": LESSON,
}
MODELS = {
    model._meta.label: model for model in apps.get_models(include_auto_created=True) if model._meta.app_label in OURS
}


def has_audience(model):
    return any(field.name == "audience" for field in model._meta.local_concrete_fields)


def test_a_model_has_an_audience_or_a_reason_to_have_none():
    without = {label for label, model in MODELS.items() if not has_audience(model)}
    unexplained = without - set(WITHOUT)
    assert not unexplained, f"say who may read it (an audience), or why that needs no saying: {sorted(unexplained)}"
    stale = {label for label in WITHOUT if label in MODELS and label.partition(".")[2] not in HISTORIES} - without
    assert not stale


# Tables of old values, made by triggers: they repeat the columns of their model.
HISTORIES = {"AnswerHistory", "ReleaseHistory"}


@pytest.mark.parametrize(
    "label", sorted(label for label, m in MODELS.items() if has_audience(m) and m.__name__ not in HISTORIES)
)
def test_the_database_insists_on_one_of_the_five(label):
    field = MODELS[label]._meta.get_field("audience")
    assert not field.null
    assert [value for value, _label in field.choices] == Audience.values
    checks = [c for c in MODELS[label]._meta.constraints if isinstance(c, models.CheckConstraint)]
    wanted = models.Q(audience__in=Audience.values)
    assert any(check.condition == wanted for check in checks), f"{label} lacks members.models.audiences.known_audience"


def test_defaults_are_those_of_the_groups_table():
    assert {kind: str(audience) for kind, audience in DEFAULT_AUDIENCE.items()} == {
        "status": "group",
        "answer": "members",
        "evidence": "secretariat",
        "gap": "secretariat",
        "round_note": "secretariat",
        "contact": "members",
        "phone": "secretariat",
        "meeting": "group",
        "agenda": "group",
        "record_draft": "secretariat",
        "record": "members",
        "lesson": "group",
        "challenge": "members",
        "law": "public",
        "assistance_request": "secretariat",
        "assistance_offer": "group",
    }


def test_the_defaults_of_the_columns_are_those_of_the_table():
    kinds = {"capabilities.StatusReport": "status", "capabilities.RoundNote": "round_note"}
    kinds |= {"meetings.Meeting": "meeting", "meetings.Record": "record_draft", "meetings.Lesson": "lesson"}
    for label, kind in kinds.items():
        assert MODELS[label]._meta.get_field("audience").default == DEFAULT_AUDIENCE[kind]
