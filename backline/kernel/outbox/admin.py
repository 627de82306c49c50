"""The staff's view of the fact log and its dead letters."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from backline.kernel.outbox import deliveries
from backline.kernel.outbox.models import Delivery, Fact


@admin.register(Fact)
class FactAdmin(ModelAdmin):
    """Facts can be read, never written."""

    list_display = ("occurred_at", "name", "topic", "actor_id")
    list_filter = ("name",)
    ordering = ("-id",)
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Never: facts are published by what happens."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Fact | None = None) -> bool:
        """Never: facts are append-only."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Fact | None = None) -> bool:
        """Never: facts are append-only."""
        return False


@admin.register(Delivery)
class DeliveryAdmin(ModelAdmin):
    """Deliveries, dead letters above all, which can be sent again."""

    list_display = ("created_at", "subscriber", "state", "attempts", "last_error")
    list_filter = ("state", "subscriber")
    ordering = ("-id",)
    actions = ("send_again",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Never: deliveries are made by publishing."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Delivery | None = None) -> bool:
        """Never: a delivery is the record that an effect happened once."""
        return False

    @admin.action(description="Send dead letters again")
    def send_again(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        """The list's action."""
        for delivery in queryset:
            deliveries.send_again(delivery)
