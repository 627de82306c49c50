"""The ways in which the upload door says no. From a status of 500 on they pass: the bytes are kept."""

from backline.kernel.kit.errors import Conflict, DomainError, Forbidden, Malformed, NotFound, PayloadTooLarge


class UploadTokenRefused(Forbidden):
    """The address was not made by this server for this upload, or was changed."""

    code = "upload_refused"
    title = "This upload is not yours"


class UploadExpired(DomainError):
    """The upload was not finished in time (tus 1.0.0, expiration extension)."""

    code = "upload_expired"
    status = 410
    title = "This upload has expired: start it again"


class UploadGone(NotFound):
    """Nothing of this upload is here: it was ended, or swept away after its time."""

    code = "upload_not_found"
    title = "There is no such upload: start it again"


class UploadBusy(DomainError):
    """Another request is writing to this upload at this moment (tus 1.0.0, PATCH; RFC 4918, section 11.3)."""

    code = "upload_busy"
    status = 423
    title = "This upload is being written by another request"


class OffsetMismatch(Conflict):
    """The piece begins elsewhere than the upload ends (tus 1.0.0, PATCH)."""

    code = "offset_mismatch"
    title = "The upload continues at another offset"


class PieceTooLong(PayloadTooLarge):
    """The piece goes beyond the announced size."""

    code = "upload_too_long"
    title = "The upload is longer than announced"


class PieceMalformed(Malformed):
    """A header of the protocol is missing or has a value that cannot be meant."""

    code = "upload_malformed"
    status = 400
    title = "A header of the upload is not right"


class NotAPiece(DomainError):
    """The body is not declared as a piece of an upload (tus 1.0.0, PATCH)."""

    code = "upload_content_type"
    status = 415
    title = "Send the piece as application/offset+octet-stream"


class OtherProtocolVersion(DomainError):
    """The client speaks another version of tus (tus 1.0.0, Tus-Resumable)."""

    code = "tus_version"
    status = 412
    title = "This server speaks tus 1.0.0"


class ChecksumMismatch(DomainError):
    """The piece arrived with other bytes than were sent; it is thrown away (tus 1.0.0, checksum)."""

    code = "checksum_mismatch"
    status = 460
    title = "The piece arrived damaged: send it again"


class PieceStalled(DomainError):
    """Nothing came for a minute; what came before is kept (RFC 9110, section 15.5.9)."""

    code = "upload_stalled"
    status = 408
    title = "The upload stopped: go on where it ended"


class AcceptanceFailed(DomainError):
    """The file is whole, but taking it in broke; asking for the offset tries again."""

    code = "upload_not_accepted"
    status = 500
    title = "The file could not be taken in: try again"
