"""The log becomes a chain, and append-only for its owner too.

Plain SQL and not pgtrigger: whoever may run SQL can switch a pgtrigger off for her session (``pgtrigger.ignore``).
``ENABLE ALWAYS`` keeps the triggers on under ``session_replication_role = replica``.
"""

from typing import Any

import pgtrigger.migrations
from django.db import migrations, models

FIRST = "iwg-portal audit chain 1"  # the hash of this text is the link before the first (activity.chain has it too)

CREATE = """
-- Length and text of each field, so that no two rows have the same text; "-" stands for null.
CREATE FUNCTION {schema}.activity_seal(e {schema}.activity_event) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    said text := (
        SELECT string_agg(coalesce(octet_length(field) || ':' || field, '-'), ',' ORDER BY place)
        FROM unnest(ARRAY[
            e.id::text, to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), e.kind, e.actor_id::text,
            e.actor_label, e.target_type, e.target_id, e.target_label, e.state_id::text, e.data::text
        ]) WITH ORDINALITY AS fields(field, place)
    );
    head {schema}.activity_head;
BEGIN
    -- Held until the transaction has ended: the next writer sees this link, or waits, or never hears of it.
    SELECT * INTO STRICT head FROM {schema}.activity_head FOR UPDATE;
    head.seq := head.seq + 1;
    head.hash := sha256(head.hash || convert_to(head.seq || ',' || said, 'UTF8'));
    INSERT INTO {schema}.activity_link (seq, event_id, hash) VALUES (head.seq, e.id, head.hash);
    UPDATE {schema}.activity_head SET seq = head.seq, hash = head.hash;
END $$;

CREATE FUNCTION {schema}.activity_seal_event() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM {schema}.activity_seal(NEW);
    RETURN NULL;
END $$;

CREATE FUNCTION {schema}.activity_refuse() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'The log is append-only: % on % is refused.', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE FUNCTION {schema}.activity_head_moves() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.id = OLD.id AND NEW.seq = OLD.seq + 1 AND EXISTS (
        SELECT FROM {schema}.activity_link WHERE seq = NEW.seq AND hash = NEW.hash
    ) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'The head of the log moves only to the next link.' USING ERRCODE = 'insufficient_privilege';
END $$;

REVOKE EXECUTE ON FUNCTION {schema}.activity_seal({schema}.activity_event) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION {schema}.activity_seal_event() FROM PUBLIC;

INSERT INTO {schema}.activity_head (id, seq, hash) VALUES (1, 0, sha256('{first}'));

-- What was logged before there was a chain, in the order of its numbers.
DO $$
DECLARE e {schema}.activity_event;
BEGIN
    FOR e IN SELECT * FROM {schema}.activity_event ORDER BY id LOOP
        PERFORM {schema}.activity_seal(e);
    END LOOP;
END $$;

-- At the commit, so that the head is locked for its length only and not for that of a whole import.
CREATE CONSTRAINT TRIGGER sealed AFTER INSERT ON {schema}.activity_event
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION {schema}.activity_seal_event();
ALTER TABLE {schema}.activity_event ENABLE ALWAYS TRIGGER sealed;

CREATE TRIGGER moves BEFORE UPDATE ON {schema}.activity_head
    FOR EACH ROW EXECUTE FUNCTION {schema}.activity_head_moves();
ALTER TABLE {schema}.activity_head ENABLE ALWAYS TRIGGER moves;
"""

PROTECT = """
CREATE TRIGGER append_only BEFORE {rows} ON {schema}.{table}
    FOR EACH ROW EXECUTE FUNCTION {schema}.activity_refuse();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON {schema}.{table}
    FOR EACH STATEMENT EXECUTE FUNCTION {schema}.activity_refuse();
ALTER TABLE {schema}.{table} ENABLE ALWAYS TRIGGER append_only, ENABLE ALWAYS TRIGGER never_emptied;
"""
PROTECTED = {
    "activity_event": "UPDATE OR DELETE",
    "activity_link": "UPDATE OR DELETE",
    "activity_head": "INSERT OR DELETE",
}

DROP = """
DROP TRIGGER moves ON {schema}.activity_head;
DROP TRIGGER sealed ON {schema}.activity_event;
DROP TRIGGER append_only ON {schema}.activity_event;
DROP TRIGGER never_emptied ON {schema}.activity_event;
DROP TRIGGER append_only ON {schema}.activity_link;
DROP TRIGGER never_emptied ON {schema}.activity_link;
DROP TRIGGER append_only ON {schema}.activity_head;
DROP TRIGGER never_emptied ON {schema}.activity_head;
DROP FUNCTION {schema}.activity_head_moves, {schema}.activity_refuse, {schema}.activity_seal_event, {schema}.activity_seal;
"""


def _schema(editor: Any) -> str:
    with editor.connection.cursor() as cursor:
        cursor.execute("SELECT quote_ident(current_schema())")
        return str(cursor.fetchone()[0])


def create(apps: Any, editor: Any) -> None:
    schema = _schema(editor)
    editor.execute(CREATE.format(schema=schema, first=FIRST), params=None)  # its percent signs are its own
    for table, rows in PROTECTED.items():
        editor.execute(PROTECT.format(schema=schema, table=table, rows=rows), params=None)


def drop(apps: Any, editor: Any) -> None:
    editor.execute(DROP.format(schema=_schema(editor)), params=None)


class Migration(migrations.Migration):
    dependencies = [("activity", "0002_event_state_id")]

    operations = [
        migrations.CreateModel(
            name="Head",
            fields=[
                ("id", models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("seq", models.BigIntegerField()),
                ("hash", models.BinaryField(max_length=32)),
            ],
            options={"constraints": [models.CheckConstraint(name="one_head", condition=models.Q(id=1))]},
        ),
        migrations.CreateModel(
            name="Link",
            fields=[
                ("seq", models.BigIntegerField(primary_key=True, serialize=False)),
                ("event_id", models.BigIntegerField(unique=True)),
                ("hash", models.BinaryField(max_length=32)),
            ],
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(fields=["actor_id", "id"], name="event_by_actor"),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(
                condition=models.Q(("state_id__isnull", False)), fields=["state_id", "id"], name="event_by_state"
            ),
        ),
        pgtrigger.migrations.RemoveTrigger(model_name="event", name="append_only"),
        migrations.RunPython(create, drop),
    ]
