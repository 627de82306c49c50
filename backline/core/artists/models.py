"""Profiles and memberships."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower

from backline.kernel.accounts.models import User
from backline.kernel.kit.clock import now
from backline.kernel.kit.models import Content, Row
from backline.kernel.kit.money import Currency, Money
from backline.kernel.kit.rows import RowPolicies


class WorldState(models.TextChoices):
    """Who may open a world: its owner, everyone, or its owner and members."""

    DRAFT = "draft"
    PUBLISHED = "published"
    PRIVATE = "private"


class Artist(Content):
    """An artist's profile and world. `cover` and `avatar` map a width in pixels ("600") to an image's sha256."""

    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="artists")
    handle = models.CharField(max_length=40)
    name = models.CharField(max_length=120)
    bio = models.TextField(blank=True)
    location = models.CharField(max_length=120, blank=True)
    genres = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    links = models.JSONField(default=list, blank=True)
    avatar = models.JSONField(null=True, blank=True)
    cover = models.JSONField(null=True, blank=True)
    price_amount = models.PositiveIntegerField(default=0)
    price_currency = models.CharField(
        max_length=3, default=Currency.USD, choices=[(c.value, c.value) for c in Currency]
    )
    state = models.CharField(max_length=10, choices=WorldState, default=WorldState.DRAFT)
    published_at = models.DateTimeField(null=True, blank=True)

    rows: ClassVar = RowPolicies(
        read="owner_id = {actor} OR {staff} OR (deleted_at IS NULL AND"
        " (state = 'published' OR (state = 'private' AND artists_is_member(id, {actor}))))",
        insert="owner_id = {actor}",
        update="owner_id = {actor} OR {staff}",
    )

    class Meta:
        db_table = "artists_artist"
        constraints = (
            # On the plain column: under row security an expression could not serve as the index's condition.
            models.UniqueConstraint(fields=("handle",), name="artists_artist_handle"),
            models.CheckConstraint(condition=models.Q(handle=Lower("handle")), name="artists_artist_handle_lower"),
            models.UniqueConstraint(
                fields=("owner",), condition=models.Q(deleted_at=None), name="artists_artist_one_per_account"
            ),
            models.CheckConstraint(condition=models.Q(state__in=WorldState.values), name="artists_artist_state"),
        )
        indexes = (
            models.Index(
                fields=("-published_at", "-id"),
                name="artists_artist_newest",
                condition=models.Q(state="published", deleted_at=None),
            ),
        )

    def __str__(self) -> str:
        return f"{self.name} (/{self.handle})"

    @property
    def price(self) -> Money:
        """What collecting the casset costs; zero while it is free to join."""
        return Money(self.price_amount, Currency(self.price_currency))


class Membership(Row):
    """A listener's place in a casset; leaving sets `left_at` and keeps the row."""

    artist = models.ForeignKey(Artist, on_delete=models.PROTECT, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships")
    joined_at = models.DateTimeField(default=now)
    left_at = models.DateTimeField(null=True, blank=True)

    rows: ClassVar = RowPolicies(
        read="user_id = {actor} OR {staff} OR artists_is_owner(artist_id, {actor})",
        # One joins what is open to everyone, and what one changes afterwards is that one has left.
        insert="user_id = {actor} AND (SELECT a.state = 'published' FROM artists_artist a WHERE a.id = artist_id)",
        update="user_id = {actor}",
        update_check="user_id = {actor} AND left_at IS NOT NULL",
    )

    class Meta:
        db_table = "artists_membership"
        constraints = (
            models.UniqueConstraint(
                fields=("artist", "user"), condition=models.Q(left_at=None), name="artists_membership_once"
            ),
        )
        indexes = (
            models.Index(
                fields=("user", "-joined_at"), name="artists_membership_user", condition=models.Q(left_at=None)
            ),
        )

    def __str__(self) -> str:
        return f"{self.user_id} in {self.artist_id}"
