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
    """Install the named locks and the package itself, unless that is done; give the Python."""
    if sys.version_info < MINIMUM:
        found = ".".join(map(str, sys.version_info[:3]))
        sys.exit(f"got Python {found}, expected {MINIMUM[0]}.{MINIMUM[1]} or newer")
    python = _python()
    done = STAMP.read_text().splitlines() if STAMP.is_file() and python.is_file() else []
    missing = [lock for lock in locks if _digest(lock) not in done]
    if missing:
        _install(python, missing, fresh=not done)
        STAMP.write_text("\n".join({*done, *map(_digest, locks)}) + "\n")
    return python


def _python() -> Path:
    folder, name = ("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")
    return ENVIRONMENT / folder / name


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
