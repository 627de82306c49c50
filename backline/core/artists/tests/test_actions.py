import pytest
from django.db import transaction

from backline.core.artists import actions, queries
from backline.core.artists.actions import ProfileChange
from backline.core.artists.errors import (
    AlreadyAnArtist,
    BadProfile,
    HandleTaken,
    NotOpenToJoin,
    OwnersDoNotJoin,
    StepMissing,
)
from backline.core.artists.gate import GatedAction, Step, checklist, pass_gate
from backline.core.artists.models import Artist, Membership, WorldState
from backline.core.artists.testing import make_artist, make_member, make_user
from backline.kernel.accounts.models import Role, RoleGrant
from backline.kernel.kit.money import Currency, Money
from backline.kernel.kit.rows import Actor
from backline.kernel.outbox.models import Fact

pytestmark = pytest.mark.django_db


def facts() -> list[str]:
    return list(Fact.objects.order_by("id").values_list("name", flat=True))


def test_a_person_becomes_an_artist_once() -> None:
    user = make_user()

    artist = actions.create_artist(user, ProfileChange(handle="Nova", name="Nova Ray", price=Money(700, Currency.EUR)))

    assert (artist.handle, artist.state, str(artist.price)) == ("nova", "draft", "7.00 EUR")
    assert [grant.role for grant in RoleGrant.objects.filter(user=user)] == [Role.ARTIST]
    assert facts() == ["accounts.role_granted", "artists.artist_created"]
    with pytest.raises(AlreadyAnArtist), transaction.atomic():
        actions.create_artist(user, ProfileChange(handle="nova2", name="Nova"))
    assert Artist.objects.count() == 1


def test_a_handle_belongs_to_one_world_even_in_another_case() -> None:
    make_artist(handle="nova")

    with pytest.raises(HandleTaken), transaction.atomic():
        actions.create_artist(make_user(), ProfileChange(handle="NOVA", name="Other"))

    assert Artist.objects.count() == 1
    assert facts() == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (ProfileChange(handle="nova", name=""), "name"),
        (ProfileChange(handle="studio", name="x"), "handle"),
        (ProfileChange(handle="nova", name="x" * 121), "name"),
        (ProfileChange(name="x"), "handle"),
        (ProfileChange(handle="nova", name="x", price=Money(-1, Currency.USD)), "price"),
    ],
)
def test_a_bad_profile_names_its_field_and_makes_nothing(change: ProfileChange, field: str) -> None:
    with pytest.raises(BadProfile) as refused, transaction.atomic():
        actions.create_artist(make_user(), change)

    assert refused.value.data["field"] == field
    assert Artist.objects.count() == 0


def test_a_world_opens_once_and_keeps_its_first_day() -> None:
    artist = make_artist()

    actions.publish_world(artist.owner, artist)
    first = artist.published_at
    actions.publish_world(artist.owner, artist)
    actions.withdraw_world(artist.owner, artist, WorldState.PRIVATE)
    actions.publish_world(artist.owner, artist)

    assert artist.published_at == first
    assert facts() == ["artists.world_published", "artists.world_withdrawn", "artists.world_published"]


def test_joining_twice_is_joining_once_and_leaving_keeps_the_row() -> None:
    artist, fan = make_artist(state=WorldState.PUBLISHED), make_user()

    actions.join_casset(fan, artist)
    actions.join_casset(fan, artist)
    assert queries.count_members(artist.id) == 1
    actions.leave_casset(fan, artist)
    actions.leave_casset(fan, artist)
    assert queries.count_members(artist.id) == 0
    actions.join_casset(fan, artist)

    assert Membership.objects.count() == 2
    assert queries.is_member(artist.id, Actor(fan.id))
    assert facts() == ["artists.casset_joined", "artists.casset_left", "artists.casset_joined"]


def test_a_world_that_is_not_open_takes_no_new_members_and_keeps_those_it_has() -> None:
    artist = make_artist(state=WorldState.PRIVATE)
    member = make_member(artist)

    with pytest.raises(NotOpenToJoin):
        actions.join_casset(make_user(), artist)

    assert actions.join_casset(member, artist).user_id == member.id
    assert Membership.objects.count() == 1


def test_owners_do_not_join_their_own_casset() -> None:
    artist = make_artist()

    with pytest.raises(OwnersDoNotJoin):
        actions.join_casset(artist.owner, artist)

    assert Membership.objects.count() == 0


def test_the_checklist_names_what_is_missing() -> None:
    user = make_user()
    assert {item.step: item.is_done for item in checklist(user, None)} == {
        Step.EMAIL: True,
        Step.PROFILE: False,
        Step.COVER: False,
        Step.STORY: False,
        Step.PUBLISH: False,
    }

    with pytest.raises(StepMissing) as missing:
        pass_gate(user, None, GatedAction.UPLOAD)
    assert missing.value.data == {"step": "profile", "step_url": "/studio/world"}


def test_with_mail_configured_the_address_has_to_be_confirmed(settings: object) -> None:
    from allauth.account.models import EmailAddress

    settings.BACKLINE = settings.BACKLINE.model_copy(update={"smtp_url": "smtp://127.0.0.1:25"})  # type: ignore[attr-defined]
    user = make_user()

    with pytest.raises(StepMissing) as missing:
        actions.create_artist(user, ProfileChange(handle="nova", name="Nova"))
    assert missing.value.data["step"] == "email"
    assert Artist.objects.count() == 0

    EmailAddress.objects.create(user=user, email=user.email, verified=True)
    assert actions.create_artist(user, ProfileChange(handle="nova", name="Nova")).handle == "nova"
