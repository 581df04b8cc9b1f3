"""The environments of the peers: made on first use, each of its own, outside the working tree."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

PEERS = Path(__file__).resolve().parent


class PeerError(Exception):
    """A peer that cannot be installed, or that failed; the message is one line."""


def peer_python(name: str) -> Path:
    """Give the Python of a peer's environment, installing what ``NAME.txt`` pins where needed."""
    pins = PEERS / f"{name}.txt"
    folder = _cache() / name
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp = folder / "pins.sha256"
    digest = hashlib.sha256(sys.version.encode() + pins.read_bytes()).hexdigest()
    if not (stamp.is_file() and stamp.read_text() == digest):
        print(f"installing {name} into {folder} ...", file=sys.stderr)
        venv.create(folder, with_pip=True, clear=True)
        run(python, "-m", "pip", "install", "--quiet", "--requirement", pins)
        stamp.write_text(digest)
    return python


def run(*command: Path | str, folder: Path | None = None) -> None:
    """Run a command without network for models and without progress bars.

    Raises
    ------
    PeerError
        When it fails, with the last line that it wrote to standard error.
    """
    done = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env={**os.environ, "HF_HUB_OFFLINE": "1", "TQDM_DISABLE": "1"},
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        print(done.stderr, file=sys.stderr)
        lines = done.stderr.split("\n")
        last = next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")
        raise PeerError(f"exit code {done.returncode}: {last}")


def _cache() -> Path:
    """Find the folder of all peers' environments: $KA2NLP_PEERS, or the user's cache."""
    given = os.environ.get("KA2NLP_PEERS")
    return Path(given) if given else Path.home() / ".cache" / "ka2nlp" / "peers"
