"""The named ways in which a sound file is refused.

Each detail is written for the artist who uploaded the file: what is wrong with it, and what to do about it.
None of them is a fault of the server except `MediaCrashed`, which means that a file brought the decoder down.
"""

from backline.kernel.kit.errors import DomainError


class MediaRefused(DomainError):
    """The uploaded file cannot become a track: the parent of every refusal that the file has earned."""

    code = "media_refused"
    status = 422
    title = "This file cannot become a track"


class EmptyFile(MediaRefused):
    """There is not one byte in the file."""

    code = "empty_file"
    title = "The file is empty"


class NotSound(MediaRefused):
    """The bytes are something else: a program, a picture, a document, whatever its name says."""

    code = "not_sound"
    title = "This is not a sound file"


class VideoNotSound(MediaRefused):
    """The file holds moving pictures; a track is sound alone."""

    code = "video_not_sound"
    title = "This is a video"


class UnsupportedCodec(MediaRefused):
    """It is sound, but in a form that this place does not take."""

    code = "unsupported_codec"
    title = "This kind of sound file is not supported"


class HeaderWithoutSound(MediaRefused):
    """The file begins like a sound file, and then holds no sound at all."""

    code = "header_without_sound"
    title = "The file has a header but no sound"


class Truncated(MediaRefused):
    """The file ends before the sound that it announces does."""

    code = "truncated"
    title = "The file ends too early"


class Damaged(MediaRefused):
    """Too much of the file cannot be decoded."""

    code = "damaged"
    title = "The file is damaged"


class TooLong(MediaRefused):
    """More sound than one track may hold, measured by decoding it and not by what the header claims."""

    code = "too_long"
    title = "The track is too long"


class TooShort(MediaRefused):
    """Less sound than anything can be done with."""

    code = "too_short"
    title = "The track is too short"


class HookOutsideTrack(MediaRefused):
    """The asked-for hook does not lie inside the track, or is longer than a hook may be."""

    code = "hook_outside_track"
    title = "The hook does not fit the track"


class BadIsrc(MediaRefused):
    """The text is not an ISRC (ISO 3901)."""

    code = "bad_isrc"
    title = "This is not an ISRC"


class BadLyrics(MediaRefused):
    """The timed lyrics cannot be read; `line` says where."""

    code = "bad_lyrics"
    title = "The timed lyrics cannot be read"


class ArchiveRefused(MediaRefused):
    """A zip that is not safe, not readable or not an album."""

    code = "archive_refused"
    title = "This zip cannot be used"


class ArchiveUnsafe(ArchiveRefused):
    """A member climbs out of the archive, is a link, or hides behind another name."""

    code = "archive_unsafe"
    title = "This zip is not safe to open"


class ArchiveTooLarge(ArchiveRefused):
    """Unpacked, the archive would be larger than is allowed, or it holds too many files."""

    code = "archive_too_large"
    title = "This zip holds too much"


class ArchiveEncrypted(ArchiveRefused):
    """The archive is locked with a password."""

    code = "archive_encrypted"
    title = "This zip has a password"


class ArchiveWithoutSound(ArchiveRefused):
    """No member of the archive is a sound file."""

    code = "archive_without_sound"
    title = "There is no music in this zip"


class MediaCrashed(DomainError):
    """The decoder died or hung on this file; the file is kept and the worker went on."""

    code = "media_crashed"
    status = 422
    title = "The file could not be processed"
