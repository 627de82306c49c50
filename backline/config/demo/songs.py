"""The twelve compositions of the demo scene, four for each artist.

Chords are one symbol per bar and melodies one bar between two `|`, in the notation of `theory`. A seed
decides only the hand of the players; what is played stands here.
"""

from backline.config.demo.song import BandName, Section, SectionKind, Song
from backline.config.demo.theory import Key, Scale

_I, _V, _C = SectionKind.INTRO, SectionKind.VERSE, SectionKind.CHORUS
_B, _O = SectionKind.BRIDGE, SectionKind.OUTRO


def _form(text: str) -> tuple[Section, ...]:
    """A form written as `I4 V8 C8+2`: kind, bars, and semitones up."""
    kinds = {"I": _I, "V": _V, "C": _C, "B": _B, "O": _O}
    found = []
    for word in text.split():
        bars, _, shift = word[1:].partition("+")
        found.append(Section(kinds[word[0]], int(bars), int(shift or 0)))
    return tuple(found)


NORTHERN_LIGHTS = Song(
    seed=1101,
    band=BandName.DRIFT,
    key=Key(62, Scale.MINOR),
    tempo_bpm=76,
    form=_form("I4 V16 C8 V8 C8 B8 C8 O4"),
    chords={_I: "1 6", _V: "1 6 3 7", _C: "6 7 1 3", _B: "4 1 6 7", _O: "6 7 1 1"},
    melodies={
        _V: "5h 4q 3q | 1h. rq | 3h 2q 1q | 2h. rq | 5h 4q 3q | 1h 3h | 5h 6q 5q | 4h. rq",
        _C: "3'q. 2'e 1'h | 2'q. 1'e 7h | 1'q 7q 5h | 5q 6q 7h",
    },
)

HARBOUR_STATIC = Song(
    seed=1102,
    band=BandName.PULSE,
    key=Key(57, Scale.MINOR),
    tempo_bpm=112,
    form=_form("I8 V16 C8 V8 C16 B8 C16 O4"),
    chords={_I: "1 1 6 7", _V: "1 1 6 7", _C: "4 6 1 7", _B: "6 7 4 5", _O: "1 1 6 7"},
    melodies={
        _V: "1q 1e 2e 3h | rq 3e 2e 1h | 6,q 6,e 7,e 1h | rq 2e 1e 7,h",
        _C: "6q 5e 4e 5q 1'q | 1'q. 7e 5h | 3'q 2'e 1'e 2'q 5q | 7q. 6e 5h",
    },
)

GLASS_TIDE = Song(
    seed=1103,
    band=BandName.DRIFT,
    key=Key(64, Scale.LYDIAN),
    tempo_bpm=84,
    form=_form("I4 V8 C8 V8 C8 O4"),
    chords={_I: "1 2", _V: "1 2 6 2", _C: "6 2 1 5", _B: "6 3", _O: "1 2 1 1"},
    melodies={
        _V: "3q 5q 7h | 6h 4h | 3q 5q 1'h | 7h 6h",
        _C: "1'q. 7e 5q 3q | 6q. 5e 4h | 5q. 7e 2'q 1'q | 7h. rq",
    },
    voices={"lead": "singer"},
)

SLOW_SATELLITES = Song(
    seed=1104,
    band=BandName.PULSE,
    key=Key(54, Scale.MINOR),
    tempo_bpm=118,
    form=_form("I4 V16 C16 V8 C16 B8 C16 O4"),
    chords={_I: "6 7", _V: "1 3 6 7", _C: "6 7 3 1", _B: "4 6 1 7", _O: "6 7 1 1"},
    melodies={
        _V: "5e 5e 5e 4e 3h | 5e 5e 5e 7e 5h | 6e 6e 6e 5e 3h | 2q 3q 2h",
        _C: "1'h 7q 5q | 7h 5q 4q | 5h 3q 4q | 5h. rq | 1'h 7q 1'q | 2'h 7q 5q | 3'h 2'q 7q | 1'h. rq",
    },
    voices={"lead": "singer", "harmony": "singer"},
)

LANTERNA_AZUL = Song(
    seed=2201,
    band=BandName.FUNK,
    key=Key(64, Scale.DORIAN),
    tempo_bpm=104,
    form=_form("I4 V16 C8 V16 C8 B8 C16 O4"),
    chords={_I: "17 49", _V: "17 17 49 49", _C: "49 59 17 7", _B: "27 59", _O: "17 49"},
    melodies={
        _V: "re 1e 3e 4e 5q. 4e | 3e 1e rh rq | re 1e 3e 4e 5e 7e 5q | 4e 3e 1q rh",
        _C: "5q. 6e 1'h | 7q. 6e 5h | 1'e 7e 5e 7e 1'q 3'q | 2'q. 7e 1'h",
    },
    voices={"lead": "singer", "harmony": "singer", "double": "saw_lead"},
)

CHROME_PICNIC = Song(
    seed=2202,
    band=BandName.DISCO,
    key=Key(60, Scale.MAJOR),
    tempo_bpm=118,
    form=_form("I4 V8 C8 V8 C8 B4 C8 O4"),
    chords={_I: "17 67", _V: "17 67 27 57", _C: "47 57 37 67", _B: "27 37 47 5s", _O: "17 67 27 1"},
    melodies={
        _V: "3e 3e 2e 1e rq 5,q | 1e 1e 2e 3e rh | 4e 4e 3e 2e rq 6,q | 2e 3e 2e 1e 7,h",
        _C: "6e 6e 5e 6e rq 1'q | 7e 7e 6e 5e rq 2'q | 3'e 2'e 1'e 7e rq 5q | 6q 5q 3h",
    },
)

