"""Writes about people: one function per use case, each inside the edge's transaction.

Whatever changes what a person may do (a new password, a staff role given or taken, deactivation) raises the
session version and so ends every session and token of that person. Nothing here tells a stranger whether an
address has an account: signing up does the same work and says the same in both cases.
"""

from collections.abc import Callable
from typing import TypeVar
from uuid import UUID

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth import authenticate
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.db.models import F

from backline.kernel.accounts import events, queries, rules, second_factor, session_versions, tokens
from backline.kernel.accounts.errors import BadField, EmailTaken, SecondFactorRequired, WrongCredentials
from backline.kernel.accounts.mail import send_confirmation, tell_owner_of_sign_up
from backline.kernel.accounts.mail import send_mail as send_mail  # part of what modules above call
from backline.kernel.accounts.models import RefreshToken, Role, RoleGrant, User
from backline.kernel.kit.clock import now
from backline.kernel.outbox.facts import publish
from backline.kernel.outbox.jobs import Lane, defer

# Roles that open other people's things; holding one is part of what a token says.
STAFF_LIKE = frozenset({Role.MODERATOR, Role.ADMIN, Role.LABEL_STAFF})

T = TypeVar("T")


def require_transaction() -> None:
    """Raise RuntimeError outside a transaction: the edge opens it, an action never commits."""
    if not connection.in_atomic_block:
        raise RuntimeError("actions run inside the transaction that the edge opened")


def _clean(field: str, rule: Callable[[str], T], value: str) -> T:
    try:
        return rule(value)
    except rules.BadValue as error:
        raise BadField(field, str(error)) from error


def check_password(password: str, *, email: str, name: str) -> None:
    """Refuse a password that is too short, too long, common, or like the name or address. Raises BadField."""
    _clean("password", rules.check_password_length, password)
    try:
        validate_password(password, User(email=email, name=name))
    except ValidationError as error:
        raise BadField("password", " ".join(error.messages)) from error


def sign_up(*, email: str, name: str, password: str) -> None:
    """Make an account, or tell the owner of the address by mail that somebody tried. Raises BadField.

    The answer must not differ, so there is none; and the password is hashed before anything is looked up.
    """
    require_transaction()
    email = _clean("email", rules.clean_email, email)
    name = _clean("name", rules.clean_name, name)
    check_password(password, email=email, name=name)
    user = User(email=email, name=name, password=make_password(password))
    try:
        with transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError:
        owner = queries.find_by_email(email)
        if owner is not None:
            tell_owner_of_sign_up(owner)
        return
    send_confirmation(welcome(user), is_new=True)


def welcome(user: User, *, is_confirmed: bool = False) -> EmailAddress:
    """Finish a new account, however it came to be: its address, and the fact that it exists."""
    address, _ = EmailAddress.objects.get_or_create(
        user=user, email=user.email, defaults={"primary": True, "verified": is_confirmed}
    )
    publish(events.AccountCreated(user_id=user.id))
    return address


def sign_up_message(email: str) -> str:
    """What a person reads after signing up, whether or not the address had an account."""
    if queries.must_confirm_email():
        return f"We have sent a mail to {email}. Open the link in it, then sign in."
    return f"You can sign in as {email} now."


def wrong_credentials() -> WrongCredentials:
    """The one refusal of a sign-in: wrong address, wrong password and unconfirmed address look the same."""
    if queries.must_confirm_email():
        return WrongCredentials(
            "The e-mail address or the password is not right, or the address is not confirmed yet:"
            " then open the link in the mail we have just sent."
        )
    return WrongCredentials("The e-mail address or the password is not right.")


def may_sign_in(user: User) -> bool:
    """False where the address must be confirmed first; then a new mail with the link is written."""
    if not queries.must_confirm_email() or queries.has_confirmed_email(user):
        return True
    address, _ = EmailAddress.objects.get_or_create(user=user, email=user.email, defaults={"primary": True})
    send_confirmation(address, is_new=False)
    return False


def sign_in(*, email: str, password: str, otp: str | None) -> tokens.TokenPair:
    """Tokens for an e-mail address and password, and the code where the account has a second factor.

    Raises WrongCredentials, SecondFactorRequired, WrongSecondFactor or TooMany.
    """
    require_transaction()
    user = authenticate(None, email=email.strip().lower(), password=password)
    if not isinstance(user, User) or not may_sign_in(user):
        raise wrong_credentials()
    if queries.has_second_factor(user):
        if not otp:
            raise SecondFactorRequired
        second_factor.count_guess(user)
        second_factor.check_code(user, otp)
    user.last_login = now()
    user.save(update_fields=("last_login",))
    return tokens.issue(user)


