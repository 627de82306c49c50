"""The onboarding gate: every action that needs a finished step asks here, below any page or API.

A checklist is the list of steps that exist today, in order, each done or not, with the address where it is done. The
steps that an action *needs* are few; the others are advice. Later issues add the payout account.
"""

from dataclasses import dataclass
from enum import StrEnum

from allauth.account.models import EmailAddress

from backline.core.artists.errors import StepMissing
from backline.core.artists.models import Artist, WorldState
from backline.kernel.accounts.models import User
from backline.kernel.kit.conf import conf


class Step(StrEnum):
    """The steps of onboarding that exist."""

    EMAIL = "email"
    PROFILE = "profile"
    COVER = "cover"
    STORY = "story"
    PUBLISH = "publish"


class GatedAction(StrEnum):
    """The actions that stand behind the gate."""

    CREATE_PROFILE = "create_profile"
    UPLOAD = "upload"
    PUBLISH_TRACK = "publish_track"
    PUBLISH_WORLD = "publish_world"


NEEDED: dict[GatedAction, tuple[Step, ...]] = {
    GatedAction.CREATE_PROFILE: (Step.EMAIL,),
    GatedAction.UPLOAD: (Step.EMAIL, Step.PROFILE),
    GatedAction.PUBLISH_TRACK: (Step.EMAIL, Step.PROFILE),
    GatedAction.PUBLISH_WORLD: (Step.EMAIL, Step.PROFILE),
}

_SAID = {
    Step.EMAIL: ("Confirm your e-mail address", "/accounts/email/"),
    Step.PROFILE: ("Make your artist profile: a handle and a name", "/studio/world"),
    Step.COVER: ("Give your world a cover", "/studio/world"),
    Step.STORY: ("Say who you are: a few words and a genre", "/studio/world"),
    Step.PUBLISH: ("Open your world to everyone", "/studio/world"),
}


@dataclass(frozen=True, slots=True)
class ChecklistItem:
    """One step: what to do, where, and whether it is done."""

    step: Step
    title: str
    url: str
    is_done: bool


def checklist(user: User, artist: Artist | None) -> list[ChecklistItem]:
    """Every step in order, done or not."""
    done = {
        Step.EMAIL: has_confirmed_email(user),
        Step.PROFILE: artist is not None and bool(artist.name and artist.handle),
        Step.COVER: artist is not None and artist.cover is not None,
        Step.STORY: artist is not None and bool(artist.bio and artist.genres),
        Step.PUBLISH: artist is not None and artist.state == WorldState.PUBLISHED,
    }
    return [ChecklistItem(step, *_SAID[step], is_done=done[step]) for step in Step]


def has_confirmed_email(user: User) -> bool:
    """True where the address is confirmed, or where no mail can reach anybody (no SMTP server is configured)."""
    if conf().smtp_url is None:
        return True
    return EmailAddress.objects.filter(user=user, verified=True).exists()


def pass_gate(user: User, artist: Artist | None, action: GatedAction) -> None:
    """Let the action through, or raise StepMissing that names the first missing step and where to do it."""
    needed = NEEDED[action]
    for item in checklist(user, artist):
        if item.step in needed and not item.is_done:
            raise StepMissing(f"{item.title} first", step=item.step.value, step_url=item.url)
