"""Finds or gets the Chromium that the browser tests drive, and notes its path in `.tools/chromium`.

A browser that is already there is used as it is. Where there is none, root lets the system's package
manager install one; anybody else asks playwright for its own, and where that cannot be downloaded, unpacks
the distribution's packages into `.tools` with a private copy of the package manager's state, which needs no
rights at all.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from bootstrap import TOOLS, VENV, SetupFailed, run, step

NOTE = TOOLS / "chromium"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PACKAGES = ("chromium", "fonts-dejavu-core")
FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run")
QUIET = ("--disable-background-networking", "--disable-component-update", "--disable-sync")


def ensure_browser() -> Path:
    """Return a Chromium that starts, getting one if need be. Raises SetupFailed when every way fails."""
    for candidate in candidates():
        if launches(candidate):
            NOTE.write_text(f"{candidate}\n")
            return candidate
    failures = []
    for title, get in ways():
        try:
            with step(title):
                get()
        except SetupFailed as failure:
            failures.append(str(failure))
            continue
        for candidate in candidates():
            if launches(candidate):
                NOTE.write_text(f"{candidate}\n")
                return candidate
        failures.append(f"{title}: it was installed but does not start")
    raise SetupFailed("no Chromium for the browser tests; set BACKLINE_CHROMIUM to one.\n" + "\n".join(failures))


def candidates() -> Iterator[Path]:
    """Yield the browsers that may be here, the one that was asked for or used before first."""
    named = os.environ.get("BACKLINE_CHROMIUM")
    if named:
        yield Path(named)
    if NOTE.is_file():
        yield Path(NOTE.read_text().strip())
    for name in NAMES:
        found = shutil.which(name)
        if found:
            yield Path(found)
    yield TOOLS / "chromium-debs" / "chromium"
    caches = [Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or TOOLS / "playwright")]
    with contextlib.suppress(RuntimeError):
        caches.append(Path("~/.cache/ms-playwright").expanduser())
    for cache in caches:
        with contextlib.suppress(OSError):
            yield from sorted(cache.glob("chromium-*/chrome-linux*/chrome"), reverse=True)


def launches(chromium: Path) -> bool:
    """Whether it draws a page: a binary without its libraries, or a snap without its daemon, does not."""
    if not chromium.is_file():
        return False
    with tempfile.TemporaryDirectory() as profile:
        page = ["--dump-dom", "data:text/html,<p>up</p>"]
        command: list[str | Path] = [chromium, *FLAGS, *QUIET, f"--user-data-dir={profile}", *page]
        with contextlib.suppress(SetupFailed):
            return "<p>up</p>" in run(command, timeout_s=60)
    return False


def ways() -> Iterator[tuple[str, Callable[[], None]]]:
    """Yield the ways to get a browser that this machine and user allow, the plainest first."""
    if shutil.which("apt-get") and os.geteuid() == 0:
        yield "Installing Chromium with apt", install_with_apt
    yield "Downloading Chromium with playwright", install_with_playwright
    if shutil.which("apt-get") and shutil.which("dpkg"):
        yield "Unpacking Chromium's packages into .tools", unpack_with_apt


def install_with_apt() -> None:
    """Install the distribution's Chromium into the system, as root."""
    env = {"DEBIAN_FRONTEND": "noninteractive"}
    with contextlib.suppress(SetupFailed):
        run(["apt-get", "update"], env=env)  # one dead source of many is no reason to give up
    run(["apt-get", "install", "-y", "--no-install-recommends", *PACKAGES], env=env)


def install_with_playwright() -> None:
    """Download playwright's own build into `.tools/playwright`."""
    env = {
        "PLAYWRIGHT_BROWSERS_PATH": str(TOOLS / "playwright"),
        "PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT": "20000",
    }
    run([VENV / "bin" / "playwright", "install", "chromium"], env=env, timeout_s=900)


def unpack_with_apt() -> None:
    """Download the packages and all they need with a private package state, and unpack them below `.tools`.

    The system's own list of installed packages is consulted, so only what is missing here comes along.
    """
    home = TOOLS / "chromium-debs"
    shutil.rmtree(home, ignore_errors=True)
    state, cache, tree = home / "state", home / "cache", home / "tree"
    for folder in (state / "lists" / "partial", cache / "archives" / "partial", tree):
        folder.mkdir(parents=True)
    shutil.copyfile("/var/lib/dpkg/status", state / "status")
    options = [
        f"-oDir::State={state}",
        f"-oDir::State::status={state / 'status'}",
        f"-oDir::Cache={cache}",
        "-oDebug::NoLocking=1",
        "-oAPT::Sandbox::User=",
        "-oAPT::Update::Post-Invoke=",
        "-oAPT::Update::Post-Invoke-Success=",
        "-oDPkg::Post-Invoke=",
        "-oAcquire::Languages=none",
        "-oAPT::Keep-Downloaded-Packages=true",
    ]
    with contextlib.suppress(SetupFailed):
        run(["apt-get", *options, "update"])
    run(["apt-get", *options, "install", "-y", "--no-install-recommends", "--download-only", *PACKAGES])
    for deb in sorted((cache / "archives").glob("*.deb")):
        run(["dpkg", "-x", deb, tree])
    shutil.rmtree(cache)
    shutil.rmtree(state)
    write_wrapper(home / "chromium", tree)


def write_wrapper(wrapper: Path, tree: Path) -> None:
    """Write the script that starts the unpacked browser with the unpacked libraries and fonts."""
    folders = sorted({str(lib.parent) for lib in tree.rglob("*.so*") if "chromium" not in lib.parts})
    binary = tree / "usr" / "lib" / "chromium" / "chromium"
    if not binary.exists():
        raise SetupFailed("the unpacked packages hold no browser")
    fonts = wrapper.parent / "fonts.conf"
    fonts.write_text(
        "<?xml version='1.0'?><!DOCTYPE fontconfig SYSTEM 'fonts.dtd'><fontconfig>"
        f"<dir>{tree}/usr/share/fonts</dir><dir>/usr/share/fonts</dir>"
        f"<cachedir>{wrapper.parent}/font-cache</cachedir></fontconfig>"
    )
    wrapper.write_text(
        "#!/bin/sh\n"
        f"export LD_LIBRARY_PATH='{':'.join(folders)}'\n"
        f"export FONTCONFIG_FILE='{fonts}'\n"
        f"exec '{binary}' \"$@\"\n"
    )
    wrapper.chmod(0o755)
