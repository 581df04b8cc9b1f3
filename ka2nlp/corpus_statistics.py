"""Describe a corpus: how often labels stand, alone and together, and how long the texts are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from ka2nlp.errors import CorpusError
from ka2nlp.labelled import LabelledDocument
from ka2nlp.taxonomy import Taxonomy

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["CorpusStatistics", "describe", "plot_statistics"]

_MIN_TOGETHER: Final = 5
_STRONGEST: Final = 12


@dataclass(frozen=True, slots=True)
class CorpusStatistics:
    """Counts of a corpus.

    Parameters
    ----------
    n_documents, n_unlabelled
        Documents, and those without a label.
    labels_per_document
        Mean number of codes.
    counts
        Documents of each code, in label order.
    together
        Of shape (n_labels, n_labels), int: documents that carry both codes.
    strongest
        Pairs that stand together most often beyond chance (a facet and its parent left out): the
        pair, its documents, and its lift (observed over expected).
    words
        Words of each text; empty where no texts were given.
    """

    n_documents: int
    n_unlabelled: int
    labels_per_document: float
    counts: Mapping[str, int]
    together: NDArray[np.int64]
    strongest: tuple[tuple[tuple[str, str], int, float], ...]
    words: tuple[int, ...]

    @property
    def median_words(self) -> float | None:
        """Median length of the texts, in words."""
        return float(np.median(self.words)) if self.words else None

    @property
    def p90_words(self) -> float | None:
        """Length, in words, under which nine texts in ten stay."""
        return float(np.quantile(self.words, 0.9)) if self.words else None


def describe(
    labels: Mapping[str, frozenset[str]], texts: Sequence[LabelledDocument], taxonomy: Taxonomy
) -> CorpusStatistics:
    """Count labels and words.

    Raises
    ------
    CorpusError
        When there is no document.
    """
    if not labels:
        raise CorpusError("got a corpus without a document, expected at least one")
    ticked = np.array([[code in found for code in taxonomy.codes] for found in labels.values()])
    counts = ticked.sum(axis=0)
    together = ticked.T.astype(np.int64) @ ticked.astype(np.int64)
    return CorpusStatistics(
        len(labels),
        int((~ticked.any(axis=1)).sum()),
        float(ticked.sum(axis=1).mean()),
        dict(zip(taxonomy.codes, map(int, counts), strict=True)),
        together,
        _strongest(together, len(labels), taxonomy),
        tuple(len(one.document.text.split()) for one in texts),
    )


def _strongest(
    together: NDArray[np.int64], n_documents: int, taxonomy: Taxonomy
) -> tuple[tuple[tuple[str, str], int, float], ...]:
    counts = np.diag(together)
    pairs = []
    for one in range(len(counts)):
        for other in range(one + 1, len(counts)):
            family = taxonomy.parents.get(other) == one
            if together[one, other] >= _MIN_TOGETHER and not family:
                lift = together[one, other] * n_documents / (counts[one] * counts[other])
                pair = (taxonomy.codes[one], taxonomy.codes[other])
                pairs.append((pair, int(together[one, other]), float(lift)))
    return tuple(sorted(pairs, key=lambda item: -item[2])[:_STRONGEST])


def plot_statistics(found: CorpusStatistics, taxonomy: Taxonomy, folder: Path | str) -> list[Path]:
    """Draw label counts, co-occurrence and text lengths (needs ``ka2nlp[learn]``).

    Returns
    -------
    list of Path
        The PNG files written into ``folder``.
    """
    from matplotlib.figure import Figure  # pyplot would meddle with the plots of a notebook

    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    codes = taxonomy.codes
    paths = [folder / "labels.png", folder / "together.png"]

    figure = Figure(figsize=(8, 10), layout="constrained")
    axes = figure.subplots()
    names = [f"{taxonomy[code].label}  {code}" for code in codes]
    axes.barh(names, [found.counts[code] for code in codes], color="#2a6f97")
    axes.invert_yaxis()
    axes.tick_params(axis="y", labelsize=8)
    axes.set_xlabel(f"documents, of {found.n_documents:,}")
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(paths[0], dpi=150)

    share = found.together / np.maximum(np.diag(found.together), 1)[:, None]
    figure = Figure(figsize=(9, 8), layout="constrained")
    axes = figure.subplots()
    image = axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(len(codes)), codes, rotation=90, fontsize=6)
    axes.set_yticks(range(len(codes)), codes, fontsize=6)
    axes.set_xlabel("also carry this code")
    axes.set_ylabel("documents with this code")
    figure.colorbar(image, label="share", shrink=0.7)
    figure.savefig(paths[1], dpi=150)

    if found.words:
        paths.append(folder / "lengths.png")
        figure = Figure(figsize=(7, 4), layout="constrained")
        axes = figure.subplots()
        axes.hist(found.words, bins=40, color="#2a6f97")
        axes.set_xlabel("words")
        axes.set_ylabel("documents")
        axes.spines[["top", "right"]].set_visible(False)
        figure.savefig(paths[2], dpi=150)
    return paths
