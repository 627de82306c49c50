"""People: who they are, what they may be, and how they prove it.

Owns accounts, roles, refresh tokens and outgoing mail. Sign-in by page, by provider, with a second factor or
a passkey is django-allauth's work behind our own templates; sign-in by program is ours (`tokens.py`). A
*session version* on the account is part of every session and token: raising it ends all of them at once.

Publishes: AccountCreated, SignedOutEverywhere, RoleGranted, RoleRevoked, PersonErased. Start reading at
`models.py`, then `actions.py`.
"""
