"""The staff's view of people. Nobody is deleted here; rights are an admin's to give, and mail is shown
without its text.

Mail holds links that open accounts, so even an admin sees only that it was written and what became of it.
"""

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.forms import Form
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from backline.kernel.accounts import actions as people
from backline.kernel.accounts import pages
from backline.kernel.accounts.identity import require_user_id
from backline.kernel.accounts.models import Mail, Role, RoleGrant, User

admin.site.login = pages.admin_sign_in  # type: ignore[method-assign]


def _is_admin(request: HttpRequest) -> bool:
    return isinstance(request.user, User) and request.user.is_superuser


@admin.register(User)
class UserAdmin(ModelAdmin):
    """Accounts: to be found, renamed, closed and opened again."""

    list_display = ("email", "name", "is_active", "created_at", "last_login")
    list_filter = ("is_active",)
    search_fields = ("email", "name")
    ordering = ("-created_at",)
    fields = ("email", "name", "is_active", "session_version", "created_at", "last_login", "deleted_at")
    readonly_fields = ("email", "is_active", "session_version", "created_at", "last_login", "deleted_at")
    actions = ("deactivate", "reactivate", "sign_out")
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Never: people sign up, and the operator makes admins at the command line."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Never: accounts are closed, or erased on the person's demand."""
        return False

    @admin.action(description="Close the accounts", permissions=["change"])
    def deactivate(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """The list's action: nobody gets in any more, and everything is signed out."""
        for user in queryset:
            people.deactivate(user)

    @admin.action(description="Open the accounts again", permissions=["change"])
    def reactivate(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """The list's action."""
        for user in queryset.filter(deleted_at=None):
            people.reactivate(user)

    @admin.action(description="Sign out everywhere", permissions=["change"])
    def sign_out(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """The list's action: end all sessions and tokens."""
        for user in queryset:
            people.end_sessions(user)


@admin.register(RoleGrant)
class RoleGrantAdmin(ModelAdmin):
    """Roles: given here, taken back by the list's action; the record stays."""

    list_display = ("user", "role", "created_at", "granted_by_id", "revoked_at")
    list_filter = ("role",)
    list_select_related = ("user",)
    search_fields = ("user__email",)
    ordering = ("-created_at",)
    fields = ("user", "role")
    autocomplete_fields = ("user",)
    actions = ("revoke",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Admins give roles."""
        return _is_admin(request)

    def has_change_permission(self, request: HttpRequest, obj: RoleGrant | None = None) -> bool:
        """A grant is not edited; admins take it back."""
        return obj is None and _is_admin(request)

    def has_delete_permission(self, request: HttpRequest, obj: RoleGrant | None = None) -> bool:
        """Never: that a role was held is part of the record."""
        return False

    def save_model(self, request: HttpRequest, obj: Model, form: Form, change: Any) -> None:
        """Give the role as the action does."""
        if not isinstance(obj, RoleGrant):
            raise TypeError(type(obj))
        people.grant_role(obj.user, Role(obj.role), granted_by_id=require_user_id(request))

    @admin.action(description="Take the roles back", permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[RoleGrant]) -> None:
        """The list's action."""
        for grant in queryset.filter(revoked_at=None).select_related("user"):
            people.revoke_role(grant.user, Role(grant.role), revoked_by_id=require_user_id(request))


@admin.register(Mail)
class MailAdmin(ModelAdmin):
    """What mail was written and what became of it; never its text."""

    list_display = ("created_at", "to", "subject", "state", "sent_at", "last_error")
    list_filter = ("state",)
    search_fields = ("to",)
    ordering = ("-created_at",)
    fields = ("created_at", "to", "subject", "state", "sent_at", "last_error")
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Never: mail is written by what happens."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Mail | None = None) -> bool:
        """Never."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Mail | None = None) -> bool:
        """Never by hand: old mail is forgotten by a job."""
        return False

    def has_view_permission(self, request: HttpRequest, obj: Mail | None = None) -> bool:
        """Admins only."""
        return _is_admin(request)
