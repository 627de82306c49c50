"""Tracks: from an uploaded file to something the world can hear, and everything known about it.

Owns uploads, tracks, renditions (the files that are streamed) and credits. An upload is kept as it came, untouched; a
job measures it in one decode, suggests the *hook* and writes the files that browsers play. Bytes of the whole track
and bytes of the hook are different files, so an address for one can never reach the other.

Publishes: TrackReceived, TrackReady, TrackFailed, HookCut, TrackPublished, TrackWithdrawn. Subscribes to its own
TrackReceived. Start reading at `models.py`, then `actions/`; `media/` is the sound itself and knows no database.
"""
