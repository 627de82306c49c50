"""What the house does with accounts: admins, roles, closing, erasing."""

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.test import Client

from backline.kernel.accounts import actions, events, tasks, tokens
from backline.kernel.accounts.errors import BadField, EmailTaken
from backline.kernel.accounts.models import Mail, RefreshToken, Role, RoleGrant, User
from backline.kernel.accounts.testing import (
    PASSWORD,
    give_authenticator,
    make_admin,
    make_user,
    sign_in_by_page,
)
from backline.kernel.outbox.models import Fact

pytestmark = pytest.mark.django_db


def facts() -> list[str]:
    return list(Fact.objects.order_by("id").values_list("name", flat=True))


def test_the_operator_makes_an_admin_whose_address_is_confirmed() -> None:
    admin = actions.create_admin(email="Ada@Example.org", name="Ada", password=PASSWORD)

    assert (admin.email, admin.is_superuser, admin.is_staff) == ("ada@example.org", True, True)
    assert EmailAddress.objects.get().verified is True
    assert facts() == ["accounts.account_created", "accounts.role_granted", "accounts.signed_out_everywhere"]


def test_an_admin_is_not_made_twice_nor_with_a_bad_password() -> None:
    make_user(email="ada@example.org")

    with pytest.raises(EmailTaken):
        actions.create_admin(email="ADA@example.org", name="Ada", password=PASSWORD)
    with pytest.raises(BadField):
        actions.create_admin(email="eve@example.org", name="Eve", password="eve@example.org")

    assert User.objects.count() == 1
    assert RoleGrant.objects.count() == 0


def test_a_role_given_twice_is_one_grant_and_taken_back_stays_on_record() -> None:
    user = make_user()

    actions.grant_role(user, Role.ARTIST, granted_by_id=user.id)
    actions.grant_role(user, Role.ARTIST, granted_by_id=user.id)
    assert (user.roles, RoleGrant.objects.count()) == (frozenset({Role.ARTIST}), 1)
    actions.revoke_role(user, Role.ARTIST)
    actions.revoke_role(user, Role.ARTIST)
    assert user.roles == frozenset()
    actions.grant_role(user, Role.ARTIST)

    assert RoleGrant.objects.count() == 2
    assert facts() == ["accounts.role_granted", "accounts.role_revoked", "accounts.role_granted"]


def test_erasing_a_person_scrambles_what_is_personal_and_keeps_the_row() -> None:
    user = make_user(email="mira@example.org")
    give_authenticator(user)
    pair = tokens.issue(user)
    Mail.objects.create(to=user.email, user_id=user.id, subject="S", text="T")
    Mail.objects.create(to="other@example.org", subject="S", text="T")

    actions.erase_person(user)
    tasks.forget_mail(str(user.id))

    row = User.objects.get()
    assert (row.id, row.name, row.is_active) == (user.id, "Erased person", False)
    assert row.email == f"erased-{user.id.hex}@erased.invalid"
    assert not row.has_usable_password()
    assert row.deleted_at is not None
    assert (EmailAddress.objects.count(), Authenticator.objects.count()) == (0, 0)
    assert list(Mail.objects.values_list("to", flat=True)) == ["other@example.org"]
    assert RefreshToken.objects.filter(revoked_at=None).count() == 0
    assert facts() == ["accounts.signed_out_everywhere", "accounts.person_erased"]
    assert not any("mira" in str(fact.data) for fact in Fact.objects.all())
    assert pair.refresh_token
    actions.sign_up(email="mira@example.org", name="Mira", password=PASSWORD)
    assert User.objects.count() == 2


def test_facts_name_a_person_by_id_only() -> None:
    user = make_user()
    actions.deactivate(user)

    assert Fact.objects.get().data == {"user_id": str(user.id)}
    assert events.SignedOutEverywhere(user.id).topic == ""


@pytest.mark.django_db(transaction=True)
def test_actions_refuse_to_run_outside_a_transaction() -> None:
    with pytest.raises(RuntimeError, match="inside the transaction"):
        actions.sign_up(email="a@example.org", name="A", password=PASSWORD)

    assert User.objects.count() == 0


def test_the_admin_has_no_sign_in_of_its_own(client: Client) -> None:
    answer = client.get("/admin/", follow=True)

    assert answer.redirect_chain[-1][0] == "/accounts/login/?next=%2Fadmin%2F"


def test_the_admin_is_closed_to_people_who_are_not_of_the_staff(client: Client) -> None:
    sign_in_by_page(client, make_user(roles=(Role.ARTIST,)))

    assert client.get("/admin/", follow=True).status_code == 403


def test_an_admin_closes_and_opens_accounts_and_gives_and_takes_roles(client: Client) -> None:
    admin, person = make_admin(), make_user()
    sign_in_by_page(client, admin)
    for path in ("user", "rolegrant", "mail", f"user/{person.id}/change", "rolegrant/add"):
        assert client.get(f"/admin/accounts/{path}/").status_code == 200, path

    client.post("/admin/accounts/user/", {"action": "deactivate", "_selected_action": [str(person.id)]})
    person.refresh_from_db()
    assert (person.is_active, person.session_version) == (False, 2)
    client.post("/admin/accounts/user/", {"action": "reactivate", "_selected_action": [str(person.id)]})
    client.post("/admin/accounts/rolegrant/add/", {"user": str(person.id), "role": "moderator"})
    person.refresh_from_db()
    person.forget_roles()
    assert (person.is_active, person.roles, person.session_version) == (True, frozenset({Role.MODERATOR}), 3)
    assert RoleGrant.objects.get(user=person).granted_by_id == admin.id
    grant = RoleGrant.objects.get(user=person)
    client.post("/admin/accounts/rolegrant/", {"action": "revoke", "_selected_action": [str(grant.id)]})
    person.forget_roles()
    assert person.roles == frozenset()


def test_a_moderator_sees_people_but_changes_nothing_and_reads_no_mail(client: Client) -> None:
    moderator, person = make_user(roles=(Role.MODERATOR,)), make_user()
    Mail.objects.create(to=person.email, subject="Choose a new password", text="http://testserver/secret")
    sign_in_by_page(client, moderator)

    assert client.get("/admin/accounts/user/").status_code == 200
    assert client.get("/admin/accounts/mail/").status_code == 403
    assert client.get("/admin/accounts/rolegrant/add/").status_code == 403
    client.post("/admin/accounts/user/", {"action": "deactivate", "_selected_action": [str(person.id)]})
    client.post("/admin/accounts/rolegrant/add/", {"user": str(moderator.id), "role": "admin"})

    person.refresh_from_db()
    assert person.is_active is True
    assert RoleGrant.objects.count() == 1


def test_not_even_an_admin_reads_the_text_of_mail(client: Client) -> None:
    mail = Mail.objects.create(to="a@example.org", subject="S", text="http://testserver/secret")
    sign_in_by_page(client, make_admin())

    assert "secret" not in client.get(f"/admin/accounts/mail/{mail.id}/change/").content.decode()
