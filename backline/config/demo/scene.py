"""Who is in the demo scene and what they publish: three invented artists, four tracks each.

Every track is given to Backline in the format in which such an artist would send it, with tags, so that
the demo walks the same road as a real upload. Names, words and codes are invented: links lead to
example.org, and the ISRCs use the registrant code ZZZ, at the far end of a range that is handed out in
order.
"""

import enum
from dataclasses import dataclass
from typing import Final

from backline.config.demo import lyrics as words
from backline.config.demo import songs
from backline.config.demo.lyrics import Lyrics
from backline.config.demo.song import SectionKind, Song


class ArtStyle(enum.Enum):
    """The hand that draws an artist's covers."""

    RIDGES = "ridges"
    TILES = "tiles"
    FOLDS = "folds"


class FileFormat(enum.Enum):
    """How the artist exported the track: container, codec and, where it matters, bits and rate."""

    WAV_16 = "wav-16"
    WAV_24_96 = "wav-24-96"
    AIFF_16 = "aiff-16"
    FLAC_16 = "flac-16"
    FLAC_24 = "flac-24"
    ALAC_16 = "alac-16"
    AAC = "aac"
    MP3 = "mp3"
    OPUS = "opus"
    VORBIS = "vorbis"


class CreditRole(enum.Enum):
    """What a person did for a track."""

    COMPOSER = "composer"
    LYRICIST = "lyricist"
    PERFORMER = "performer"
    PRODUCER = "producer"
    MIXER = "mixer"
    MASTERING = "mastering engineer"


