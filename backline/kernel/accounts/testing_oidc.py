"""For tests only: an issuer on a loopback port that plays Google, Spotify and Apple over real HTTP.

It behaves as the providers document: codes serve once, PKCE is checked (RFC 7636), Google's and Apple's
identity tokens are signed with RS256 and published keys, Apple wants a client secret that is a JWT signed
with ES256, and posts its answer as a form (OAuth 2.0 Form Post Response Mode).
"""

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast
from urllib.parse import parse_qsl, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

CLIENT_ID, CLIENT_SECRET, APPLE_TEAM = "backline-test", "a-client-secret", "TEAM123456"
KEY_ID = "issuer-key-1"
GOOGLE_ISSUER, APPLE_ISSUER = "https://accounts.google.com", "https://appleid.apple.com"


@dataclass(frozen=True, slots=True)
class Persona:
    """Who is signed in at the provider."""

    sub: str = "10987654321"
    email: str | None = "mira@example.org"
    is_verified: bool = True
    name: str = "Mira Okonkwo"


@dataclass(frozen=True, slots=True)
class Grant:
    """What a code stands for."""

    persona: Persona
    challenge: str | None
    redirect_uri: str


@dataclass
class Provider:
    """The state of the issuer: who is signed in there, what the person answers, and what was seen."""

    persona: Persona = field(default_factory=Persona)
    is_denying: bool = False
    is_signing_with_another_key: bool = False
    codes: dict[str, Grant] = field(default_factory=dict)
    tokens: dict[str, Persona] = field(default_factory=dict)
    exchanges: list[str] = field(default_factory=list)
    rsa_key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))
    other_key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))
    apple_key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def apple_private_pem(self) -> str:
        """The key that Apple gives a developer, in PEM."""
        return self.apple_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()

    def identity_token(self, persona: Persona, issuer: str) -> str:
        """A signed OpenID Connect ID token."""
        at = int(time.time())
        claims: dict[str, object] = {
            "iss": issuer,
            "aud": CLIENT_ID,
            "sub": persona.sub,
            "iat": at,
            "exp": at + 300,
        }
        if persona.email is not None:
            claims |= {"email": persona.email, "email_verified": persona.is_verified}
        if issuer == GOOGLE_ISSUER:
            given, _, family = persona.name.partition(" ")
            claims |= {"name": persona.name, "given_name": given, "family_name": family}
        key = self.other_key if self.is_signing_with_another_key else self.rsa_key
        return jwt.encode(claims, key, algorithm="RS256", headers={"kid": KEY_ID})

    def keys(self) -> dict[str, object]:
        """The published keys (RFC 7517)."""
        public = jwt.algorithms.RSAAlgorithm.to_jwk(self.rsa_key.public_key(), as_dict=True)
        return {"keys": [public | {"kid": KEY_ID, "use": "sig", "alg": "RS256"}]}


class Refused(Exception):
    """The token endpoint says no (RFC 6749, section 5.2)."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def provider(self) -> Provider:
        return cast("Issuer", self.server).provider

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """Keep quiet."""

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = dict(parse_qsl(parts.query))
        if parts.path.endswith("/authorize"):
            self._authorize(query, is_apple=parts.path.startswith("/apple"))
        elif parts.path == "/apple/keys":
            self._json(200, self.provider.keys())
        elif parts.path == "/spotify/me":
            self._spotify_profile(query.get("access_token", ""))
        else:
            self._json(404, {"error": "not_found"})

    def do_POST(self) -> None:
        form = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        name = urlsplit(self.path).path.split("/")[1]
        try:
            self._json(200, self._exchange(name, form))
        except (Refused, jwt.PyJWTError) as error:
            self._json(400, {"error": "invalid_grant", "error_description": str(error)})

    def _authorize(self, query: dict[str, str], *, is_apple: bool) -> None:
        if query.get("client_id") != CLIENT_ID:
            self._json(400, {"error": "invalid_client"})
            return
        answer = {"state": query["state"]}
        if self.provider.is_denying:
            answer["error"] = "user_cancelled_authorize" if is_apple else "access_denied"
        else:
            code = secrets.token_urlsafe(16)
            self.provider.codes[code] = Grant(self.provider.persona, query.get("code_challenge"), query["redirect_uri"])
            answer["code"] = code
        if is_apple:
            if query.get("response_mode") != "form_post":
                self._json(400, {"error": "invalid_request"})
                return
            given, _, family = self.provider.persona.name.partition(" ")
            user = {"name": {"firstName": given, "lastName": family}}
            self._json(200, {"post_to": query["redirect_uri"], "form": answer | {"user": json.dumps(user)}})
            return
        self.send_response(302)
        self.send_header("Location", f"{query['redirect_uri']}?{urlencode(answer)}")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _exchange(self, name: str, form: dict[str, str]) -> dict[str, object]:
        self.provider.exchanges.append(name)
        grant = self.provider.codes.pop(form.get("code", ""), None)
        if grant is None:
            raise Refused("the code is unknown or was used")
        if grant.redirect_uri != form.get("redirect_uri"):
            raise Refused("redirect_uri differs")
        if grant.challenge is not None:
            digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
            if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != grant.challenge:
                raise Refused("code_verifier differs")
        self._check_secret(name, form.get("client_secret", ""))
        token = secrets.token_urlsafe(16)
        self.provider.tokens[token] = grant.persona
        answer: dict[str, object] = {"access_token": token, "token_type": "Bearer", "expires_in": 3600}
        if name in ("google", "apple"):
            issuer = GOOGLE_ISSUER if name == "google" else APPLE_ISSUER
            answer["id_token"] = self.provider.identity_token(grant.persona, issuer)
        return answer

    def _check_secret(self, name: str, secret: str) -> None:
        if name != "apple":
            if secret != CLIENT_SECRET:
                raise Refused("client_secret is wrong")
            return
        jwt.decode(
            secret,
            self.provider.apple_key.public_key(),
            algorithms=["ES256"],
            audience=APPLE_ISSUER,
            issuer=APPLE_TEAM,
            subject=CLIENT_ID,
        )

    def _spotify_profile(self, token: str) -> None:
        persona = self.provider.tokens.get(token)
        if persona is None:
            self._json(401, {"error": "invalid token"})
            return
        self._json(200, {"id": persona.sub, "display_name": persona.name, "email": persona.email})

    def _json(self, status: int, body: object) -> None:
        raw = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)


class Issuer(ThreadingHTTPServer):
    """The running server."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.provider = Provider()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def social_providers(self) -> dict[str, Any]:
        """allauth's SOCIALACCOUNT_PROVIDERS with this issuer's client."""
        app = {"client_id": CLIENT_ID, "secret": CLIENT_SECRET, "key": ""}
        apple = {
            "client_id": CLIENT_ID,
            "secret": KEY_ID,
            "key": APPLE_TEAM,
            "settings": {"certificate_key": self.provider.apple_private_pem()},
        }
        return {
            "google": {"SCOPE": ["profile", "email"], "OAUTH_PKCE_ENABLED": True, "APPS": [app]},
            "spotify": {"SCOPE": ["user-read-email"], "APPS": [app]},
            "apple": {"APPS": [apple]},
        }


@contextmanager
def running_issuer() -> Iterator[Issuer]:
    """Run an issuer until the block ends."""
    with Issuer() as issuer:
        thread = threading.Thread(target=issuer.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield issuer
        finally:
            issuer.shutdown()
            thread.join()
