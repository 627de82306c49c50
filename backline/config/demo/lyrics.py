"""The words of the demo songs, written for them, and when each line is due.

A stanza belongs to one or more sections of the form (a chorus to all of them). The lines of a stanza
share its section evenly, so the times follow from the tempo and need not be typed. Timed lyrics are
written as LRC: `[mm:ss.xx]` and the line.
"""

from dataclasses import dataclass

from backline.config.demo.song import Song


@dataclass(frozen=True, slots=True)
class Stanza:
    """Lines that are sung in each of the given sections of the form."""

    sections: tuple[int, ...]
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lyrics:
    """The words of one song; `is_timed` says whether they are published with times."""

    stanzas: tuple[Stanza, ...]
    is_timed: bool

    def plain(self) -> str:
        """The words in the order in which they are sung, an empty line between stanzas."""
        return "\n\n".join("\n".join(stanza.lines) for _, stanza in self._sung())

    def lrc(self, song: Song) -> str:
        """The words with the time at which each line begins, as LRC."""
        found = []
        for section, stanza in self._sung():
            start_s = song.section_start_s(section)
            line_s = song.form[section].bars * song.bar_s / len(stanza.lines)
            found += [f"{_stamp(start_s + i * line_s)}{line}" for i, line in enumerate(stanza.lines)]
        return "\n".join(found)

    def text(self, song: Song) -> str:
        """What the artist publishes: LRC when timed, else the plain words."""
        return self.lrc(song) if self.is_timed else self.plain()

    def _sung(self) -> list[tuple[int, Stanza]]:
        found = [(section, stanza) for stanza in self.stanzas for section in stanza.sections]
        return sorted(found, key=lambda pair: pair[0])


def _stamp(seconds: float) -> str:
    hundredths = round(seconds * 100)
    return f"[{hundredths // 6000:02d}:{hundredths % 6000 // 100:02d}.{hundredths % 100:02d}]"


GLASS_TIDE = Lyrics(
    stanzas=(
        Stanza((1,), ("Water learns the shape of stone", "and gives it back to me alone")),
        Stanza(
            (2, 4),
            ("Glass tide, come slow", "carry what you know", "leave the rest below", "glass tide, let go"),
        ),
        Stanza((3,), ("I counted every breaking line", "and none of them was ever mine")),
    ),
    is_timed=False,
)

SLOW_SATELLITES = Lyrics(
    stanzas=(
        Stanza(
            (1,),
            (
                "We left the kettle and the keys",
                "a radio between the trees",
                "the sky was busy being wide",
                "and you were quiet at my side",
            ),
        ),
        Stanza(
            (2, 4, 6),
            (
                "Slow satellites",
                "stitching up the night",
                "if you lose the road",
                "follow any light",
            ),
        ),
        Stanza((3,), ("The map had folded where we are", "so we were steered by one small star")),
        Stanza((5,), ("Round again", "and round again")),
    ),
    is_timed=True,
)

LANTERNA_AZUL = Lyrics(
    stanzas=(
        Stanza(
            (1,),
            (
                "The van broke down on Friday night",
                "two miles from anything with light",
                "you found a lantern, painted blue",
                "and danced the way the sparks would do",
            ),
        ),
        Stanza(
            (2, 4, 6),
            (
                "Lanterna azul, keep it low",
                "there's a little more road to go",
                "lanterna azul, turn it round",
                "and put your feet on the moving ground",
            ),
        ),
        Stanza(
            (3,),
            (
                "The tow truck came at half past three",
                "the driver asked what this could be",
                "we handed him a tambourine",
                "the cleanest beat you've ever seen",
            ),
        ),
        Stanza((5,), ("Devagar, devagar", "we were always going far")),
    ),
    is_timed=True,
)

NIGHT_BUS = Lyrics(
    stanzas=(
        Stanza(
            (1,),
            (
                "Rule one: don't sit beside the speaker",
                "rule two: don't wake the early sleeper",
                "rule three: if someone starts to sing",
                "shit, let them have the whole damn thing",
            ),
        ),
        Stanza(
            (2, 4, 6),
            ("Night bus, hold on", "the last one's gone", "night bus, sit tight", "we share the light"),
        ),
        Stanza(
            (3,),
            (
                "Rule four: your bag is not a person",
                "rule five: no story that will worsen",
                "rule six: be kind, it's nearly two",
                "the driver wants his pillow too",
            ),
        ),
    ),
    is_timed=False,
)

BEAR_WALTZ = Lyrics(
    stanzas=(
        Stanza(
            (1,),
            (
                "Μια άρκτος από χαρτί",
                "χορεύει μόνη στην αυλή",
                "μετράει ένα, δύο, τρία",
                "και κάνει λάθος με αρμονία",
            ),
        ),
        Stanza(
            (2, 4, 6),
            (
                "Γύρνα, γύρνα, νύχτα μου",
                "με τ' αστέρια δίχτυα μου",
                "κι αν σκιστώ στην άκρη εδώ",
                "με κλωστή θα κρατηθώ",
            ),
        ),
        Stanza(
            (3,),
            (
                "Ο άνεμος τής λέει έλα",
                "της δίνει άσπρη μια ομπρέλα",
                "κι εκείνη κάνει υπόκλιση",
                "σαν να τελειώνει η μουσική",
            ),
        ),
    ),
    is_timed=False,
)

FERRY_HOME = Lyrics(
    stanzas=(
        Stanza(
            (1,),
            (
                "The deck is wet, the rope is old",
                "my coffee went from warm to cold",
                "a boy is naming all the birds",
                "the engine hasn't any words",
            ),
        ),
        Stanza(
            (2, 4, 6),
            (
                "Ferry home, ferry home",
                "write your name across the foam",
                "every light upon the hill",
                "says the kitchen's open still",
            ),
        ),
        Stanza((3,), ("I packed a jar of island sand", "it travels better than I planned")),
    ),
    is_timed=True,
)
