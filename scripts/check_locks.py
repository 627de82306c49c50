"""Checks the locks without a network: every pin has a hash, none names an index, all that is asked for is
pinned.

What is installed on a stranger's machine is decided by these files alone, so a lock that was edited by
hand, or made without hashes, or that would send everybody to one index, must not pass.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "requirements"
PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^ ;\\]+)")
NAME = re.compile(r"^([A-Za-z0-9._-]+)")


def normal(name: str) -> str:
    """Return the name as indexes compare names (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(text: str) -> dict[str, set[str]]:
    """Return name: versions of a lock's text (two where the version depends on the Python)."""
    found: dict[str, set[str]] = {}
    for line in text.splitlines():
        match = PIN.match(line)
        if match:
            found.setdefault(normal(match[1]), set()).add(match[2])
    return found


def asked_for(source: Path) -> set[str]:
    """Return the names a .in file asks for, those of the files it includes too."""
    names: set[str] = set()
    for raw in source.read_text().splitlines():
        line = raw.split("#")[0].strip()
        if line.startswith("-r "):
            names |= asked_for(source.parent / line[3:].strip())
        elif match := NAME.match(line):
            names.add(normal(match[1]))
    return names


def problems_of(lock: Path) -> list[str]:
    """Return what is wrong with one requirements lock."""
    text = lock.read_text()
    found = [f"{lock.name}: names an address" for _ in re.findall(r"https?://|--index-url|--find-links", text)[:1]]
    blocks = re.split(r"\n(?=[A-Za-z0-9])", text)
    found += [
        f"{lock.name}: {match[1]} has no hash"
        for block in blocks
        if (match := PIN.match(block)) and "--hash=sha256:" not in block
    ]
    missing = asked_for(lock.with_suffix(".in")) - set(pins(text))
    return found + [f"{lock.name}: {name} is asked for but not pinned; run `make lock`" for name in sorted(missing)]


def problems_of_node(lock: Path, package: Path) -> list[str]:
    """Return what is wrong with the front end's lock."""
    locked = json.loads(lock.read_text())["packages"]
    asked = json.loads(package.read_text())
    found = [f"{lock.name}: {name} names an address" for name, entry in locked.items() if "resolved" in entry]
    found += [f"{lock.name}: {name} has no hash" for name, entry in locked.items() if name and "integrity" not in entry]
    for kind in ("dependencies", "devDependencies"):
        if asked.get(kind, {}) != locked[""].get(kind, {}):
            found.append(f"{lock.name}: {kind} differ from {package.name}; run `npm install` in frontend/")
    return found


def main() -> int:
    """Print every problem. Returns 1 when there is one."""
    found = [line for lock in sorted(REQUIREMENTS.glob("*.txt")) for line in problems_of(lock)]
    base, dev = (pins((REQUIREMENTS / name).read_text()) for name in ("base.txt", "dev.txt"))
    found += [f"dev.txt: {name} differs from base.txt" for name, versions in base.items() if dev.get(name) != versions]
    found += problems_of_node(ROOT / "frontend" / "package-lock.json", ROOT / "frontend" / "package.json")
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
