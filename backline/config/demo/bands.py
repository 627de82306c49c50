"""The six demo bands: who plays, how loud, where in the room, and what pattern in which section.

A pattern is one character per sixteenth; `-` holds the note before, `.` is silence, `|` only helps the
eye. Drums read `X` accent, `x` stroke, `o` ghost. Basses read `1`, `3`, `5`, `8` of the chord and `a`,
the step that leads to the next root. Comping reads `x`; arpeggios read the voice of the chord counted
from 0. A chorus always has more players than a verse: that is what makes it one.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass

from backline.config.demo.song import BandName, SectionKind


class Role(enum.Enum):
    """What a channel does with the song."""

    DRUM = "drum"
    BASS = "bass"
    PAD = "pad"
    COMP = "comp"
    ARP = "arp"
    MELODY = "melody"
    THIRDS = "thirds"
    OCTAVE = "octave"


@dataclass(frozen=True, slots=True)
class Channel:
    """One player: `gain` is linear, `pan` from -1 (left) to 1, `room`, `echo` and `duck` are 0..1."""

    name: str
    role: Role
    voice: str
    gain: float
    pan: float = 0.0
    room: float = 0.0
    echo: float = 0.0
    duck: float = 0.0
    centre: int = 60


@dataclass(frozen=True, slots=True)
class Band:
    """Channels, and what they play in each kind of section; `room_s` is the reverb's length in seconds."""

    channels: tuple[Channel, ...]
    patterns: Mapping[SectionKind, Mapping[str, str]]
    room_s: float


_INTRO, _VERSE, _CHORUS = SectionKind.INTRO, SectionKind.VERSE, SectionKind.CHORUS
_BRIDGE, _OUTRO = SectionKind.BRIDGE, SectionKind.OUTRO

_DRIFT = Band(
    channels=(
        Channel("kick", Role.DRUM, "soft_kick", 0.62),
        Channel("rim", Role.DRUM, "rim", 0.19, pan=0.25, room=0.6, echo=0.4),
        Channel("snare", Role.DRUM, "snare", 0.35, room=0.5),
        Channel("hat", Role.DRUM, "hat", 0.23, pan=-0.3, room=0.2),
        Channel("shaker", Role.DRUM, "shaker", 0.25, pan=0.4, room=0.2),
        Channel("crash", Role.DRUM, "crash", 0.23, room=0.6),
        Channel("riser", Role.DRUM, "riser", 0.20, room=0.5),
        Channel("bass", Role.BASS, "sub_bass", 0.21, duck=0.3),
        Channel("air", Role.PAD, "air_pad", 0.13, room=0.6, duck=0.2, centre=67),
        Channel("pad", Role.PAD, "warm_pad", 0.13, room=0.4, duck=0.45),
        Channel("bell", Role.ARP, "glass", 0.12, pan=-0.35, room=0.6, echo=0.6, centre=72),
        Channel("pluck", Role.ARP, "nylon", 0.15, pan=0.35, room=0.4, echo=0.3, centre=65),
        Channel("lead", Role.MELODY, "flute", 0.20, room=0.5, echo=0.3),
        Channel("harmony", Role.THIRDS, "flute", 0.12, pan=-0.3, room=0.6),
    ),
    patterns={
        _INTRO: {
            "air": "x",
            "bell": "0-------2-----3-|4-------3-----1-",
            "kick": "................|X...............",
        },
        _VERSE: {
            "pad": "x",
            "bass": "1-------------5-|1---------5---a-",
            "bell": "0-----2-----4---|....3-----5---4-",
            "kick": "X.........x.....|X..............x",
            "rim": "............x...|....x.......o...",
            "shaker": "..o...o...o...o.",
            "lead": "",
        },
        _CHORUS: {
            "air": "x",
            "pad": "x",
            "bass": "1-----1---5-1---|1-----1-5---8-a-",
            "bell": "0-2-4-5-4-2-3-5-",
            "pluck": "0213243524321342",
            "kick": "X.....x...X.....|X.....x...X...x.",
            "snare": "........X.......|........X.....o.",
            "hat": "x.o.x.oox.o.x.o.",
            "shaker": "oxoxoxoxoxoxoxox",
            "lead": "",
            "harmony": "",
        },
        _BRIDGE: {
            "air": "x",
            "pluck": "0---2---4---3---|1---3---5---2---",
            "bass": "1---------------",
            "shaker": "..o...o...o...o.",
            "lead": "",
        },
        _OUTRO: {
            "air": "x",
            "pad": "x",
            "bell": "4-------2-----1-|0---------------",
            "bass": "1---------------",
        },
    },
    room_s=3.4,
)

