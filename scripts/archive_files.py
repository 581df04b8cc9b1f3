"""Two archives, compared; used by ``archive_drill`` and ``benchmark_scaling``."""

from __future__ import annotations

from pathlib import Path


def same_files(first: Path, second: Path) -> bool:
    """Tell whether two archives hold the same files, byte by byte; their locks do not count."""
    names = _names(first)
    return names == _names(second) and all(
        (first / name).read_bytes() == (second / name).read_bytes() for name in names
    )


def _names(folder: Path) -> list[Path]:
    return sorted(
        path.relative_to(folder)
        for path in folder.rglob("*")
        if path.is_file() and path.name != ".lock"
    )