NIGHT_BUS = Song(
    seed=2203,
    band=BandName.FUNK,
    key=Key(57, Scale.DORIAN),
    tempo_bpm=94,
    form=_form("I4 V8 C8 V8 C8 B8 C8 O4"),
    chords={_I: "17 49", _V: "17 49", _C: "37 49 17 17", _B: "27 5m7", _O: "17 49 17 17"},
    melodies={
        _V: "1s 1s 3e rq 4e 3e 1q | rh 7,e 1e rq | 1s 1s 3e rq 5e 4e 3q | 4e 3e 1q rh",
        _C: "5e 5e 7e 1'e rq 7e 5e | 6q 4q rh | 5e 5e 7e 1'e rq 3'e 2'e | 1'q 7q 5h",
    },
    swing=0.58,
    voices={"lead": "chip_lead", "double": "flute"},
)

TELEFONE_DE_PRAIA = Song(
    seed=2204,
    band=BandName.DISCO,
    key=Key(55, Scale.MAJOR),
    tempo_bpm=122,
    form=_form("I8 V16 C16 V8 C16 B8 C16+2 O8"),
    chords={_I: "17 47", _V: "17 47 27 57", _C: "27 57 17 67", _B: "47 37 27 5s", _O: "17 47"},
    melodies={
        _V: "5q 3e 5e 6q 5q | 4q 1'e 6e rh | 4q 2e 4e 6q 5q | 7e 6e 5e 4e 2h",
        _C: "6e 6e 1'q 6e 4e 2q | 7e 7e 2'q 7e 5e 2q | 3'q 2'e 1'e 5h | 6e 5e 3e 5e 1'h",
    },
    voices={"lead": "flute"},
)

BEAR_WALTZ = Song(
    seed=3301,
    band=BandName.WALTZ,
    key=Key(57, Scale.MINOR),
    tempo_bpm=150,
    beats_per_bar=3,
    form=_form("I8 V16 C16 V16 C16 B16 C16 O8"),
    chords={_I: "1 1 4 5M", _V: "1 1 4 4 5M 5M 1 1", _C: "6 6 3 3 4 5M 1 1", _B: "4 4 1 1", _O: "4 5M 1 1"},
    melodies={
        _V: "1q 2q 3q | 5h 3q | 4q 6q 5q | 4h rq | 5q 4q 3q | 2h 7,q | 1h. | rh.",
        _C: "1'h 7q | 6h 5q | 5h 3q | 5h. | 4q 5q 6q | 7q 5q 2'q | 1'h. | rh.",
    },
)

PAPER_LIGHTHOUSE = Song(
    seed=3302,
    band=BandName.WALTZ,
    key=Key(53, Scale.MAJOR),
    tempo_bpm=132,
    beats_per_bar=3,
    form=_form("I8 V16 C16 V16 C16 B8 C16+2 O8"),
    chords={_I: "1 5", _V: "1 3 4 1 2 5 1 5", _C: "4 5 3 6 2 5 1 1", _B: "6 3 4 5", _O: "4 5 1 1"},
    melodies={
        _V: "5q 3q 1q | 7,h 3q | 4q 6q 1'q | 5h. | 4q 3q 2q | 5h 2q | 3h. | 2h rq",
        _C: "1'h 6q | 2'h 7q | 7h 5q | 1'h. | 6q 5q 4q | 7q 6q 5q | 1'h. | rh.",
    },
    voices={"lead": "flute", "double": "music_box"},
)

FIVE_TO_ELEVEN = Song(
    seed=3303,
    band=BandName.FOLK,
    key=Key(62, Scale.DORIAN),
    tempo_bpm=126,
    form=_form("I4 V8 C8 V8 C8 B4 C8 O2"),
    chords={_I: "1 7", _V: "1 7 4 1", _C: "3 7 4 1", _B: "4 5", _O: "1 1"},
    melodies={
        _V: "1e 2e 3e 4e 5q 5q | 4e 3e 2e 4e 2h | 4e 5e 6e 5e 4q 6q | 5e 4e 3e 2e 1h",
        _C: "5q 1'q 1'e 7e 5q | 7q 2'q 2'e 1'e 7q | 1'e 7e 6e 5e 6q 4q | 5e 4e 3e 2e 1h",
    },
)

FERRY_HOME = Song(
    seed=3304,
    band=BandName.FOLK,
    key=Key(55, Scale.MAJOR),
    tempo_bpm=92,
    form=_form("I4 V16 C8 V8 C8 B4 C16 O4"),
    chords={_I: "1 4", _V: "1 5 6 4", _C: "4 1 5 6 4 1 5 1", _B: "6 5 4 5s", _O: "4 5 1 1"},
    melodies={
        _V: "3q. 2e 1h | 2q. 1e 7,h | 1q. 7,e 6,h | 1q 2q 1h",
        _C: ("6q. 5e 4q 6q | 5h 3h | 2q. 3e 5q 7q | 1'h. rq | 6q. 7e 1'q 6q | 5q 1'q 3'h | 2'q 1'q 7q 5q | 1'w"),
    },
    swing=0.55,
    voices={"lead": "singer", "double": "chip_lead"},
)
