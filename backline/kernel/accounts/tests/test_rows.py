"""What the database itself lets a web process see and change of people, whatever SQL it sends."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import pytest
from django.db import DatabaseError, connection, transaction

from backline.kernel.accounts import queries, tokens
from backline.kernel.accounts.mail import send_mail
from backline.kernel.accounts.models import Role, RoleGrant, User
from backline.kernel.accounts.testing import make_admin, make_user
from backline.kernel.kit.ids import new_id
from backline.kernel.kit.rows import ANYBODY, Actor, Doorway, act_as

pytestmark = pytest.mark.django_db


@contextmanager
def acting(actor: Actor) -> Iterator[None]:
    with transaction.atomic(), act_as(actor):
        yield


def count(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        return int(cursor.fetchone()[0])


def run(sql: str, *values: UUID | str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return int(cursor.rowcount)


def refuse(actor: Actor, sql: str, *values: UUID | str) -> None:
    with pytest.raises(DatabaseError), acting(actor):
        run(sql, *values)


def test_a_person_reads_his_own_row_and_no_other() -> None:
    me, _other = make_user(), make_user()

    with acting(Actor(me.id)):
        assert list(User.objects.values_list("id", flat=True)) == [me.id]
    with acting(ANYBODY):
        assert count("accounts_user") == 0


def test_a_person_changes_his_own_row_and_no_other() -> None:
    me, other = make_user(), make_user()

    with acting(Actor(me.id)):
        assert run("UPDATE accounts_user SET name = 'taken'") == 1

    other.refresh_from_db()
    assert other.name == "Mira"


def test_nobody_deletes_people_roles_tokens_or_mail() -> None:
    admin = make_admin()
    for table in ("accounts_user", "accounts_rolegrant", "accounts_refreshtoken", "accounts_mail"):
        refuse(Actor(admin.id, is_staff=True, doorway=Doorway.AUTH), f"DELETE FROM {table}")


GRANT = "INSERT INTO accounts_rolegrant (id, created_at, user_id, role) VALUES (%s, now(), %s, %s)"


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ARTIST])
def test_nobody_grants_himself_a_role(role: Role) -> None:
    me = make_user()

    refuse(Actor(me.id), GRANT, new_id(), me.id, role.value)
    refuse(Actor(me.id, doorway=Doorway.AUTH), GRANT, new_id(), me.id, role.value)

    assert RoleGrant.objects.count() == 0


def test_a_moderator_cannot_make_himself_an_admin() -> None:
    moderator = make_user(roles=(Role.MODERATOR,))

    refuse(Actor(moderator.id, is_staff=True), GRANT, new_id(), moderator.id, "admin")
    with acting(Actor(moderator.id, is_staff=True)):
        assert run("UPDATE accounts_rolegrant SET role = 'admin'") == 0

    assert [grant.role for grant in RoleGrant.objects.all()] == ["moderator"]


def test_claiming_to_be_of_the_staff_does_not_make_an_admin() -> None:
    me = make_user()

    refuse(Actor(me.id, is_staff=True), GRANT, new_id(), me.id, "admin")


def test_an_admin_gives_and_takes_roles_and_a_former_admin_does_not() -> None:
    admin, person = make_admin(), make_user()
    actor = Actor(admin.id, is_staff=True)

    with acting(actor):
        run(GRANT, new_id(), person.id, "moderator")
        assert run("UPDATE accounts_rolegrant SET revoked_at = now() WHERE user_id = %s", admin.id) == 1

    refuse(actor, GRANT, new_id(), person.id, "admin")


def test_an_artists_role_is_ones_own_to_take() -> None:
    me, other = make_user(), make_user()

    with acting(Actor(me.id)):
        run(GRANT, new_id(), me.id, "artist")
    refuse(Actor(me.id), GRANT, new_id(), other.id, "artist")


def test_refresh_tokens_are_read_by_their_owner_only() -> None:
    me, other = make_user(), make_user()
    tokens.issue(other)

    with acting(Actor(me.id, is_staff=True)):
        assert count("accounts_refreshtoken") == 0
        assert run("UPDATE accounts_refreshtoken SET revoked_at = NULL") == 0
    with acting(Actor(other.id)):
        assert count("accounts_refreshtoken") == 1


def test_accounts_are_made_only_at_the_door_of_signing_up() -> None:
    me = make_user()
    sql = (
        "INSERT INTO accounts_user (id, created_at, email, name, password, is_active, session_version)"
        " VALUES (%s, now(), 'x@example.org', 'X', '', true, 1)"
    )

    refuse(Actor(me.id), sql, new_id())
    with acting(Actor(doorway=Doorway.AUTH)):
        assert run(sql, new_id()) == 1


def test_mail_is_written_by_anybody_and_read_by_staff_and_the_mailbox_only() -> None:
    me = make_user()

    with acting(Actor(me.id)):
        send_mail(to="a@example.org", subject="S", text="T")
        assert count("accounts_mail") == 0
    with acting(ANYBODY):
        assert [mail.to for mail in queries.list_caught_mail()] == ["a@example.org"]
        assert count("accounts_mail") == 0
    with acting(Actor(me.id, is_staff=True)):
        assert count("accounts_mail") == 1
    refuse(Actor(me.id, is_staff=True), "UPDATE accounts_mail SET text = 'x'")