def end_sessions(user: User) -> None:
    """End every session, access token and refresh token of a person at once."""
    require_transaction()
    # A new password and "sign out everywhere" may come at the same moment: the database adds, so neither is
    # lost.
    User.objects.filter(id=user.id).update(session_version=F("session_version") + 1)
    user.refresh_from_db(fields=("session_version",))
    RefreshToken.objects.filter(user=user, revoked_at=None).update(revoked_at=now())
    session_versions.remember_after_commit(user.id, user.session_version)
    publish(events.SignedOutEverywhere(user_id=user.id))


def sign_out_everywhere(user_id: UUID) -> None:
    """End every session and token of a person, as the person asked."""
    end_sessions(queries.get_user(user_id))


def change_password(user: User, password: str) -> None:
    """Set a new password (already checked) and end every session and token; the caller may keep its own
    alive.
    """
    user.password = make_password(password)
    user.save(update_fields=("password",))
    end_sessions(user)


def take_over_unconfirmed(user: User) -> None:
    """Drop passkeys, second factors and providers of an account whose address nobody ever confirmed.

    Whoever made it may not be the owner of the address, who now resets the password by mail: no key of the
    maker's may go on opening the account.
    """
    if not queries.has_confirmed_email(user):
        Authenticator.objects.filter(user=user).delete()
        SocialAccount.objects.filter(user=user).delete()


def reset_password(user: User, password: str) -> None:
    """Set a new password for somebody who opened the link in a mail, which shows whose the address is."""
    take_over_unconfirmed(user)
    addresses = list(EmailAddress.objects.filter(user=user))
    # With a change of address pending the link may have gone to the other one, which shows nothing about
    # this.
    if [address.email for address in addresses] == [user.email] and not addresses[0].verified:
        addresses[0].set_verified()
    change_password(user, password)


def deactivate(user: User) -> None:
    """Close an account without deleting anything."""
    user.is_active = False
    user.save(update_fields=("is_active",))
    end_sessions(user)


def reactivate(user: User) -> None:
    """Open a closed account again; the person signs in anew."""
    user.is_active = True
    user.save(update_fields=("is_active",))


def grant_role(user: User, role: Role, *, granted_by_id: UUID | None = None) -> None:
    """Give a role; giving it twice changes nothing. A staff role ends sessions, which lack it."""
    require_transaction()
    try:
        # Two people may give the same role at once: the unique constraint lets one of them.
        with transaction.atomic():
            RoleGrant(user=user, role=role, granted_by_id=granted_by_id).save(force_insert=True)
    except IntegrityError:
        return
    user.forget_roles()
    publish(events.RoleGranted(user_id=user.id, role=role.value), actor_id=granted_by_id)
    if role in STAFF_LIKE:
        end_sessions(user)


def revoke_role(user: User, role: Role, *, revoked_by_id: UUID | None = None) -> None:
    """Take a role back; the record that it was held stays."""
    require_transaction()
    if not RoleGrant.objects.filter(user=user, role=role, revoked_at=None).update(revoked_at=now()):
        return
    user.forget_roles()
    publish(events.RoleRevoked(user_id=user.id, role=role.value), actor_id=revoked_by_id)
    if role in STAFF_LIKE:
        end_sessions(user)


def create_admin(*, email: str, name: str, password: str) -> User:
    """Make an account with the role admin and a confirmed address, for the operator. Raises BadField or
    EmailTaken.
    """
    require_transaction()
    email = _clean("email", rules.clean_email, email)
    name = _clean("name", rules.clean_name, name)
    check_password(password, email=email, name=name)
    user = User(email=email, name=name, password=make_password(password))
    try:
        with transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError as error:
        raise EmailTaken from error
    welcome(user, is_confirmed=True)
    grant_role(user, Role.ADMIN)
    return user


def erase_person(user: User) -> None:
    """Carry out the right to erasure (GDPR, article 17): scramble what is personal, keep the row and the
    books.

    The mail we wrote to the person is deleted by a job; modules above react to PersonErased.
    """
    require_transaction()
    user.email = f"erased-{user.id.hex}@erased.invalid"
    user.name = "Erased person"
    user.password = make_password(None)
    user.is_active = False
    user.last_login = None
    user.deleted_at = now()
    user.save(update_fields=("email", "name", "password", "is_active", "last_login", "deleted_at"))
    EmailAddress.objects.filter(user=user).delete()
    Authenticator.objects.filter(user=user).delete()
    SocialAccount.objects.filter(user=user).delete()
    end_sessions(user)
    publish(events.PersonErased(user_id=user.id))
    defer("accounts.forget_mail", lane=Lane.MAIL, user_id=str(user.id))