@dataclass(frozen=True, slots=True)
class Link:
    """A labelled address on an artist's page."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Credit:
    """One person in one role."""

    role: CreditRole
    name: str


@dataclass(frozen=True, slots=True)
class Hook:
    """The part everyone may hear, in milliseconds from the beginning."""

    start_ms: int
    duration_ms: int


@dataclass(frozen=True, slots=True)
class DemoArtist:
    """An invented artist. The price is in the smallest unit of the currency (ISO 4217)."""

    handle: str
    name: str
    email: str
    bio: str
    location: str
    genres: tuple[str, ...]
    links: tuple[Link, ...]
    price_amount: int
    price_currency: str
    art: ArtStyle
    art_seed: int


@dataclass(frozen=True)
class DemoTrack:
    """A track as its artist publishes it. `hook_bars` is None where Backline is to suggest the hook."""

    key: str
    artist: DemoArtist
    title: str
    album: str
    number: int
    year: int
    isrc: str
    song: Song
    file_format: FileFormat
    credits: tuple[Credit, ...]
    lyrics: Lyrics | None = None
    is_explicit: bool = False
    hook_bars: int | None = None

    @property
    def duration_ms(self) -> int:
        """Length of the rendered track, rounded down."""
        return int(self.song.duration_s * 1000)

    @property
    def lyrics_text(self) -> str | None:
        """The words as they are tagged: LRC where timed, plain otherwise, None for an instrumental."""
        return self.lyrics.text(self.song) if self.lyrics else None

    @property
    def hook(self) -> Hook | None:
        """The hook the artist chose: so many bars from the beginning of the first chorus, at most 30 s."""
        if self.hook_bars is None:
            return None
        chorus = self.song.sections_of(SectionKind.CHORUS)[0]
        length_ms = min(30_000, round(self.hook_bars * self.song.bar_s * 1000))
        return Hook(round(self.song.section_start_s(chorus) * 1000), length_ms)


SOLVEIG: Final = DemoArtist(
    handle="solveig",
    name="Sólveig Aur",
    email="solveig@example.org",
    bio=(
        "I record at the end of a pier, mostly at night. Slow electronics, a borrowed flute, and whatever "
        "the harbour adds. Everything is finished in one winter and left alone in summer."
    ),
    location="Seyðisfjörður, Iceland",
    genres=("ambient", "electronica", "downtempo"),
    links=(
        Link("Studio diary", "https://example.org/solveig/diary"),
        Link("Concerts", "https://example.org/solveig/live"),
    ),
    price_amount=700,
    price_currency="USD",
    art=ArtStyle.RIDGES,
    art_seed=11,
)

KOMBI_CLUB: Final = DemoArtist(
    handle="kombiclub",
    name="Kombi Club",
    email="kombiclub@example.org",
    bio=(
        "Four people, one van, eleven synthesizers. We play synth-funk for car parks, weddings and the last "
        "hour before the neighbours call. Members get the stems."
    ),
    location="São Paulo, Brazil",
    genres=("synth-funk", "disco", "boogie"),
    links=(
        Link("Book the van", "https://example.org/kombiclub/booking"),
        Link("Shirts", "https://example.org/kombiclub/shirts"),
        Link("Newsletter", "https://example.org/kombiclub/letter"),
    ),
    price_amount=900,
    price_currency="USD",
    art=ArtStyle.TILES,
    art_seed=22,
)

PAPER_BEAR: Final = DemoArtist(
    handle="hartini",
    name="Χάρτινη Άρκτος",
    email="hartini@example.org",
    bio=(
        "Folk songs for accordion, music box and a very old game console. Βαλς για μικρές αυλές. We are two "
        "sisters and sometimes an uncle."
    ),
    location="Θεσσαλονίκη, Greece",
    genres=("folk", "chiptune", "waltz"),
    links=(Link("Sheet music", "https://example.org/hartini/notes"),),
    price_amount=500,
    price_currency="EUR",
    art=ArtStyle.FOLDS,
    art_seed=33,
)

ARTISTS: Final = (SOLVEIG, KOMBI_CLUB, PAPER_BEAR)


def _credits(*pairs: tuple[CreditRole, str]) -> tuple[Credit, ...]:
    return tuple(Credit(role, name) for role, name in pairs)


_COMPOSER, _LYRICIST, _PERFORMER = CreditRole.COMPOSER, CreditRole.LYRICIST, CreditRole.PERFORMER
_PRODUCER, _MIXER, _MASTERING = CreditRole.PRODUCER, CreditRole.MIXER, CreditRole.MASTERING

_SOLVEIG_ALBUM = "Ljósár"
_KOMBI_ALBUM = "Estacionamento"
_BEAR_ALBUM = "Μικρά Βαλς"

_BY_SOLVEIG = ((_COMPOSER, "Sólveig Aur"), (_PRODUCER, "Sólveig Aur"))
_BY_KOMBI = ((_COMPOSER, "Caio Mendrisio"), (_COMPOSER, "Duda Valverão"), (_PRODUCER, "Kombi Club"))
_BY_BEAR = ((_COMPOSER, "Δανάη Κορφιάτη"), (_PERFORMER, "Λητώ Κορφιάτη"))

TRACKS: Final = (
    DemoTrack(
        key="solveig-1-nordurljos",
        artist=SOLVEIG,
        title="Norðurljós á bið",
        album=_SOLVEIG_ALBUM,
        number=1,
        year=2025,
        isrc="QZZZZ2500001",
        song=songs.NORTHERN_LIGHTS,
        file_format=FileFormat.FLAC_16,
        credits=_credits(*_BY_SOLVEIG, (_PERFORMER, "Íris Hvalvík"), (_MASTERING, "Nour El-Sahil نور")),
        hook_bars=8,
    ),
    DemoTrack(
        key="solveig-2-harbour-static",
        artist=SOLVEIG,
        title="Harbour Static",
        album=_SOLVEIG_ALBUM,
        number=2,
        year=2025,
        isrc="QZZZZ2500002",
        song=songs.HARBOUR_STATIC,
        file_format=FileFormat.MP3,
        credits=_credits(*_BY_SOLVEIG, (_MIXER, "Tomas Brekke")),
    ),
    DemoTrack(
        key="solveig-3-glass-tide",
        artist=SOLVEIG,
        title="Glass Tide",
        album=_SOLVEIG_ALBUM,
        number=3,
        year=2025,
        isrc="QZZZZ2500003",
        song=songs.GLASS_TIDE,
        file_format=FileFormat.OPUS,
        credits=_credits(*_BY_SOLVEIG, (_LYRICIST, "Sólveig Aur"), (_PERFORMER, "Íris Hvalvík")),
        lyrics=words.GLASS_TIDE,
    ),
    DemoTrack(
        key="solveig-4-slow-satellites",
        artist=SOLVEIG,
        title="Slow Satellites",
        album=_SOLVEIG_ALBUM,
        number=4,
        year=2025,
        isrc="QZZZZ2500004",
        song=songs.SLOW_SATELLITES,
        file_format=FileFormat.AAC,
        credits=_credits(*_BY_SOLVEIG, (_LYRICIST, "Íris Hvalvík"), (_MIXER, "Tomas Brekke")),
        lyrics=words.SLOW_SATELLITES,
    ),
    DemoTrack(
        key="kombiclub-1-lanterna-azul",
        artist=KOMBI_CLUB,
        title="Lanterna Azul",
        album=_KOMBI_ALBUM,
        number=1,
        year=2026,
        isrc="QZZZZ2600001",
        song=songs.LANTERNA_AZUL,
        file_format=FileFormat.MP3,
        credits=_credits(*_BY_KOMBI, (_LYRICIST, "Duda Valverão"), (_MIXER, "Rute Okabe")),
        lyrics=words.LANTERNA_AZUL,
    ),
    DemoTrack(
        key="kombiclub-2-chrome-picnic",
        artist=KOMBI_CLUB,
        title="Chrome Picnic",
        album=_KOMBI_ALBUM,
        number=2,
        year=2026,
        isrc="QZZZZ2600002",
        song=songs.CHROME_PICNIC,
        file_format=FileFormat.AIFF_16,
        credits=_credits(*_BY_KOMBI, (_PERFORMER, "Zé Trombone")),
        hook_bars=8,
    ),
    DemoTrack(
        key="kombiclub-3-night-bus",
        artist=KOMBI_CLUB,
        title="Night Bus Etiquette",
        album=_KOMBI_ALBUM,
        number=3,
        year=2026,
        isrc="QZZZZ2600003",
        song=songs.NIGHT_BUS,
        file_format=FileFormat.WAV_16,
        credits=_credits(*_BY_KOMBI, (_LYRICIST, "Caio Mendrisio")),
        lyrics=words.NIGHT_BUS,
        is_explicit=True,
    ),
    DemoTrack(
        key="kombiclub-4-telefone-de-praia",
        artist=KOMBI_CLUB,
        title="Telefone de Praia (versão longa para o caminho de volta)",
        album=_KOMBI_ALBUM,
        number=4,
        year=2026,
        isrc="QZZZZ2600004",
        song=songs.TELEFONE_DE_PRAIA,
        file_format=FileFormat.ALAC_16,
        credits=_credits(*_BY_KOMBI, (_MIXER, "Rute Okabe"), (_MASTERING, "Rute Okabe")),
    ),
    DemoTrack(
        key="hartini-1-bear-waltz",
        artist=PAPER_BEAR,
        title="Το βαλς της άρκτου",
        album=_BEAR_ALBUM,
        number=1,
        year=2024,
        isrc="QZZZZ2400001",
        song=songs.BEAR_WALTZ,
        file_format=FileFormat.VORBIS,
        credits=_credits(*_BY_BEAR, (_LYRICIST, "Δανάη Κορφιάτη")),
        lyrics=words.BEAR_WALTZ,
    ),
    DemoTrack(
        key="hartini-2-paper-lighthouse",
        artist=PAPER_BEAR,
        title="Paper Lighthouse",
        album=_BEAR_ALBUM,
        number=2,
        year=2024,
        isrc="QZZZZ2400002",
        song=songs.PAPER_LIGHTHOUSE,
        file_format=FileFormat.FLAC_24,
        credits=_credits(*_BY_BEAR, (_MASTERING, "Nour El-Sahil نور")),
        hook_bars=14,
    ),
    DemoTrack(
        key="hartini-3-five-to-eleven",
        artist=PAPER_BEAR,
        title="Έντεκα παρά πέντε",
        album=_BEAR_ALBUM,
        number=3,
        year=2024,
        isrc="QZZZZ2400003",
        song=songs.FIVE_TO_ELEVEN,
        file_format=FileFormat.WAV_24_96,
        credits=_credits(*_BY_BEAR, (_PERFORMER, "ο θείος Στέλιος")),
    ),
    DemoTrack(
        key="hartini-4-ferry-home",
        artist=PAPER_BEAR,
        title="Ferry Home",
        album=_BEAR_ALBUM,
        number=4,
        year=2024,
        isrc="QZZZZ2400004",
        song=songs.FERRY_HOME,
        file_format=FileFormat.AAC,
        credits=_credits(*_BY_BEAR, (_LYRICIST, "Λητώ Κορφιάτη")),
        lyrics=words.FERRY_HOME,
    ),
)


def tracks_of(artist: DemoArtist) -> tuple[DemoTrack, ...]:
    """An artist's tracks in album order."""
    return tuple(track for track in TRACKS if track.artist is artist)
