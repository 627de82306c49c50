"""The staff's view of worlds: they can be taken back to draft, never deleted."""

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from backline.core.artists.models import Artist, Membership


@admin.register(Artist)
class ArtistAdmin(ModelAdmin):
    """Worlds, newest first."""

    list_display = ("handle", "name", "state", "owner", "created_at")
    list_filter = ("state",)
    search_fields = ("handle", "name")
    list_select_related = ("owner",)
    ordering = ("-id",)
    readonly_fields = ("owner", "avatar", "cover", "published_at", "created_at", "updated_at", "deleted_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Never: artists make their worlds themselves."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Artist | None = None) -> bool:
        """Never: content is not hard-deleted."""
        return False


@admin.register(Membership)
class MembershipAdmin(ModelAdmin):
    """Who joined which casset; only to be read."""

    list_display = ("artist", "user", "joined_at", "left_at")
    list_select_related = ("artist", "user")
    ordering = ("-id",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Never: people join by themselves."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Membership | None = None) -> bool:
        """Never: people leave by themselves."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Membership | None = None) -> bool:
        """Never: leaving keeps the row."""
        return False
