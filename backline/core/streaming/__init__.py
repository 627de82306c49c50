"""Who may hear which bytes, and serving them.

An owner and a casset's members hear the whole track, everyone else the hook. The decision is made once, in the database
(`access.py`), and becomes a signed address good for about a minute; the bytes are served by a raw ASGI application that
reads the token and asks nobody (`stream.py`). Counts plays, each milestone once.

Owns: streaming_play (append-only, by month). Publishes nothing. Start reading at `access.py`.
"""
