"""The log cannot be changed; and where somebody with the keys of the server does it all the same, it shows."""

import io
import re
import threading

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from iwg_portal.activity import chain
from iwg_portal.activity.log import record
from iwg_portal.activity.models import Event, Head, Link
from tests.factories import PersonFactory

TABLES = ("activity_event", "activity_link", "activity_head")


def sql(statement, params=None):
    with connection.cursor() as cursor:
        cursor.execute(statement, params)


def seal():
    """What the end of the transaction does."""
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    sql("SET CONSTRAINTS ALL DEFERRED")


def append(count, by=None):
    person = by or PersonFactory(full_name="Ama Ménsah")
    return [record("person.language_chosen", by=person, target=person, place=n) for n in range(count)]


@pytest.fixture
def log(db):
    """Five sealed events, numbered from the end of what was there."""
    before = Head.objects.get().seq
    events = append(5)
    seal()
    return before, events


def as_owner():
    """Of the tables, for the rest of the transaction; the tests themselves have the rights of the portal."""
    sql("SET LOCAL ROLE NONE")


def tamper(*statements):
    """As somebody who owns the server: with the triggers out of the way."""
    as_owner()
    for table in TABLES:
        sql(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    for statement, *params in statements:
        sql(statement, params)


def verify(*arguments):
    out = io.StringIO()
    code = 0
    try:
        call_command("audit_verify", *arguments, stdout=out)
    except SystemExit as end:
        code = end.code
    lines = out.getvalue().splitlines()
    assert len(lines) == 1
    return code, lines[0]


# -- Append-only -------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("verb", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {}", "TRUNCATE {} CASCADE"])
def test_the_database_refuses_to_change_or_delete_what_was_logged(log, table, verb):
    statement = verb.format(table)
    if table == "activity_link":
        statement = statement.replace("SET id = id", "SET seq = seq")
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        sql(statement)
    as_owner()
    with pytest.raises(DatabaseError, match="append-only|only to the next link"), transaction.atomic():
        sql(statement)


@pytest.mark.parametrize(
    "around",
    ["SET LOCAL pgtrigger.ignore = '{activity_event:append_only}'", "SET LOCAL session_replication_role = replica"],
)
def test_no_setting_of_a_session_puts_the_refusal_aside(log, around):
    as_owner()
    try:
        with transaction.atomic():
            sql(around)
    except DatabaseError:
        return  # the setting itself is refused: only a superuser has it
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        sql(f"{around}; DELETE FROM activity_event")


def test_the_head_moves_only_to_the_next_link(log):
    as_owner()
    for statement in (
        "UPDATE activity_head SET seq = seq + 1",
        "UPDATE activity_head SET seq = seq - 1",
        "UPDATE activity_head SET hash = sha256('x')",
    ):
        with pytest.raises(DatabaseError, match="only to the next link"), transaction.atomic():
            sql(statement)


# -- The chain -----------------------------------------------------------------------------------------------------


def test_a_whole_chain_says_how_long_it_is_and_its_head(log):
    before, events = log
    code, line = verify()
    assert code == 0
    assert re.fullmatch(rf"Whole: {before + 5} events in [\d.]+ s\. Head: {before + 5}:[0-9a-f]{{64}}", line)
    assert line.endswith(str(chain.head()))
    links = Link.objects.filter(seq__gt=before).order_by("seq")
    assert [(link.seq, link.event_id) for link in links] == [(before + 1 + n, e.pk) for n, e in enumerate(events)]


def test_the_walk_can_begin_later(log):
    before, _events = log
    code, line = verify("--since", str(before + 3))
    assert (code, line[:18]) == (0, "Whole: 2 events in")
    assert verify("--since", str(before + 6)) == (1, f"BROKEN: event {before + 6} is missing.")


def test_the_walk_goes_on_from_chunk_to_chunk(log, monkeypatch):
    monkeypatch.setattr(chain, "CHUNK", 2)
    assert chain.verify().count == log[0] + 5
    monkeypatch.setattr(chain, "CHUNK", 5)
    assert chain.verify().count == log[0] + 5


@pytest.mark.parametrize(
    "data",
    [{}, {"n": 1.50, "é": "ñ", "a": [None, True]}, {"text": "1:x,-", "quote": '"\\'}, {"big": 10**30, "small": 1e-9}],
)
def test_what_an_event_says_is_sealed_the_same_here_and_in_the_database(db, data):
    person = PersonFactory(full_name="Zoë, 3:-")
    record("person.language_chosen", by=person, target=person, state=None, label="", **data)
    record("person.language_chosen", by=None, target=person, label="12:é,-")
    seal()
    assert chain.verify().problem == ""


def test_a_change_is_found(log):
    before, events = log
    tamper(["UPDATE activity_event SET target_label = 'Somebody else' WHERE id = %s", events[2].pk])
    assert verify() == (1, f"BROKEN: event {before + 3} (row {events[2].pk}) was changed.")
    assert verify("--since", str(before + 3))[0] == 0  # what comes after it is whole


@pytest.mark.parametrize(
    "column",
    ["at = at + interval '1 microsecond'", "kind = 'person.added'", "actor_id = 0", "actor_label = ''",
     "target_type = ''", "target_id = ''", "state_id = 1", "data = '{}'"],
)  # fmt: skip
def test_a_change_in_any_column_is_found(log, column):
    before, events = log
    tamper([f"UPDATE activity_event SET {column} WHERE id = %s", events[0].pk])
    assert verify() == (1, f"BROKEN: event {before + 1} (row {events[0].pk}) was changed.")


def test_a_deleted_row_is_found_with_and_without_its_link(log):
    before, events = log
    tamper(["DELETE FROM activity_event WHERE id = %s", events[1].pk])
    assert verify() == (1, f"BROKEN: event {before + 2} (row {events[1].pk}) is missing.")
    tamper(["DELETE FROM activity_link WHERE event_id = %s", events[1].pk])
    assert verify() == (1, f"BROKEN: event {before + 2} is missing.")


def test_a_deleted_end_is_found(log):
    before, events = log
    tamper(
        ["DELETE FROM activity_event WHERE id IN (%s, %s)", events[4].pk, events[3].pk],
        ["DELETE FROM activity_link WHERE event_id IN (%s, %s)", events[4].pk, events[3].pk],
    )
    assert verify() == (1, f"BROKEN: events {before + 4} to {before + 5} are missing.")
    # Even the head put back leaves the head that somebody noted.
    noted = str(chain.head())
    tamper(["UPDATE activity_head SET seq = l.seq, hash = l.hash FROM activity_link l WHERE l.seq = %s", before + 3])
    assert verify()[0] == 0
    assert verify("--expect", noted) == (1, f"BROKEN: events {before + 4} to {before + 5} are missing.")


def test_a_row_slipped_in_is_found(log):
    before, events = log
    columns = "at, kind, actor_label, target_type, target_id, target_label, data"
    copy = f"INSERT INTO activity_event ({columns}) SELECT {columns} FROM activity_event WHERE id = %s"
    tamper([copy, events[0].pk])
    assert re.fullmatch(rf"BROKEN: row \d+ was inserted past the chain, before event {before + 6}\.", verify()[1])
    tamper(
        ["INSERT INTO activity_link SELECT %s, max(id), sha256('x') FROM activity_event", before + 6],
        ["UPDATE activity_head SET seq = %s, hash = sha256('x')", before + 6],
    )
    assert re.fullmatch(rf"BROKEN: event {before + 6} \(row \d+\) was changed\.", verify()[1])


@pytest.mark.parametrize("what", ["links", "rows"])
def test_two_that_changed_places_are_found(log, what):
    before, events = log
    first, second = events[1].pk, events[3].pk
    if what == "links":
        tamper(
            ["UPDATE activity_link SET event_id = -1 WHERE event_id = %s", first],
            ["UPDATE activity_link SET event_id = %s WHERE event_id = %s", first, second],
            ["UPDATE activity_link SET event_id = %s WHERE event_id = -1", second],
        )
        assert verify() == (1, f"BROKEN: event {before + 2} (row {second}) was changed.")
    else:
        tamper(
            ["UPDATE activity_event SET id = -1 WHERE id = %s", first],
            ["UPDATE activity_event SET id = %s WHERE id = %s", first, second],
            ["UPDATE activity_event SET id = %s WHERE id = -1", second],
        )
        assert verify() == (1, f"BROKEN: event {before + 2} (row {first}) was changed.")


def test_a_head_that_does_not_match_or_is_gone_is_found(log):
    before, _events = log
    tamper(["UPDATE activity_head SET hash = sha256('x')"])
    expected = f"BROKEN: the head (event {before + 5}) does not match the last event ({before + 5})."
    assert verify() == (1, expected)
    tamper(["DELETE FROM activity_head"])
    assert verify() == (1, f"BROKEN: the head is missing, after event {before + 5}.")


def test_a_chain_computed_anew_does_not_have_the_head_that_was_noted(log):
    before, events = log
    noted = str(chain.head())
    assert verify("--expect", noted)[0] == 0
    assert verify("--expect", noted, "--since", str(before + 5))[0] == 0
    tamper(
        ["UPDATE activity_event SET actor_label = 'Somebody else' WHERE id = %s", events[0].pk],
        ["DELETE FROM activity_link WHERE seq > %s", before],
        ["UPDATE activity_head SET seq = 0, hash = sha256('iwg-portal audit chain 1') WHERE %s = 0", before],
        ["UPDATE activity_head h SET seq = l.seq, hash = l.hash FROM activity_link l WHERE l.seq = %s", before],
        ["SELECT count(activity_seal(e)::text) FROM (SELECT * FROM activity_event WHERE id >= %s ORDER BY id) e",
         events[0].pk],
    )  # fmt: skip
    assert verify()[0] == 0  # by itself a chain cannot know
    wrong = f"BROKEN: event {before + 5} does not match the head that was noted: the chain was computed anew."
    assert verify("--expect", noted) == (1, wrong)
    assert verify("--expect", noted, "--since", str(before + 5)) == (1, wrong)


def test_a_head_that_cannot_be_read_is_said_in_a_sentence(db):
    from django.core.management.base import CommandError

    for text in ("12", "12:zz", "x:" + "0" * 64, "12:" + "0" * 62):
        with pytest.raises(CommandError, match="SEQ:HASH"):
            call_command("audit_verify", "--expect", text)


# -- Transactions that are real -------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_leaves_no_gap():
    person = PersonFactory()
    append(1, by=person)
    with transaction.atomic():
        append(3, by=person)
        transaction.set_rollback(True)
    append(1, by=person)
    assert list(Link.objects.order_by("seq").values_list("seq", flat=True)) == [1, 2]
    assert chain.verify() == chain.Verdict(2, chain.head())


@pytest.mark.django_db(transaction=True)
def test_many_at_once_make_one_chain():
    person = PersonFactory()
    failed = []

    def write(number):
        try:
            for turn in range(20):
                with transaction.atomic():
                    append(1 + turn % 3, by=person)
        except Exception as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    total = 6 * sum(1 + turn % 3 for turn in range(20))
    assert Event.objects.count() == total
    assert chain.verify() == chain.Verdict(total, chain.head())


@pytest.mark.django_db(transaction=True)
def test_a_long_transaction_keeps_nobody_waiting():
    """The head is locked by the commit, not by the first event of an import."""
    person = PersonFactory()
    done = threading.Event()

    def other():
        try:
            append(1, by=person)
            done.set()
        finally:
            connection.close()

    with transaction.atomic():
        append(1, by=person)
        thread = threading.Thread(target=other)
        thread.start()
        assert done.wait(10)
    thread.join()
    assert chain.verify().count == 2
    # The order is that of the commits: whoever committed first was sealed first.
    assert list(Link.objects.order_by("seq").values_list("event_id", flat=True)) == list(
        Event.objects.order_by("-id").values_list("id", flat=True)
    )


@pytest.mark.django_db(transaction=True)
def test_the_log_of_the_next_test_is_empty():
    """The flush after the tests above worked, and left the refusals where they were."""
    assert Event.objects.count() == 0
    assert chain.head() == chain.Seal(0, chain.FIRST.hex())
    Event.objects.create(kind="x", actor_label="", target_type="", target_id="", target_label="", at=timezone.now())
    with transaction.atomic():
        as_owner()
        with pytest.raises(DatabaseError, match="append-only"):
            Event.objects.all().delete()
        transaction.set_rollback(True)
