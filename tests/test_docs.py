"""What the documents say is true: their commands run, their links lead somewhere, the front page is one screen.

A fenced `bash` block after a line `<!-- test -->` is run against a running Backline, all blocks of a document
in one shell and in their order. `<!-- test: expects WORDS -->` also wants these words in what the block prints.
"""

import os
import re
import shutil
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from backline.config.testing import Stack
from backline.core.catalog.media.testing import Format, make_file

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "benchmarks/README.md", ROOT / "deploy/README.md"]
)
BLOCK = re.compile(
    r"^<!-- test(?:: expects (?P<words>[^\n]+?))? -->\n```bash\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL
)
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)[^)]*\)")
# A word in backticks with a slash, or with the ending of a file of ours, is meant as a path.
PATH = re.compile(r"`([A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)+/?|[A-Za-z0-9_-]+\.(?:md|toml))`")
TOP_FOLDERS = {path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".")}
PATIENCE_S = 240


@dataclass(frozen=True)
class Block:
    """A block of commands, and what it should print."""

    line: int
    code: str
    words: str


def blocks_of(document: Path) -> list[Block]:
    text = document.read_text()
    return [
        Block(text.count("\n", 0, found.start()) + 1, found["code"], found["words"] or "")
        for found in BLOCK.finditer(text)
    ]


def run(blocks: list[Block], folder: Path, environment: dict[str, str]) -> list[str]:
    """Run the blocks in one shell; returns what each printed. Fails with the first block that fails."""
    marks = [f"--- line {block.line}" for block in blocks]
    script = "".join(f'echo; echo "{mark}"\n{block.code}\n' for mark, block in zip(marks, blocks, strict=True))
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:]
    printed = re.split(r"^--- line \d+\n", done.stdout, flags=re.MULTILINE)[1:]
    assert len(printed) == len(blocks)
    return printed


def tools(folder: Path) -> str:
    """A PATH with `python3` of this environment, `backline`, and a `curl` where the machine has none."""
    folder.mkdir()
    programs = {"python3": sys.executable, "backline": f"{sys.executable} -m backline.config.cli"}
    if shutil.which("curl") is None:
        programs["curl"] = f"{sys.executable} {ROOT / 'tests' / 'curl.py'}"
    for name, command in programs.items():
        (folder / name).write_text(f'#!/bin/sh\nexec {command} "$@"\n')
        (folder / name).chmod(stat.S_IRWXU)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


@pytest.mark.parametrize("name", ["docs/guide/api.md", "docs/guide/operator.md"])
def test_the_commands_do_what_the_document_says(name: str, stack: Stack) -> None:
    blocks = blocks_of(ROOT / name)
    folder = stack.data.parent / Path(name).stem  # the user who runs a restored database can walk through there
    folder.mkdir(mode=0o711)
    sound = make_file(folder, Format.FLAC, seconds=40, seed=40)
    environment = stack.environment | {
        "PATH": tools(folder / "bin"),
        "PYTHONPATH": str(ROOT),
        "BASE": stack.url,
        "SOUND": sound.name,
    }

    printed = run(blocks, folder, environment)

    assert blocks != []
    missing = [f"{name}:{b.line}: {b.words}" for b, said in zip(blocks, printed, strict=True) if b.words not in said]
    assert missing == [], printed


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_and_paths_lead_somewhere(document: Path) -> None:
    text = document.read_text()

    broken = [link for link in LINK.findall(text) if not (document.parent / link).exists()]
    named = [path for path in PATH.findall(text) if "/" not in path or path.split("/")[0] in TOP_FOLDERS]
    lost = [path for path in named if not (ROOT / path).exists() and not (document.parent / path).exists()]

    assert broken == []
    assert lost == []


def test_the_front_page_is_one_screen_and_shows_a_picture() -> None:
    text = (ROOT / "README.md").read_text()

    pictures = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", text)

    assert len(text.splitlines()) <= 70
    assert pictures == ["docs/images/world.png"]
    assert 20_000 < (ROOT / pictures[0]).stat().st_size < 300_000


def test_every_guide_is_reached_from_the_front_page() -> None:
    linked = {(ROOT / link).resolve() for link in LINK.findall((ROOT / "README.md").read_text())}

    assert [guide.name for guide in (ROOT / "docs/guide").glob("*.md") if guide not in linked] == []


def test_decisions_are_numbered_without_a_gap() -> None:
    numbers = sorted(int(path.name[:4]) for path in (ROOT / "docs/adr").glob("*.md"))

    assert numbers == list(range(1, len(numbers) + 1))


def test_decisions_fit_one_screen_and_say_what_follows() -> None:
    for path in (ROOT / "docs/adr").glob("*.md"):
        text = path.read_text()
        assert text.startswith(f"# {path.name[:4]} "), path.name
        assert len(text.splitlines()) <= 60, path.name
        assert [part for part in ("**Context.**", "**Decision.**", "**Consequences.**") if part not in text] == []
