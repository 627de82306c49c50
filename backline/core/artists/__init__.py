"""The artist profile: the centre of the platform, one per account for now, at the address `/{handle}`.

Owns profiles and memberships. A world is a *draft* (only its owner sees it), *published* (everyone) or *private* (its
owner and the members it already has). Joining a casset is free and makes the listener a member, who hears everything.
The onboarding gate (`gate.py`) stands before every action that needs a finished step.

Publishes: ArtistCreated, WorldPublished, WorldWithdrawn, CassetJoined, CassetLeft. Start reading at `models.py`.
"""
