"""The tables of people. Roles are grants of their own, so that nobody can hand himself one by editing his
row.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower
from django.utils.crypto import salted_hmac

from backline.kernel.kit.clock import now
from backline.kernel.kit.ids import new_id
from backline.kernel.kit.models import Row
from backline.kernel.kit.rows import RowPolicies


class Role(StrEnum):
    """What a person may be, besides a listener."""

    ARTIST = "artist"
    LABEL_ARTIST = "label_artist"
    MODERATOR = "moderator"
    ADMIN = "admin"
    LABEL_STAFF = "label_staff"


STAFF_ROLES = frozenset({Role.MODERATOR, Role.ADMIN})


class UserManager(BaseUserManager["User"]):
    """Finds accounts by e-mail without regard to case."""

    def get_by_natural_key(self, username: str | None) -> "User":
        """The account of an e-mail address, as django.contrib.auth asks for it."""
        return self.get(email__iexact=username or "")


class User(AbstractBaseUser):
    """An account: one person, one e-mail address."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    created_at = models.DateTimeField(default=now, editable=False)
    email = models.EmailField(max_length=254)
    name = models.CharField(max_length=120)
    is_active = models.BooleanField(default=True)
    session_version = models.PositiveIntegerField(default=1)
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    rows: ClassVar = RowPolicies(
        read="id = {actor} OR {staff} OR {auth}", insert="{auth}", update="id = {actor} OR {staff} OR {auth}"
    )

    class Meta:
        db_table = "accounts_user"
        constraints = (models.UniqueConstraint(Lower("email"), name="accounts_user_email"),)

    def __str__(self) -> str:
        return self.name or self.email

    def get_session_auth_hash(self) -> str:
        """Django ends a session whose hash differs: a new password or a new session version ends them all."""
        return salted_hmac(
            "backline.accounts.session", f"{self.password}:{self.session_version}", algorithm="sha256"
        ).hexdigest()

    def get_session_auth_fallback_hash(self) -> Iterable[str]:
        """No older secrets are honoured."""
        return ()

    @property
    def roles(self) -> frozenset[Role]:
        """The roles held now; one query, kept on this object."""
        if "_roles" not in self.__dict__:
            self._roles = frozenset(
                Role(role) for role in self.role_grants.filter(revoked_at=None).values_list("role", flat=True)
            )
        return self._roles

    def keep_roles(self, roles: frozenset[Role]) -> None:
        """Remember roles that were read together with the account, to save the query."""
        self._roles = roles

    def forget_roles(self) -> None:
        """Read the roles anew when they are next asked for."""
        self.__dict__.pop("_roles", None)

    @property
    def is_staff(self) -> bool:
        """True for moderators and admins: they may enter the admin."""
        return bool(self.roles & STAFF_ROLES)

    @property
    def is_superuser(self) -> bool:
        """True for admins."""
        return Role.ADMIN in self.roles

    def has_perm(self, perm: str, obj: object = None) -> bool:
        """Admins may everything in the admin; moderators may look at everything and change content."""
        if not self.is_active:
            return False
        if Role.ADMIN in self.roles:
            return True
        return Role.MODERATOR in self.roles and (".view_" in perm or perm.startswith(("artists.", "catalog.")))

    def has_module_perms(self, app_label: str) -> bool:
        """Staff see every module in the admin."""
        return self.is_active and self.is_staff


# Moderators are staff too, so being of the staff is not enough here: the grants themselves are asked.
_ACTOR_IS_ADMIN = "({staff} AND (SELECT accounts_actor_is_admin()))"


class RoleGrant(Row):
    """A role given to a person; taking it back sets `revoked_at` and keeps the row."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="role_grants")
    role = models.CharField(max_length=20, choices=[(role.value, role.value) for role in Role])
    granted_by_id = models.UUIDField(null=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    # An artist's role comes with the profile that the person makes; every other role is an admin's to give
    # and take.
    rows: ClassVar = RowPolicies(
        read="user_id = {actor} OR {staff} OR {auth}",
        insert=f"(user_id = {{actor}} AND role = 'artist') OR {_ACTOR_IS_ADMIN}",
        update=_ACTOR_IS_ADMIN,
    )

    class Meta:
        db_table = "accounts_rolegrant"
        constraints = (
            models.UniqueConstraint(
                fields=("user", "role"), condition=models.Q(revoked_at=None), name="accounts_rolegrant_once"
            ),
            models.CheckConstraint(
                condition=models.Q(role__in=[role.value for role in Role]), name="accounts_rolegrant_known"
            ),
        )

    def __str__(self) -> str:
        return f"{self.user_id} {self.role}"


class RefreshToken(Row):
    """A refresh token, kept as its hash. Each use replaces it; using one twice ends its whole family (RFC
    9700).
    """

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="refresh_tokens")
    family_id = models.UUIDField()
    secret_hash = models.BinaryField(max_length=32, unique=True)
    session_version = models.PositiveIntegerField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    rows: ClassVar = RowPolicies(
        read="user_id = {actor} OR {auth}",
        insert="user_id = {actor} OR {auth}",
        update="user_id = {actor} OR {auth}",
        worker_may_delete=True,
    )

    class Meta:
        db_table = "accounts_refreshtoken"
        indexes = (
            models.Index(fields=("family_id",), name="accounts_refresh_family"),
            models.Index(fields=("expires_at",), name="accounts_refresh_expiry"),
        )

    def __str__(self) -> str:
        return f"{self.user_id} {self.family_id}"


class MailState(models.TextChoices):
    """Where a mail is. `caught` mail is shown in the local mailbox, because no SMTP server is configured."""

    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"
    CAUGHT = "caught"


class Mail(Row):
    """A mail to one person: written with the change that causes it, sent by a job afterwards."""

    to = models.EmailField(max_length=254)
    user_id = models.UUIDField(null=True)  # whose mail it is, so that it can be forgotten with the person
    subject = models.CharField(max_length=200)
    text = models.TextField()
    html = models.TextField(blank=True)
    state = models.CharField(max_length=10, choices=MailState, default=MailState.QUEUED)
    last_error = models.TextField(blank=True)
    sent_at = models.DateTimeField(null=True)

    # Mail holds links that open accounts. The mailbox page (local only) reads through its own setting.
    rows: ClassVar = RowPolicies(
        read="{staff} OR current_setting('backline.mailbox', true) = 'on'",
        insert="true",
        worker_may_delete=True,
    )

    class Meta:
        db_table = "accounts_mail"
        indexes = (
            models.Index(fields=("-created_at", "-id"), name="accounts_mail_newest"),
            models.Index(fields=("user_id",), name="accounts_mail_person"),
        )

    def __str__(self) -> str:
        return f"{self.to}: {self.subject}"


def id_of(user: object) -> UUID | None:
    """The id of a signed-in account, None for Django's AnonymousUser."""
    return user.id if isinstance(user, User) else None