_PULSE = Band(
    channels=(
        Channel("kick", Role.DRUM, "kick", 0.66),
        Channel("clap", Role.DRUM, "clap", 0.52, room=0.35),
        Channel("hat", Role.DRUM, "hat", 0.25, pan=-0.2),
        Channel("open", Role.DRUM, "open_hat", 0.29, pan=0.2, room=0.1),
        Channel("tom", Role.DRUM, "tom", 0.31, pan=0.3, room=0.3),
        Channel("crash", Role.DRUM, "crash", 0.27, room=0.4),
        Channel("riser", Role.DRUM, "riser", 0.28, room=0.4),
        Channel("bass", Role.BASS, "funk_bass", 0.22, duck=0.6),
        Channel("pad", Role.PAD, "warm_pad", 0.12, room=0.35, duck=0.75),
        Channel("air", Role.PAD, "air_pad", 0.12, room=0.5, duck=0.6, centre=69),
        Channel("arp", Role.ARP, "clavinet", 0.18, pan=0.3, room=0.3, echo=0.5, duck=0.3, centre=67),
        Channel("bell", Role.ARP, "glass", 0.090, pan=-0.4, room=0.5, echo=0.5, centre=74),
        Channel("lead", Role.MELODY, "saw_lead", 0.22, room=0.3, echo=0.35, duck=0.15),
        Channel("harmony", Role.THIRDS, "saw_lead", 0.11, pan=0.35, room=0.4, duck=0.2),
        Channel("double", Role.OCTAVE, "flute", 0.11, pan=-0.3, room=0.5),
    ),
    patterns={
        _INTRO: {
            "air": "x",
            "arp": "0.2.4.3.0.2.5.3.",
            "hat": "....x.......x...",
            "kick": "X...X...X...X...",
        },
        _VERSE: {
            "pad": "x",
            "bass": "..1-..1-..1-..5-|..1-..1-..8-..a-",
            "arp": "0.2.....3.1.....|0.2.....4.3.....",
            "kick": "X...X...X...X...",
            "hat": "..x...x...x...x.",
            "clap": "................|............x...",
            "lead": "",
        },
        _CHORUS: {
            "pad": "x",
            "air": "x",
            "bass": "1-11.11-1-11.18-|1-11.11-1-18.5a-",
            "arp": "0213243502132435",
            "bell": "4---....5---....",
            "kick": "X...X...X...X...|X...X...X...X.x.",
            "clap": "....X.......X...",
            "hat": "xoxoxoxoxoxoxoxo",
            "open": "..x...x...x...x.",
            "lead": "",
            "harmony": "",
            "double": "",
        },
        _BRIDGE: {
            "air": "x",
            "arp": "0-2-4-5-4-2-....",
            "bass": "1---------------",
            "tom": "X.....x.....x...|X.....x...x.x.x.",
            "lead": "",
        },
        _OUTRO: {
            "air": "x",
            "arp": "0.2.4.3.0.2.5.3.",
            "kick": "X...X...X...X...",
            "bass": "1---------------",
        },
    },
    room_s=2.4,
)

