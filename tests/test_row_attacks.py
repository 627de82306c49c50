"""Raw SQL under the web role, as somebody else: it reads and changes nothing that is not his.

This is what an injection could do: the application's own checks are not in the way here.
"""

from collections.abc import Callable
from uuid import UUID

import pytest
from django.db import DatabaseError, connection, transaction

from backline.core.artists.models import Artist, Membership, WorldState
from backline.core.artists.testing import make_artist, make_member, make_user
from backline.core.catalog.models import Credit, Track, Upload
from backline.core.catalog.testing import make_track
from backline.core.streaming.models import Play
from backline.kernel.accounts.models import Mail, RefreshToken, RoleGrant, User
from backline.kernel.kit.clock import now
from backline.kernel.kit.ids import new_id
from backline.kernel.kit.row_sync import our_models
from backline.kernel.kit.rows import ANYBODY, Actor, act_as
from backline.kernel.outbox.models import Delivery, Fact

pytestmark = pytest.mark.django_db


def run(actor: Actor, sql: str) -> list[tuple[object, ...]] | int:
    with transaction.atomic(), act_as(actor), connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall()) if cursor.description else cursor.rowcount


@pytest.fixture
def victim() -> User:
    """A person with something in every table."""
    artist = make_artist(handle="victim")
    track = make_track(artist=artist)
    Credit.objects.create(track=track, artist=artist, name="Ada", role="bass")
    Upload.objects.create(artist=artist, filename="secret.wav", size_bytes=1)
    make_member(artist)
    RoleGrant.objects.create(user=artist.owner, role="artist")
    RefreshToken.objects.create(
        user=artist.owner, family_id=new_id(), secret_hash=b"x" * 32, session_version=1, expires_at=now()
    )
    Mail.objects.create(to="victim@example.org", subject="Reset", text="link")
    play = new_id()
    Play.objects.create(
        id=play,
        started_at=now(),
        play_id=play,
        milestone="start",
        track_id=track.id,
        artist_id=artist.id,
        user_id=artist.owner_id,
        listener_id=play,
        is_full=True,
    )
    fact = Fact.objects.create(name="test.secret", data={}, topic=f"artist:{artist.id}")
    Delivery.objects.create(subscriber="x", fact_id=fact.id, fact_at=fact.occurred_at)
    return artist.owner


TABLES = sorted(model._meta.db_table for model in our_models() if model._meta.db_table != "kit_ratestate")


def stranger() -> Actor:
    return Actor(make_artist().owner_id)


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("who", [stranger, lambda: ANYBODY])
def test_nothing_of_somebody_elses_is_read(victim: User, table: str, who: Callable[[], Actor]) -> None:
    actor = who()
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        row = cursor.fetchone()
        assert row is not None
        assert row[0] > 0, "the victim has a row in every table"

    seen = run(actor, f"SELECT * FROM {table}")

    own = {str(actor.user_id)} if actor.user_id else set()
    assert isinstance(seen, list)
    for found in seen:
        assert own & {str(value) for value in found}, f"{table} showed {found}"


def snapshot(table: str) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT md5(t::text) FROM {table} t ORDER BY 1")
        return list(cursor.fetchall())


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("verb", ["UPDATE {} SET {} = {}", "DELETE FROM {}", "TRUNCATE {}"])
@pytest.mark.parametrize("who", [stranger, lambda: ANYBODY])
def test_nothing_of_somebody_elses_is_changed(victim: User, table: str, verb: str, who: Callable[[], Actor]) -> None:
    actor = who()
    before = snapshot(table)
    column = {"accounts_mail": "text", "outbox_fact": "name", "catalog_rendition": "sha256"}.get(table, "created_at")
    if table in ("outbox_delivery", "streaming_play"):
        column = "fact_at" if table == "outbox_delivery" else "started_at"
    value = "now()" if column.endswith("_at") else "'x'"

    try:
        changed = run(actor, verb.format(table, column, value))
    except DatabaseError:
        changed = 0

    own_rows = 1 if table in ("accounts_user", "artists_artist") and actor.user_id and verb.startswith("UPDATE") else 0
    assert changed in (0, own_rows)
    after = snapshot(table)
    assert len(after) == len(before)
    assert len(set(before) - set(after)) == changed


