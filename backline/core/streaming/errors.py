"""The ways in which streaming says no before there is an address; refused addresses are in `tokens.py`."""

from backline.kernel.kit.errors import Forbidden, Malformed


class NoSuchEncoding(Malformed):
    """None of the encodings the caller can play is one that we have."""

    code = "no_such_encoding"
    title = "None of these encodings is served"


class PlayRefused(Forbidden):
    """The play token was not made by this server, or is too old to report anything."""

    code = "play_refused"
    title = "This play cannot be counted"
