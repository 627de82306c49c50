"""The ways in which the catalogue says no; refusals of a file itself are in `media/errors.py`."""

from backline.kernel.kit.errors import Conflict, Malformed, NotFound, PayloadTooLarge


class TrackNotFound(NotFound):
    """No such track, or none that the caller may see."""

    code = "track_not_found"
    title = "There is no such track"


class UploadNotFound(NotFound):
    """No such upload, or it is over."""

    code = "upload_not_found"
    title = "There is no such upload: start it again"


class BadTrack(Malformed):
    """A field of the track has a value that cannot be taken."""

    code = "bad_track"
    title = "A field of the track needs another value"

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"{field}: {why}", field=field)


class BadHook(Malformed):
    """The window does not lie in the track, or is longer than thirty seconds."""

    code = "bad_hook"
    title = "That cannot be the hook"


class TrackNotReady(Conflict):
    """The track is still being processed, or failed: it cannot be played or published."""

    code = "track_not_ready"
    title = "The track is not ready yet"


class UploadTooLarge(PayloadTooLarge):
    """The file is larger than this place takes."""

    code = "upload_too_large"
    title = "The file is too large"


class NoFile(Malformed):
    """The request has no file in it."""

    code = "no_file"
    title = "Send the sound in the field `file`"
