"""Pure decisions about profiles: what a handle, a genre and a link may be."""

import re
import unicodedata
from dataclasses import dataclass
from urllib.parse import urlsplit

HANDLE_MIN, HANDLE_MAX = 2, 40
_HANDLE = re.compile(r"[a-z0-9](?:[a-z0-9_-]*[a-z0-9])?")

# Addresses that are ours now or will be, and words that would let one person speak as the house.
RESERVED_HANDLES = frozenset(
    "about account accounts activity admin administrator advisor agent agents api artist artists auth backline"
    " billing blog bop bops campaign campaigns cart casset cassets chat checkout co-casset collect collections"
    " contact dashboard discover docs dossier downloads draft drop drops earnings embed embeds events explore faq"
    " favicon feed genre genres guide guides health healthz help home hook hooks inbox invite jobs join js label"
    " labels ledger legal library live llms login logout mail mailbox me media member members messages metrics"
    " moderator my new news notifications null oauth oembed offline openapi operator order orders page pages"
    " password payment payments payouts player playlist playlists press privacy pro profile pros public radio"
    " readyz register release releases robots room rooms root rss s search security session sessions settings shop"
    " side-b sign-in sign-out sign-up signin signout signup sitemap staff static status store stream streams"
    " studio styleguide support sw system tag tags team terms theme tip tips track tracks trending u undefined"
    " upload uploads user users visual visuals webhook webhooks well-known world worlds www".split()
)

GENRES_MAX, GENRE_LENGTH_MAX = 8, 40
LINKS_MAX, LINK_LENGTH_MAX = 12, 500


class BadValue(ValueError):
    """A field's value cannot be taken; the message says what to change."""


def clean_handle(text: str) -> str:
    """The handle in its one spelling (lower case). Raises BadValue with the rule that it breaks."""
    handle = text.strip().lstrip("@").lower()
    if not HANDLE_MIN <= len(handle) <= HANDLE_MAX:
        raise BadValue(f"a handle has {HANDLE_MIN} to {HANDLE_MAX} characters")
    if not _HANDLE.fullmatch(handle):
        raise BadValue("a handle has letters a to z, digits, - and _, and begins and ends with a letter or digit")
    if handle in RESERVED_HANDLES:
        raise BadValue(f'"{handle}" is a word that the site needs itself: choose another')
    return handle


def clean_line(text: str, *, max_length: int) -> str:
    """One line of text in any script: trimmed, NFC, without control characters. Raises BadValue when too long."""
    line = unicodedata.normalize("NFC", text)
    # Direction marks (category Cf) stay: names in Arabic or Hebrew may need them.
    line = " ".join("".join(ch if unicodedata.category(ch) not in ("Cc", "Cs") else " " for ch in line).split())
    if len(line) > max_length:
        raise BadValue(f"at most {max_length} characters, this has {len(line)}")
    return line


def clean_text(text: str, *, max_length: int) -> str:
    """Several lines of text: NFC, line ends as \\n, other control characters removed. Raises BadValue when too long."""
    lines = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n")
    clean = "".join(ch for ch in lines if ch in "\n\t" or unicodedata.category(ch) not in ("Cc", "Cs")).strip()
    if len(clean) > max_length:
        raise BadValue(f"at most {max_length} characters, this has {len(clean)}")
    return clean


def clean_genres(genres: list[str]) -> list[str]:
    """Genres in lower case, each once, in the order given. Raises BadValue."""
    cleaned: list[str] = []
    for genre in genres:
        line = clean_line(genre, max_length=GENRE_LENGTH_MAX).lower()
        if line and line not in cleaned:
            cleaned.append(line)
    if len(cleaned) > GENRES_MAX:
        raise BadValue(f"at most {GENRES_MAX} genres")
    return cleaned


@dataclass(frozen=True, slots=True)
class Link:
    """A place elsewhere: a label to show and an https (or http) address."""

    label: str
    url: str


def clean_links(links: list[Link]) -> list[Link]:
    """Links whose addresses are http or https with a host. Raises BadValue that names the link."""
    if len(links) > LINKS_MAX:
        raise BadValue(f"at most {LINKS_MAX} links")
    return [_clean_link(link) for link in links]


def _clean_link(link: Link) -> Link:
    url = clean_line(link.url, max_length=LINK_LENGTH_MAX)
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        host = None
    if not host or parts.scheme not in ("http", "https") or parts.username is not None:
        raise BadValue(f'"{url[:80]}" is not a web address: begin with https://')
    return Link(clean_line(link.label, max_length=60) or host, url)
