"""Applies the row policies that the models declare, after every migrate, in one transaction.

Policies are derived, not migrated: what stands beside the model is what the database enforces. Every policy of ours
is dropped and made anew; grants likewise. A table of ours without a declaration stops the migrate.
"""

from collections.abc import Iterator
from typing import Any

from django.apps import AppConfig, apps
from django.db import connection, models, transaction

from backline.kernel.kit import partitions
from backline.kernel.kit.clock import now
from backline.kernel.kit.rows import WEB_ROLE, WORKER_ROLE, RowPolicies

FUNCTIONS = """
CREATE OR REPLACE FUNCTION backline_actor() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT NULLIF(current_setting('backline.actor_id', true), '')::uuid $$;
CREATE OR REPLACE FUNCTION backline_staff() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT COALESCE(current_setting('backline.staff', true), '') = 'on' $$;
CREATE OR REPLACE FUNCTION backline_doorway() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT COALESCE(current_setting('backline.doorway', true), '') $$;
CREATE OR REPLACE FUNCTION backline_refuse_rewrite() RETURNS trigger LANGUAGE plpgsql
    AS $$ BEGIN
        RAISE EXCEPTION 'table % is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
    END $$;
"""

TERMS = {
    "{actor}": "(SELECT backline_actor())",
    "{staff}": "(SELECT backline_staff())",
    "{auth}": "((SELECT backline_doorway()) = 'auth')",
}

# Tables of the libraries we stand on. They hold no content; what a web process must delete there (an ended session,
# a removed second factor) it may. The queue's tables are the worker's, the web process only adds jobs.
LIBRARY_TABLES_WITH_DELETE = (
    "django_session",
    "account_emailaddress",
    "account_emailconfirmation",
    "mfa_authenticator",
    "socialaccount_socialaccount",
    "socialaccount_socialtoken",
    "socialaccount_socialapp",
)


MONTHS_AHEAD = 12


class UndeclaredTable(Exception):
    """A model of ours does not say who may read and write its rows."""


def our_models() -> Iterator[type[models.Model]]:
    """Every model of ours that has a table."""
    for model in apps.get_models(include_auto_created=True):
        if model.__module__.startswith("backline.") and not model._meta.proxy:
            yield model


def policies_of(model: type[models.Model]) -> RowPolicies:
    """The declaration beside the model. Raises UndeclaredTable."""
    declared = getattr(model, "rows", None)
    if not isinstance(declared, RowPolicies):
        raise UndeclaredTable(f"{model._meta.label}: declare `rows = RowPolicies(...)` beside its fields")
    return declared


def expand(condition: str) -> str:
    """The condition with {actor}, {staff} and {auth} replaced by calls the planner evaluates once."""
    for term, sql in TERMS.items():
        condition = condition.replace(term, sql)
    return condition


def statements_for(table: str, declared: RowPolicies) -> Iterator[str]:
    """The SQL that makes `table` enforce its declaration; safe to run again."""
    yield f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY; ALTER TABLE {table} FORCE ROW LEVEL SECURITY"
    yield f"REVOKE ALL ON {table} FROM {WEB_ROLE}, {WORKER_ROLE}"
    for verb, condition, clause in (
        ("select", declared.read, "USING ({0})"),
        ("insert", declared.insert, "WITH CHECK ({0})"),
        ("update", declared.update, f"USING ({{0}}) WITH CHECK ({expand(declared.update_check or '{0}')})"),
    ):
        yield f"DROP POLICY IF EXISTS web_{verb} ON {table}"
        if condition is not None:
            sql = clause.format(expand(condition))
            yield f"CREATE POLICY web_{verb} ON {table} FOR {verb.upper()} TO {WEB_ROLE} {sql}"
            yield f"GRANT {verb.upper()} ON {table} TO {WEB_ROLE}"
    worker = "SELECT, INSERT" if declared.is_append_only else "SELECT, INSERT, UPDATE"
    if declared.worker_may_delete:
        worker += ", DELETE"
    yield f"GRANT {worker} ON {table} TO {WORKER_ROLE}"
    yield f"DROP POLICY IF EXISTS worker_all ON {table}"
    yield f"CREATE POLICY worker_all ON {table} TO {WORKER_ROLE} USING (true) WITH CHECK (true)"
    yield f"DROP TRIGGER IF EXISTS append_only ON {table}"
    if declared.is_append_only:
        yield (
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION backline_refuse_rewrite()"
        )


def _library_grants(existing: set[str], ours: set[str]) -> Iterator[str]:
    for table in sorted(existing - ours):
        if table.startswith("procrastinate_"):
            yield f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {WORKER_ROLE}"
            yield f"GRANT SELECT, INSERT ON {table} TO {WEB_ROLE}"
        elif table in LIBRARY_TABLES_WITH_DELETE:
            yield f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {WEB_ROLE}, {WORKER_ROLE}"
        elif table == "django_migrations":
            yield f"GRANT SELECT ON {table} TO {WEB_ROLE}, {WORKER_ROLE}"
        else:
            yield f"GRANT SELECT, INSERT, UPDATE ON {table} TO {WEB_ROLE}, {WORKER_ROLE}"
    yield f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {WEB_ROLE}, {WORKER_ROLE}"


def _partitions(cursor: Any) -> list[str]:
    """Tables that are partitions of others: reached through their parent only, so nobody is granted anything."""
    cursor.execute(
        "SELECT inhrelid::regclass::text FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE c.relkind = 'r'"
    )
    return [row[0] for row in cursor.fetchall()]


def sync_row_security() -> None:
    """Make the database enforce what the models declare. Needs the owner's connection. Raises UndeclaredTable."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(FUNCTIONS)
        cursor.execute(partitions.FUNCTION)
        cursor.execute(f"GRANT EXECUTE ON FUNCTION backline_add_month(regclass, date) TO {WORKER_ROLE}")
        for table in partitions.partitioned_tables():
            partitions.add_months(table, now().date(), MONTHS_AHEAD)
        cursor.execute(f"GRANT USAGE ON SCHEMA public TO {WEB_ROLE}, {WORKER_ROLE}")
        existing = set(connection.introspection.table_names(cursor))
        parts = _partitions(cursor)
        ours = set(parts)
        for model in our_models():
            table = model._meta.db_table
            ours.add(table)
            if table in existing:
                for statement in statements_for(table, policies_of(model)):
                    cursor.execute(statement)
        for table in parts:
            cursor.execute(
                f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY; ALTER TABLE {table} FORCE ROW LEVEL SECURITY"
            )
            cursor.execute(f"REVOKE ALL ON {table} FROM {WEB_ROLE}, {WORKER_ROLE}")
            cursor.execute(f"DROP POLICY IF EXISTS worker_all ON {table}")
            cursor.execute(f"CREATE POLICY worker_all ON {table} TO {WORKER_ROLE} USING (true) WITH CHECK (true)")
        for statement in _library_grants(existing, ours):
            cursor.execute(statement)


def after_migrate(sender: AppConfig, **kwargs: object) -> None:
    """The post_migrate receiver: runs when the last module's tables exist."""
    with connection.cursor() as cursor:
        if "django_migrations" in connection.introspection.table_names(cursor):
            sync_row_security()