_FUNK = Band(
    channels=(
        Channel("kick", Role.DRUM, "kick", 0.64),
        Channel("snare", Role.DRUM, "snare", 0.61, room=0.15),
        Channel("clap", Role.DRUM, "clap", 0.44, room=0.3),
        Channel("hat", Role.DRUM, "hat", 0.30, pan=0.25),
        Channel("open", Role.DRUM, "open_hat", 0.26, pan=0.25),
        Channel("crash", Role.DRUM, "crash", 0.27, room=0.3),
        Channel("bass", Role.BASS, "funk_bass", 0.30, duck=0.2),
        Channel("clav", Role.COMP, "clavinet", 0.18, pan=-0.4, room=0.12, centre=64),
        Channel("keys", Role.COMP, "electric_piano", 0.11, pan=0.2, room=0.25, duck=0.2, centre=62),
        Channel("horns", Role.COMP, "brass", 0.13, room=0.25, centre=69),
        Channel("lead", Role.MELODY, "saw_lead", 0.23, room=0.2, echo=0.2),
        Channel("harmony", Role.THIRDS, "saw_lead", 0.12, pan=0.35, room=0.25),
        Channel("double", Role.OCTAVE, "chip_lead", 0.11, pan=-0.35, room=0.3),
    ),
    patterns={
        _INTRO: {
            "kick": "X.....x...x.....",
            "hat": "x.o.x.o.x.o.x.o.",
            "bass": "1--.......1.5.8.|1--.........5.a-",
            "clav": "..x..x.x..x..x..",
        },
        _VERSE: {
            "kick": "X.....x...x..x..|X.....x...x.....",
            "snare": "....X..o.o..X...|....X..o....X..o",
            "hat": "x.oox.o.x.oox.o.",
            "bass": "1--.1.8.....5.a-|1--...81..3.5.a-",
            "clav": "..x..x.x..x..x..|..x..x.x..x.xx.x",
            "keys": "x-----.....x--..",
            "lead": "",
        },
        _CHORUS: {
            "kick": "X..x..x...x..x..|X..x..x...x.x...",
            "snare": "....X..o.o..X..o",
            "clap": "....X.......X...",
            "hat": "xoxoxoxoxoxoxo..",
            "open": "..............x.",
            "bass": "1-.11.8.1-.15.8a|1-.11.8.1.358.5a",
            "clav": "x.xx.x.xx.xx.x.x",
            "keys": "x-------x-------",
            "horns": "x--...x.........|......x...x---..",
            "lead": "",
            "harmony": "",
            "double": "",
        },
        _BRIDGE: {
            "hat": "x...x...x...x...",
            "bass": "1-------....5-a-",
            "keys": "x-------....x---",
            "kick": "X.........x.....",
            "lead": "",
        },
        _OUTRO: {
            "kick": "X.....x...x.....",
            "snare": "....X.......X...",
            "hat": "x.o.x.o.x.o.x.o.",
            "bass": "1--.1.8.....5.a-",
            "clav": "..x..x.x..x..x..",
            "keys": "x-------........",
        },
    },
    room_s=1.3,
)

