"""The ways in which profiles say no."""

from backline.kernel.kit.errors import Conflict, Forbidden, Malformed, NotFound


class ArtistNotFound(NotFound):
    """No world at that handle, or none that the caller may see."""

    code = "artist_not_found"
    title = "There is no world here"


class BadProfile(Malformed):
    """A field of the profile has a value that cannot be taken."""

    code = "bad_profile"
    title = "A field of the profile needs another value"

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"{field}: {why}", field=field)


class HandleTaken(Conflict):
    """Somebody has that handle, or had it: handles are not handed on."""

    code = "handle_taken"
    title = "That handle is taken: choose another"


class AlreadyAnArtist(Conflict):
    """The account has a profile; one account has one."""

    code = "already_an_artist"
    title = "This account has an artist profile already"


class StepMissing(Conflict):
    """The onboarding gate: a step has to be finished first; `step` names it and `step_url` leads there."""

    code = "step_missing"
    title = "One step is missing"


class NotYourWorld(Forbidden):
    """The world is visible, but somebody else's."""

    code = "not_your_world"
    title = "This world belongs to somebody else"


class NotOpenToJoin(Conflict):
    """One joins worlds that are open to everyone; a private world keeps the members it has."""

    code = "not_open_to_join"
    title = "This world takes no new members now"


class OwnersDoNotJoin(Conflict):
    """An artist hears everything of their own world and does not join it."""

    code = "owner_cannot_join"
    title = "This is your own world: you hear everything already"