@pytest.mark.parametrize(
    "sql",
    [
        (
            "INSERT INTO accounts_rolegrant (id, created_at, user_id, role)"
            " VALUES (gen_random_uuid(), now(), '{me}', 'admin')"
        ),
        (
            "INSERT INTO accounts_rolegrant (id, created_at, user_id, role)"
            " VALUES (gen_random_uuid(), now(), '{them}', 'artist')"
        ),
        (
            "INSERT INTO artists_membership (id, created_at, joined_at, artist_id, user_id)"
            " SELECT gen_random_uuid(), now(), now(), a.id, '{them}' FROM artists_artist a"
        ),
        (
            "INSERT INTO outbox_fact (id, occurred_at, name, topic, data, actor_id)"
            " VALUES (gen_random_uuid(), now(), 'x', '', '{{}}', '{them}')"
        ),
        (
            "INSERT INTO artists_membership (id, created_at, joined_at, artist_id, user_id)"
            " VALUES (gen_random_uuid(), now(), now(), '{world}', '{me}')"
        ),
        "UPDATE artists_artist SET owner_id = '{them}' WHERE owner_id = '{me}'",
        "SET ROLE postgres",
        "ALTER TABLE accounts_user DISABLE ROW LEVEL SECURITY",
        "CREATE TABLE public.mine (id int)",
        "SELECT * FROM outbox_fact_default",
        "SELECT backline_add_month('outbox_fact', '2099-01-01')",
        "SELECT pg_read_file('/etc/passwd')",
        "COPY accounts_user TO PROGRAM 'cat'",
    ],
)
def test_nobody_raises_himself_or_speaks_for_others(victim: User, sql: str) -> None:
    me = make_artist().owner_id
    grants, facts = RoleGrant.objects.count(), Fact.objects.count()

    with pytest.raises(DatabaseError), transaction.atomic():
        run(Actor(me), sql.format(me=me, them=victim.id, world=victim.artists.get().id))

    assert (RoleGrant.objects.count(), Fact.objects.count()) == (grants, facts)
    assert Artist.objects.filter(owner_id=me).count() == 1


def rendition_scopes(actor: Actor, artist_id: UUID) -> set[str]:
    found = run(actor, f"SELECT DISTINCT scope FROM catalog_rendition WHERE artist_id = '{artist_id}'")
    assert isinstance(found, list)
    return {str(scope) for (scope,) in found}


def test_where_a_whole_track_lies_is_known_to_owner_and_members_only() -> None:
    track = make_track(is_published=True)
    member = make_member(track.artist)

    assert rendition_scopes(ANYBODY, track.artist_id) == {"hook"}
    assert rendition_scopes(Actor(make_user().id), track.artist_id) == {"hook"}
    assert rendition_scopes(Actor(member.id), track.artist_id) == {"hook", "full"}
    assert rendition_scopes(Actor(track.artist.owner_id), track.artist_id) == {"hook", "full"}


def test_a_private_world_is_seen_by_its_members_only() -> None:
    track = make_track(is_published=True, artist=make_artist(state=WorldState.PRIVATE))
    member = make_member(track.artist)

    def seen_by(actor: Actor) -> tuple[object, object]:
        return run(actor, "SELECT id FROM artists_artist"), run(actor, "SELECT id FROM catalog_track")

    assert seen_by(ANYBODY) == ([], [])
    assert seen_by(Actor(make_user().id)) == ([], [])
    assert seen_by(Actor(member.id)) == ([(track.artist_id,)], [(track.id,)])


def test_who_left_a_world_that_closed_cannot_come_back_by_himself() -> None:
    artist = make_artist(state=WorldState.PRIVATE)
    former = make_member(artist)
    Membership.objects.update(left_at=now())

    with pytest.raises(DatabaseError), transaction.atomic():
        run(Actor(former.id), "UPDATE artists_membership SET left_at = NULL")

    assert Membership.objects.filter(left_at=None).count() == 0


def test_the_actor_does_not_outlive_its_transaction() -> None:
    owner = make_track().artist.owner
    with transaction.atomic(), act_as(Actor(owner.id)):
        assert Track.objects.count() == 1

    assert run(ANYBODY, "SELECT id FROM catalog_track") == []
