"""The database is the last reviewer: what must never be stored is refused there."""

import datetime as dt

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from capabilities.models import Answer, StatusReport
from tests.factories import (
    AnswerFactory,
    AssessmentFactory,
    MemberStateFactory,
    StatusReportFactory,
)

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "values",
    [
        {"kind": "level", "level": 5},
        {"kind": "level", "level": None},
        {"kind": "nd", "level": 0},
        {"kind": "na", "level": None, "reason": ""},
        {"kind": "level", "level": 2, "reason": "a reason belongs to “not applicable”"},
    ],
)
def test_an_answer_is_a_level_or_nothing_or_a_reason(values):
    answer = AnswerFactory()
    with pytest.raises(IntegrityError), transaction.atomic():
        Answer.objects.filter(pk=answer.pk).update(**values)


def test_a_draft_stays_in_its_delegation():
    with pytest.raises(IntegrityError), transaction.atomic():
        AssessmentFactory(status="draft", audience="members")


def test_a_report_is_never_deleted_and_never_changed():
    report = StatusReportFactory()
    for spoil in (
        lambda: StatusReport.objects.filter(pk=report.pk).delete(),
        lambda: StatusReport.objects.filter(pk=report.pk).update(delivery="none"),
        lambda: StatusReport.objects.filter(pk=report.pk).update(as_of=dt.date(2020, 1, 1)),
        lambda: StatusReport.objects.filter(pk=report.pk).update(audience="everybody"),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            spoil()
    report.refresh_from_db()
    assert (report.delivery, report.audience) == ("pilot", "group")


def test_one_current_report_of_each_kind_and_the_later_statement_wins():
    state = MemberStateFactory()
    newer = StatusReportFactory(state=state, as_of=dt.date(2025, 12, 31))
    older = StatusReportFactory(state=state, as_of=dt.date(2024, 12, 31), delivery="development")
    assert list(StatusReport.objects.filter(state=state, is_current=True)) == [newer]
    assert not older.is_current
    corrected = StatusReportFactory(state=state, as_of=dt.date(2025, 12, 31), delivery="op_batch")
    assert list(StatusReport.objects.filter(state=state, is_current=True)) == [corrected]
    with pytest.raises(IntegrityError), transaction.atomic():
        StatusReport.objects.filter(pk=newer.pk).update(is_current=True)


@pytest.mark.parametrize(
    ("legal", "delivery", "label"),
    [
        ("in_force", "none", "legal_basis"),
        ("in_force", "planned", "legal_basis"),
        ("adopted", "planned", "planned"),
        ("in_force", "development", "development"),
        ("none", "pilot", "pilot"),
    ],
)
def test_the_label_follows_from_the_two_axes(legal, delivery, label):
    report = StatusReportFactory(legal=legal, delivery=delivery)
    report.refresh_from_db()
    assert report.label == label


def test_a_step_of_the_other_ladder_is_refused():
    report = StatusReportFactory(kind="pnr", delivery="op_partial")
    with pytest.raises(IntegrityError), transaction.atomic():
        StatusReport.objects.bulk_create(
            [StatusReport(state=report.state, kind="advpax", legal="none", delivery="op_full", as_of=report.as_of)]
        )
