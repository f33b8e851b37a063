"""The role under which web, worker and beat work: it may not change or delete what was logged, nor any table's shape.

Commands (migrate, import, backup) work as the owner of the tables; ``manage.py`` says so in ``DATABASE_AS_OWNER``.
"""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import DatabaseError, connection, transaction

FULL = ("SELECT", "INSERT", "UPDATE", "DELETE")


def grant() -> str:
    """Make the role where it is missing and give it its rights on every table there is.

    A model that names ``granted`` gets these rights only (the log: read and append). Safe to run again and at the same
    time as elsewhere. Returns one sentence when a right of the database's own user is missing, else "".
    """
    role = settings.DATABASE_ROLE
    if not role:
        return ""
    quoted = connection.ops.quote_name(role)
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        (owner,) = cursor.fetchone()
        if not _exists(cursor, role):
            try:
                with transaction.atomic():
                    cursor.execute(f"CREATE ROLE {quoted} NOLOGIN")
            except DatabaseError:
                if not _exists(cursor, role):  # and not made by somebody else in this very moment
                    return _ask(f"CREATE ROLE {role} NOLOGIN; GRANT {role} TO {owner}", owner, role)
        if not _may_become(cursor, role):
            try:
                with transaction.atomic():
                    cursor.execute(f"GRANT {quoted} TO {connection.ops.quote_name(owner)}")
            except DatabaseError:
                if not _may_become(cursor, role):
                    return _ask(f"GRANT {role} TO {owner}", owner, role)
        with transaction.atomic():
            # One at a time: two that change one table's rights at once would fail with "concurrently updated".
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('iwg_portal.base.roles'))")
            _grant_tables(cursor, role)
    return ""


def _exists(cursor: Any, role: str) -> bool:
    cursor.execute("SELECT count(*) FROM pg_roles WHERE rolname = %s", [role])
    return bool(cursor.fetchone()[0])


def _may_become(cursor: Any, role: str) -> bool:
    # Since PostgreSQL 16 who creates a role may give it to others and is not by that a member herself.
    right = "SET" if connection.pg_version >= 160000 else "MEMBER"  # type: ignore[attr-defined]
    cursor.execute("SELECT pg_has_role(current_user, %s, %s)", [role, right])
    return bool(cursor.fetchone()[0])


def _ask(statement: str, owner: str, role: str) -> str:
    return (
        f"The portal needs the database role {role}, and the database user {owner} may not arrange it. Let an "
        f"administrator of the server run: {statement}; then run migrate again. (DATABASE_ROLE=none does without: "
        "then web and worker could change the log if its triggers were removed.)"
    )


def _grant_tables(cursor: Any, role: str) -> None:
    cursor.execute(
        """SELECT relname, relkind::text FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace
           WHERE nspname = current_schema() AND relkind IN ('r', 'p', 'v', 'S')
             AND pg_has_role(current_user, relowner, 'USAGE') ORDER BY relname"""
    )
    found = cursor.fetchall()
    limited = {"django_migrations": ("SELECT",)}
    limited |= {model._meta.db_table: model.granted for model in apps.get_models() if hasattr(model, "granted")}
    rights: dict[tuple[str, ...], list[str]] = {}
    for name, kind in found:
        verbs = ("USAGE",) if kind == "S" else tuple(limited.get(name, FULL))
        rights.setdefault(verbs, []).append(("SEQUENCE " if kind == "S" else "") + connection.ops.quote_name(name))
    who = connection.ops.quote_name(role)
    for verbs, names in rights.items():
        things = ", ".join(names).replace(", SEQUENCE ", ", ")
        cursor.execute(f"REVOKE ALL ON {things} FROM {who}")
        cursor.execute(f"GRANT {', '.join(verbs)} ON {things} TO {who}")
    cursor.execute("SELECT quote_ident(current_schema()), has_schema_privilege(%s, current_schema(), 'USAGE')", [role])
    schema, reachable = cursor.fetchone()
    if not reachable:
        cursor.execute(f"GRANT USAGE ON SCHEMA {schema} TO {who}")
