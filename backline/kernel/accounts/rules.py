"""Pure decisions about people: what an e-mail address, a name and a password may be, and how long proofs
last.

An address is kept in lower case, because mail servers that tell cases apart no longer exist and people do not
remember which they typed. A name may be in any script and direction.
"""

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from urllib.parse import unquote, urlsplit

from email_validator import EmailNotValidError, validate_email

EMAIL_MAX = 254
NAME_MAX = 120
PASSWORD_MIN, PASSWORD_MAX = 10, 256

ACCESS_TOKEN_LASTS = timedelta(minutes=15)
REFRESH_TOKEN_LASTS = timedelta(days=30)
MAIL_IS_KEPT = timedelta(days=30)
SPENT_TOKENS_ARE_KEPT = timedelta(days=30)

# Explicit direction overrides can make a name rewrite the text around it; the plain marks (LRM, RLM) stay.
_OVERRIDES = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class BadValue(ValueError):
    """A field's value cannot be taken; the message says what to change."""


def clean_email(text: str) -> str:
    """The address in its one spelling: trimmed, lower case. Raises BadValue for what is not an address."""
    email = text.strip().lower()
    if len(email) > EMAIL_MAX:
        raise BadValue(f"an e-mail address has at most {EMAIL_MAX} characters")
    try:
        # Whether mail reaches it is for the confirmation to say; names of inner networks are addresses too.
        validate_email(email, check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError as error:
        raise BadValue("this is not an e-mail address") from error
    return email


def clean_name(text: str) -> str:
    """The name in NFC, with single spaces. Raises BadValue when it is empty, too long or has control
    characters.
    """
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if any(unicodedata.category(ch) in ("Cc", "Cs") for ch in name):
        raise BadValue("a name has no control characters")
    name = "".join(ch for ch in name if ch not in _OVERRIDES).strip()
    if not name:
        raise BadValue("say what you are called")
    if len(name) > NAME_MAX:
        raise BadValue(f"a name has at most {NAME_MAX} characters, this has {len(name)}")
    return name


def check_password_length(password: str) -> None:
    """Refuse what is shorter than anybody should use or longer than anybody types. Raises BadValue."""
    if len(password) < PASSWORD_MIN:
        raise BadValue(f"a password has at least {PASSWORD_MIN} characters")
    if len(password) > PASSWORD_MAX:
        raise BadValue(f"a password has at most {PASSWORD_MAX} characters")
    if "\x00" in password:
        raise BadValue("a password has no NUL characters")


def name_from_email(email: str) -> str:
    """What to call a person of whom only the address is known: the part before the @."""
    return email.partition("@")[0][:NAME_MAX] or "Listener"


def hash_secret(secret: str) -> bytes:
    """How a random secret of 256 bits is kept: SHA-256 without salt, which such a secret does not need."""
    return hashlib.sha256(secret.encode()).digest()


class SmtpSecurity(StrEnum):
    """How the line to the mail server is protected."""

    NONE = "none"
    STARTTLS = "starttls"
    TLS = "tls"


_SMTP_SCHEMES = {
    "smtp": (SmtpSecurity.NONE, 25),
    "smtp+starttls": (SmtpSecurity.STARTTLS, 587),
    "smtps": (SmtpSecurity.TLS, 465),
}


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where outgoing mail is handed over."""

    host: str
    port: int
    username: str
    password: str
    security: SmtpSecurity


def smtp_server(url: str) -> SmtpServer:
    """The server of an address like smtp+starttls://user:password@mail.example:587. Raises ValueError."""
    parts = urlsplit(url)
    if parts.scheme not in _SMTP_SCHEMES or not parts.hostname:
        raise ValueError("must be like smtp+starttls://user:password@mail.example:587")
    security, port = _SMTP_SCHEMES[parts.scheme]
    return SmtpServer(
        host=parts.hostname,
        port=parts.port or port,
        username=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        security=security,
    )


_LINK = re.compile(r"https?://[^\s<>\"']+")


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a mail's text; `is_link` where it is an address that can be followed."""

    text: str
    is_link: bool


def split_links(text: str) -> list[Piece]:
    """The text in pieces, its web addresses apart; joined they are the text again."""
    pieces: list[Piece] = []
    end = 0
    for match in _LINK.finditer(text):
        url = match[0].rstrip(".,;:!?)")
        if match.start() > end:
            pieces.append(Piece(text[end : match.start()], is_link=False))
        pieces.append(Piece(url, is_link=True))
        end = match.start() + len(url)
    if end < len(text):
        pieces.append(Piece(text[end:], is_link=False))
    return pieces
