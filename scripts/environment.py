"""Make the project's virtual environment and keep it in step with the lock.

Used by ``run`` and ``test``; needs Python 3.11 with pip and nothing else, on any system.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ROOT / "scripts" / "locks"
ENVIRONMENT = ROOT / ".venv"
STAMP = ENVIRONMENT / "locks.sha256"
MINIMUM = (3, 11)


def ensure(*locks: str) -> Path:
    """Install the named locks and the package itself, unless that is done; give the Python.

    An environment that another Python made is made anew: its packages are of no use to this one.
    """
    if sys.version_info < MINIMUM:
        sys.exit(f"got Python {_version()}, expected {MINIMUM[0]}.{MINIMUM[1]} or newer")
    python = _python()
    usable = STAMP.is_file() and python.is_file() and _made_by() == _version()
    done = STAMP.read_text().splitlines() if usable else []
    missing = [lock for lock in locks if _digest(lock) not in done]
    if missing:
        _install(python, missing, fresh=not done)
        STAMP.write_text("\n".join({*done, *map(_digest, locks)}) + "\n")
    return python


def _python() -> Path:
    folder, name = ("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")
    return ENVIRONMENT / folder / name


def _version() -> str:
    return ".".join(map(str, sys.version_info[:3]))


def _made_by() -> str:
    """Give the version of the Python that made the environment, as it is noted there."""
    notes = ENVIRONMENT / "pyvenv.cfg"
    for line in notes.read_text().splitlines() if notes.is_file() else ():
        name, _, value = line.partition("=")
        if name.strip() == "version":
            return value.strip()
    return ""


def _digest(lock: str) -> str:
    """Tell apart locks, and environments made by another Python or for another package set-up."""
    parts = [(LOCKS / f"{lock}.txt").read_bytes(), (ROOT / "pyproject.toml").read_bytes()]
    return hashlib.sha256(b"\0".join([sys.version.encode(), *parts])).hexdigest()


def _install(python: Path, locks: list[str], *, fresh: bool) -> None:
    print(f"ka2nlp: installing {', '.join(locks)} into {ENVIRONMENT.name} ...", file=sys.stderr)
    if fresh:
        venv.create(ENVIRONMENT, with_pip=True, clear=ENVIRONMENT.exists())
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    for lock in locks:
        _call([*pip, "--requirement", str(LOCKS / f"{lock}.txt")])
    _call([*pip, "--no-deps", "--no-build-isolation", "--editable", str(ROOT)])


def _call(command: list[str]) -> None:
    """Run pip with its words on standard error: standard output belongs to the caller's command."""
    done = subprocess.run(command, stdout=sys.stderr, check=False)
    if done.returncode:
        sys.exit(f"ka2nlp: pip failed with code {done.returncode}; its message stands above")
