"""How a full disk shows, and what is said about it: the same words wherever a file of ours is written."""

import errno

from backline.kernel.kit.errors import StorageFull

FULL_DISK = frozenset({errno.ENOSPC, errno.EFBIG, errno.EDQUOT})


def storage_full() -> StorageFull:
    """The refusal for a disk that has no room left."""
    return StorageFull("The server ran out of space while preparing this track. The upload is kept; try again later.")
