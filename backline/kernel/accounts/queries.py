"""Reads of people. What they return is limited by the row policies of whoever acts."""

from collections.abc import Sequence
from uuid import UUID

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.postgres.aggregates import ArrayAgg
from django.db import connection
from django.db.models import Q

from backline.kernel.accounts.errors import PersonNotFound
from backline.kernel.accounts.models import Mail, MailState, Role, User
from backline.kernel.kit.conf import conf

_IN_FORCE = Q(role_grants__revoked_at=None)


def find_user_with_roles(user_id: UUID) -> User | None:
    """The account and its roles, in one query; None where there is none that the actor may see."""
    user = (
        User.objects.filter(id=user_id)
        .annotate(held=ArrayAgg("role_grants__role", filter=_IN_FORCE, default=[]))
        .first()
    )
    if user is not None:
        user.keep_roles(frozenset(Role(role) for role in user.held if role))
    return user


def get_user(user_id: UUID) -> User:
    """The account. Raises PersonNotFound."""
    user = User.objects.filter(id=user_id).first()
    if user is None:
        raise PersonNotFound
    return user


def find_by_email(email: str) -> User | None:
    """The account whose address this is (already in its one spelling, see rules.clean_email), or None."""
    return User.objects.filter(email=email).first()


def must_confirm_email() -> bool:
    """True where signing in needs a confirmed address: as soon as mail can reach people."""
    return conf().smtp_url is not None


def has_confirmed_email(user: User) -> bool:
    """True where the person showed that the address is theirs, by a link in a mail or through a provider."""
    return EmailAddress.objects.filter(user=user, email=user.email, verified=True).exists()


def has_second_factor(user: User) -> bool:
    """True where a password alone does not sign this person in."""
    return Authenticator.objects.filter(user=user).exists()


def list_caught_mail(limit: int = 100) -> Sequence[Mail]:
    """The newest mail that no server took, because none is configured; for the mailbox page only."""
    newest = Mail.objects.filter(state=MailState.CAUGHT).order_by("-created_at", "-id")[:limit]
    with connection.cursor() as cursor:
        # The row policy of mail opens for this setting, and closes again at once.
        cursor.execute("SELECT set_config('backline.mailbox', 'on', true)")
        found = list(newest)
        cursor.execute("SELECT set_config('backline.mailbox', '', true)")
    return found