_DISCO = Band(
    channels=(
        Channel("kick", Role.DRUM, "kick", 0.62),
        Channel("snare", Role.DRUM, "snare", 0.43, room=0.2),
        Channel("clap", Role.DRUM, "clap", 0.52, room=0.3),
        Channel("hat", Role.DRUM, "hat", 0.25, pan=0.2),
        Channel("open", Role.DRUM, "open_hat", 0.35, pan=-0.15),
        Channel("tambourine", Role.DRUM, "tambourine", 0.22, pan=0.4, room=0.2),
        Channel("crash", Role.DRUM, "crash", 0.27, room=0.3),
        Channel("riser", Role.DRUM, "riser", 0.22, room=0.3),
        Channel("bass", Role.BASS, "funk_bass", 0.28, duck=0.3),
        Channel("strings", Role.PAD, "strings", 0.085, room=0.35, duck=0.5, centre=69),
        Channel("keys", Role.COMP, "electric_piano", 0.11, pan=-0.25, room=0.2, duck=0.2, centre=62),
        Channel("clav", Role.COMP, "clavinet", 0.14, pan=0.4, room=0.15, centre=67),
        Channel("horns", Role.COMP, "brass", 0.12, room=0.25, centre=67),
        Channel("lead", Role.MELODY, "chip_lead", 0.31, room=0.2, echo=0.25),
        Channel("harmony", Role.THIRDS, "chip_lead", 0.16, pan=-0.35, room=0.3),
        Channel("double", Role.OCTAVE, "strings", 0.080, room=0.4),
    ),
    patterns={
        _INTRO: {
            "kick": "X...X...X...X...",
            "open": "..x...x...x...x.",
            "clav": "..x...x...x..x.x",
            "bass": "1.8.1.8.1.8.1.8.",
        },
        _VERSE: {
            "kick": "X...X...X...X...",
            "clap": "....x.......x...",
            "hat": "x.x.x.x.x.x.x.x.",
            "bass": "1.8.1.8.1.8.5.a.",
            "keys": "..x-..x-..x-..x-",
            "clav": "x..x..x...x..x..",
            "lead": "",
        },
        _CHORUS: {
            "kick": "X...X...X...X...",
            "snare": "....X.......X...",
            "clap": "....X.......X..o",
            "hat": "x.o.x.o.x.o.x.o.",
            "open": "..x...x...x...x.",
            "tambourine": "oxxxoxxxoxxxoxxx",
            "bass": "1.8.1.8.1.8.1.88|1.8.1.8.5.8.3.a8",
            "strings": "x",
            "keys": "x-x...x-..x-x...",
            "clav": "..xx..xx..xx..xx",
            "horns": "............x.x.|x-----..........",
            "lead": "",
            "harmony": "",
            "double": "",
        },
        _BRIDGE: {
            "strings": "x",
            "bass": "1-------5-------",
            "keys": "x---....x---....",
            "hat": "..x...x...x...x.",
            "lead": "",
        },
        _OUTRO: {
            "kick": "X...X...X...X...",
            "hat": "..x...x...x...x.",
            "bass": "1.8.1.8.1.8.1.8.",
            "strings": "x",
            "keys": "..x-..x-..x-..x-",
        },
    },
    room_s=1.6,
)

_WALTZ = Band(
    channels=(
        Channel("kick", Role.DRUM, "soft_kick", 0.42, room=0.1),
        Channel("brush", Role.DRUM, "shaker", 0.46, pan=0.2, room=0.3),
        Channel("snare", Role.DRUM, "snare", 0.25, room=0.4),
        Channel("tambourine", Role.DRUM, "tambourine", 0.33, pan=-0.3, room=0.3),
        Channel("crash", Role.DRUM, "crash", 0.16, room=0.5),
        Channel("bass", Role.BASS, "upright_bass", 0.44, room=0.1),
        Channel("guitar", Role.COMP, "nylon", 0.15, pan=-0.3, room=0.25, centre=60),
        Channel("reeds", Role.COMP, "reed", 0.075, pan=0.2, room=0.3, centre=62),
        Channel("drone", Role.PAD, "reed", 0.055, room=0.4, centre=65),
        Channel("box", Role.ARP, "music_box", 0.14, pan=0.35, room=0.4, echo=0.2, centre=77),
        Channel("lead", Role.MELODY, "reed", 0.21, room=0.3),
        Channel("harmony", Role.THIRDS, "chip_lead", 0.16, pan=-0.35, room=0.35),
        Channel("double", Role.OCTAVE, "chip_lead", 0.16, pan=0.3, room=0.35),
    ),
    patterns={
        _INTRO: {"box": "0-2-4-5-4-2-|1-3-5-4-3-2-", "bass": "1-----------"},
        _VERSE: {
            "bass": "1-------....|5-------..a-",
            "guitar": "....x---x---",
            "brush": "....x...x.o.",
            "kick": "X...........",
            "lead": "",
        },
        _CHORUS: {
            "bass": "1---..5-..8-|5---..3-..a-",
            "guitar": "....x-x-x-x-",
            "reeds": "....x-..x-..",
            "drone": "x",
            "box": "024542134531",
            "kick": "X...........|X.......x...",
            "snare": "....x...x...",
            "tambourine": "o...x.o.x.oo",
            "brush": "x.o.x.o.x.o.",
            "lead": "",
            "harmony": "",
            "double": "",
        },
        _BRIDGE: {"drone": "x", "box": "0---2---4---|3---1---2---", "bass": "1-----------", "lead": ""},
        _OUTRO: {"box": "4-2-0-1-2-0-", "guitar": "....x---x---", "bass": "1-------....", "drone": "x"},
    },
    room_s=1.9,
)

