"""Row security, asked of the database itself."""

from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction

from backline.core.streaming.models import Play
from backline.kernel.kit.clock import now
from backline.kernel.kit.row_sync import our_models, policies_of
from backline.kernel.kit.rows import ANYBODY, WEB_ROLE, WORKER_ROLE, RowPolicies, act_as, set_actor
from backline.kernel.outbox.models import Fact

pytestmark = pytest.mark.django_db


def _all(sql: str) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())


def partitions() -> set[str]:
    return {
        str(name)
        for (name,) in _all(
            "SELECT inhrelid::regclass::text FROM pg_inherits i JOIN pg_class c ON c.oid = inhrelid WHERE relkind = 'r'"
        )
    }


def test_every_table_of_ours_and_every_partition_has_forced_row_security() -> None:
    ours = {model._meta.db_table for model in our_models()}
    found = {
        str(name)
        for (name,) in _all(
            "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relrowsecurity AND relforcerowsecurity"
        )
    }

    assert len(ours) >= 12
    assert ours | partitions() == found


def test_every_policy_is_one_that_a_model_declares() -> None:
    # A partition's rows are reached through its parent; its one policy is for backups.
    expected = {(name, "worker_all") for name in partitions()}
    for model in our_models():
        declared = policies_of(model)
        table = model._meta.db_table
        expected.add((table, "worker_all"))
        for verb, condition in (("select", declared.read), ("insert", declared.insert), ("update", declared.update)):
            if condition is not None:
                expected.add((table, f"web_{verb}"))

    assert set(_all("SELECT tablename, policyname FROM pg_policies WHERE schemaname = 'public'")) == expected


def test_the_web_role_owns_nothing_and_deletes_nothing_of_ours() -> None:
    ours = {model._meta.db_table for model in our_models()}
    rights = _all(
        f"SELECT table_name, privilege_type FROM information_schema.role_table_grants WHERE grantee = '{WEB_ROLE}'"
    )
    owned = _all(f"SELECT relname FROM pg_class WHERE pg_get_userbyid(relowner) IN ('{WEB_ROLE}', '{WORKER_ROLE}')")

    assert owned == []
    assert [right for right in rights if right[0] in ours and right[1] in ("DELETE", "TRUNCATE")] == []
    assert [right for right in rights if str(right[0]).endswith(("_default", "_202611"))] == []


def test_no_role_can_go_round_the_policies() -> None:
    rows = _all(
        f"SELECT rolsuper OR rolbypassrls OR rolcreaterole FROM pg_roles"
        f" WHERE rolname IN ('{WEB_ROLE}', '{WORKER_ROLE}')"
    )

    assert rows == [(False,), (False,)]


@pytest.mark.parametrize("table", ["outbox_fact", "streaming_play"])
@pytest.mark.parametrize("role", ["owner", WEB_ROLE, WORKER_ROLE])
@pytest.mark.parametrize("verb", ["UPDATE {} SET id = id", "DELETE FROM {}"])
def test_append_only_tables_refuse_update_and_delete(table: str, role: str, verb: str) -> None:
    if table == "outbox_fact":
        Fact.objects.create(name="test.happened", data={})
    else:
        Play.objects.create(
            id=uuid4(),
            started_at=now(),
            play_id=uuid4(),
            milestone="start",
            track_id=uuid4(),
            artist_id=uuid4(),
            listener_id=uuid4(),
            is_full=False,
        )

    as_role = "SELECT 1" if role == "owner" else f"SET LOCAL ROLE {role}"
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"{as_role}; {verb.format(table)}")

    assert len(_all(f"SELECT 1 FROM {table}")) == 1


def test_an_append_only_table_declares_no_update() -> None:
    with pytest.raises(ValueError, match="append-only"):
        RowPolicies(read="true", update="true", is_append_only=True)


@pytest.mark.django_db(transaction=True)
def test_an_actor_needs_a_transaction() -> None:
    with pytest.raises(RuntimeError, match="inside a transaction"):
        set_actor(ANYBODY)


def test_the_actor_ends_with_its_block() -> None:
    with act_as(ANYBODY):
        assert _all("SELECT current_user")[0][0] == WEB_ROLE

    assert _all("SELECT current_user")[0][0] != WEB_ROLE
