"""Who may call each route: one table, by the route's name (and method, where one address has several).

It is documentation that cannot go stale: a test walks the URL map and fails for a route that is missing here, or here
and not in the map, and tries each route as somebody who may not. What a caller may not see answers 404.
"""

from enum import StrEnum


class Access(StrEnum):
    """Who may call."""

    ANYONE = "anyone"  # what they see is decided row by row
    SIGNED_IN = "signed in"
    OWNER = "owner"  # of the world or track that the address names
    ARTIST = "artist"  # signed in, with a profile of one's own
    STAFF = "staff"  # moderators and admins
    LOCAL = "local"  # from this machine, no proxy in between; for some routes also admins
    SIGNING_IN = "signing in"  # a step of signing in, up or back in: its own token, code or form decides


_A = Access

API: dict[tuple[str, str], Access] = {
    ("POST", "auth_signup"): _A.ANYONE,
    ("POST", "auth_token"): _A.ANYONE,
    ("POST", "auth_refresh"): _A.ANYONE,
    ("POST", "auth_sign_out"): _A.ANYONE,
    ("POST", "auth_sign_out_everywhere"): _A.SIGNED_IN,
    ("GET", "auth_me"): _A.SIGNED_IN,
    ("GET", "artists_list"): _A.ANYONE,
    ("POST", "artists_create"): _A.SIGNED_IN,
    ("GET", "artist_get"): _A.ANYONE,
    ("PATCH", "artist_patch"): _A.OWNER,
    ("POST", "artist_image"): _A.OWNER,
    ("POST", "artist_publish"): _A.OWNER,
    ("POST", "artist_join"): _A.SIGNED_IN,
    ("POST", "artist_leave"): _A.SIGNED_IN,
    ("GET", "artist_tracks"): _A.ANYONE,
    ("POST", "artist_upload"): _A.OWNER,
    ("GET", "tracks_list"): _A.ANYONE,
    ("GET", "track_get"): _A.ANYONE,
    ("PATCH", "track_patch"): _A.OWNER,
    ("DELETE", "track_delete"): _A.OWNER,
    ("POST", "track_cover"): _A.OWNER,
    ("POST", "track_play"): _A.ANYONE,
    ("POST", "play_report"): _A.ANYONE,
}

PAGES: dict[str, Access] = {
    "healthz": _A.ANYONE,
    "readyz": _A.ANYONE,
    "metrics": _A.LOCAL,
    "upload_create": _A.ARTIST,
    "api:openapi-json": _A.ANYONE,
    "api:openapi-view": _A.ANYONE,
    "api:api-root": _A.ANYONE,
    "mailbox": _A.LOCAL,
    "web:home": _A.ANYONE,
    "web:settings": _A.SIGNED_IN,
    "web:studio": _A.SIGNED_IN,
    "web:studio_stream": _A.ARTIST,
    "web:studio_upload": _A.ARTIST,
    "web:studio_world": _A.SIGNED_IN,
    "web:studio_rows": _A.ARTIST,
    "web:studio_track": _A.OWNER,
    "web:studio_row": _A.OWNER,
    "web:studio_delete": _A.OWNER,
    "web:world": _A.ANYONE,
    "web:join": _A.SIGNED_IN,
    "web:leave": _A.SIGNED_IN,
    "web:track": _A.ANYONE,
    "account_sessions": _A.SIGNED_IN,
    "account_email": _A.SIGNED_IN,
    "account_change_password": _A.SIGNED_IN,
    "account_set_password": _A.SIGNED_IN,
    "account_reauthenticate": _A.SIGNED_IN,
    "mfa_index": _A.SIGNED_IN,
    "mfa_reauthenticate": _A.SIGNED_IN,
    "mfa_activate_totp": _A.SIGNED_IN,
    "mfa_deactivate_totp": _A.SIGNED_IN,
    "mfa_view_recovery_codes": _A.SIGNED_IN,
    "mfa_generate_recovery_codes": _A.SIGNED_IN,
    "mfa_download_recovery_codes": _A.SIGNED_IN,
    "mfa_list_webauthn": _A.SIGNED_IN,
    "mfa_add_webauthn": _A.SIGNED_IN,
    "mfa_reauthenticate_webauthn": _A.SIGNED_IN,
    "mfa_remove_webauthn": _A.SIGNED_IN,
    "mfa_edit_webauthn": _A.SIGNED_IN,
    "socialaccount_connections": _A.SIGNED_IN,
}

# Steps of signing in, up, out or back in: nobody has to be anybody yet.
SIGNING_IN = frozenset(
    "account_login account_logout account_inactive account_signup account_email_verification_sent"
    " account_reset_password account_confirm_login_code account_confirm_email account_reset_password_done"
    " account_reset_password_from_key account_reset_password_from_key_done mfa_authenticate mfa_login_webauthn"
    " socialaccount_login_cancelled socialaccount_login_error socialaccount_signup google_login google_callback"
    " google_login_by_token spotify_login spotify_callback apple_login apple_callback apple_finish_callback".split()
)

# Everything below these prefixes is for staff; the admin site checks it for each of its own pages.
STAFF_PREFIXES = ("admin/",)

# Addresses that libraries keep for old links, which only lead on to the names above.
REDIRECTS = frozenset(
    (
        "accounts/social/login/cancelled/",
        "accounts/social/login/error/",
        "accounts/social/signup/",
        "accounts/social/connections/",
    )
)