_FOLK = Band(
    channels=(
        Channel("kick", Role.DRUM, "soft_kick", 0.55, room=0.1),
        Channel("rim", Role.DRUM, "rim", 0.19, pan=0.2, room=0.3),
        Channel("clap", Role.DRUM, "clap", 0.44, room=0.4),
        Channel("tambourine", Role.DRUM, "tambourine", 0.31, pan=-0.3, room=0.25),
        Channel("shaker", Role.DRUM, "shaker", 0.30, pan=0.35),
        Channel("crash", Role.DRUM, "crash", 0.18, room=0.5),
        Channel("bass", Role.BASS, "upright_bass", 0.46, room=0.1),
        Channel("guitar", Role.ARP, "nylon", 0.20, pan=-0.25, room=0.25, centre=60),
        Channel("strum", Role.COMP, "nylon", 0.10, pan=0.35, room=0.25, centre=65),
        Channel("drone", Role.PAD, "reed", 0.060, room=0.4, centre=62),
        Channel("box", Role.ARP, "music_box", 0.12, pan=0.35, room=0.4, echo=0.3, centre=77),
        Channel("lead", Role.MELODY, "chip_lead", 0.29, room=0.3, echo=0.15),
        Channel("harmony", Role.THIRDS, "reed", 0.11, pan=-0.3, room=0.35),
        Channel("double", Role.OCTAVE, "flute", 0.12, pan=0.3, room=0.4),
    ),
    patterns={
        _INTRO: {"guitar": "0-2-3-4-3-2-4-2-", "shaker": "....o.......o..."},
        _VERSE: {
            "guitar": "0-2-3-2-4-2-3-2-|0-3-2-4-3-2-4-2-",
            "bass": "1-------5-----a-",
            "kick": "X.......x.......",
            "rim": "....x.......x...",
            "shaker": "x.o.x.o.x.o.x.o.",
            "lead": "",
        },
        _CHORUS: {
            "guitar": "0123432301234323",
            "strum": "x-.x-.x-.xx-.x.x",
            "drone": "x",
            "box": "0-2-4-3-5-4-2-3-",
            "bass": "1---5-1-8-5-1-a-",
            "kick": "X...x...X...x...",
            "clap": "....X.......X...",
            "tambourine": "o.x.o.x.o.x.o.xx",
            "shaker": "xoxoxoxoxoxoxoxo",
            "lead": "",
            "harmony": "",
            "double": "",
        },
        _BRIDGE: {"drone": "x", "box": "0---3---2---4---", "guitar": "0---2---3---2---", "lead": ""},
        _OUTRO: {"guitar": "0-2-3-4-3-2-4-2-", "bass": "1---------------", "drone": "x"},
    },
    room_s=1.7,
)

BANDS: Mapping[BandName, Band] = {
    BandName.DRIFT: _DRIFT,
    BandName.PULSE: _PULSE,
    BandName.FUNK: _FUNK,
    BandName.DISCO: _DISCO,
    BandName.WALTZ: _WALTZ,
    BandName.FOLK: _FOLK,
}
