"""The International Standard Recording Code: one code per recording, twelve characters (ISO 3901).

Two letters of the agency's prefix, three letters or digits of the registrant, two digits of the year and five
of the recording. It is printed with hyphens and stored without them.
"""

import re
import unicodedata

from .errors import BadIsrc

_SHAPE = re.compile(r"[A-Z]{2}[A-Z0-9]{3}[0-9]{7}")
_SEPARATORS = re.compile(r"[\s.\-_\u2010-\u2015\u2212]+")


def parse_isrc(text: str) -> str:
    """The code as twelve characters, "CCXXXYYNNNNN". Raises BadIsrc for anything that is not one."""
    bare = _SEPARATORS.sub("", unicodedata.normalize("NFKC", text)).upper()
    bare = bare.removeprefix("ISRC").removeprefix(":")
    if not _SHAPE.fullmatch(bare):
        raise BadIsrc(
            "An ISRC has two letters, three letters or digits, and seven digits, as in QM-K3R-26-00017. "
            "Leave it empty if the recording has none.",
        )
    return bare


def format_isrc(code: str) -> str:
    """A stored code as it is printed: "QM-K3R-26-00017"."""
    return f"{code[:2]}-{code[2:5]}-{code[5:7]}-{code[7:]}"
