"""What a run is made with: model, threshold and columns; its digest names the run's folder."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from ka2nlp import __version__
from ka2nlp.bundles import bundle_digest, find_model, load_bundle
from ka2nlp.errors import ArchiveError
from ka2nlp.heads import check_threshold

__all__ = ["FORMAT", "Settings", "choose_settings", "parse_settings"]

FORMAT: Final = 1
"""Raised whenever the layout of an archive changes."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What stands in ``run.json``.

    Parameters
    ----------
    model
        Name and version.
    bundle
        SHA-256 of the model's manifest, which holds those of its other files.
    taxonomy
        Fingerprint.
    ka2nlp
        Version of the program.
    threshold
        In [0, 1]; None where the model's own thresholds decide.
    keep
        Names of the metadata that become columns.
    codes
        Of the taxonomy, in order.
    shard_rows
        Rows of a part; the last one may have fewer.
    device
        Where the encoder is computed: "cpu" or "cuda".
    """

    model: str
    bundle: str
    taxonomy: str
    ka2nlp: str
    threshold: float | None
    keep: tuple[str, ...]
    codes: tuple[str, ...]
    shard_rows: int
    device: str = "cpu"

    @property
    def digest(self) -> str:
        """64 hexadecimal digits that change with whatever may change the tags of a text."""
        identity = [FORMAT, self.bundle, self.taxonomy, self.ka2nlp, self.threshold]
        identity += [] if self.device == "cpu" else [self.device]
        return hashlib.sha256(json.dumps(identity).encode()).hexdigest()

    @property
    def run(self) -> str:
        """Name of the run's folder."""
        return f"run-{self.digest[:12]}"

    def to_json(self) -> str:
        """Give the contents of ``run.json``."""
        return json.dumps({"format": FORMAT, **asdict(self)}, ensure_ascii=False, indent=1) + "\n"


def choose_settings(
    model: Path | str | None,
    threshold: float | None,
    keep: Sequence[str],
    shard_rows: int,
    device: str = "cpu",
) -> Settings:
    """Verify a model and settle what a run with it is made with.

    Raises
    ------
    ModelError
        When the model is missing or damaged.
    ValueError
        When the threshold is no number in [0, 1], or a part is to have no row.
    """
    if threshold is not None:
        check_threshold(threshold)
    if shard_rows < 1:
        raise ValueError(f"got {shard_rows!r} rows a part, expected 1 or more")
    bundle = load_bundle(find_model(model))
    return Settings(
        model=f"{bundle.manifest.name} {bundle.manifest.version}",
        bundle=bundle_digest(bundle.folder),
        taxonomy=bundle.taxonomy.fingerprint,
        ka2nlp=__version__,
        threshold=threshold,
        keep=tuple(keep),
        codes=bundle.taxonomy.codes,
        shard_rows=shard_rows,
        device=device,
    )


def parse_settings(path: Path) -> Settings:
    """Read ``run.json``.

    Raises
    ------
    ArchiveError
        When it is not there, or was written in another format.
    """
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        found = record.pop("format")
        if found != FORMAT:
            raise ArchiveError(
                f"got {path} of the format {found}, expected {FORMAT}; "
                "read it with the version of ka2nlp that wrote it"
            )
        lists = {name: tuple(record[name]) for name in ("keep", "codes")}
        return Settings(**record | lists)
    except FileNotFoundError as error:
        raise ArchiveError(
            f"got {path.parent}, which is not finished; run the same `ka2nlp archive` again"
        ) from error
    except (OSError, ValueError, AttributeError, KeyError, TypeError) as error:
        raise ArchiveError(f"got {path}, which is not a run's ({error}); run it again") from error
