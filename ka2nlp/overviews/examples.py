"""Choose projects that show a label: typical ones, and ones to check, with their evidence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from ka2nlp.overviews.runs import Run, read_part
from ka2nlp.overviews.tallies import MEASURES
from ka2nlp.records import ADDRESSED, TO_CHECK

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Candidates", "Example"]

_COLUMNS: Final = ("id", "title", "evidence")
_EACH: Final = 3


@dataclass(frozen=True, slots=True)
class Example:
    """A project that shows a label.

    Parameters
    ----------
    code
        The label.
    answer
        "addressed" for a typical example, "to check" for one that leaves room for doubt.
    probability
        Calibrated, in [0, 1].
    id, title
        Of the project.
    evidence
        The sentence that shows it best; empty where there is none.
    """

    code: str
    answer: str
    probability: float
    id: str
    title: str
    evidence: str


class _Candidate(NamedTuple):
    merit: float
    number: int
    chance: float
    title: str


class Candidates:
    """Keeps the best few rows of each label while a run goes by.

    Typical are the likeliest of those addressed; to check, those nearest to even odds, tagged ones
    first because they have evidence. Equal ones come in the order of the run; of projects with one
    title, the best stands for all.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._best: dict[tuple[int, str], list[_Candidate]] = defaultdict(list)

    def add(
        self, rows: NDArray[np.float64], numbers: NDArray[np.int64], titles: Sequence[str | None]
    ) -> None:
        """Consider a batch.

        Parameters
        ----------
        rows
            Of shape (n, 5, n_codes): the measures.
        numbers
            Of shape (n,): numbers of the rows in the run.
        titles
            Of the n projects.
        """
        chances = rows[:, 0]
        decided, addressed, to_check = (
            rows[:, MEASURES.index(name)] > 0 for name in ("decided", "addressed", "to_check")
        )
        merits = {
            ADDRESSED: np.where(addressed & decided, chances, -np.inf),
            TO_CHECK: np.where(to_check, decided - np.abs(chances - 0.5), -np.inf),
        }
        for answer, merit in merits.items():
            order = np.argsort(-merit, axis=0, kind="stable")
            for column in range(merit.shape[1]):
                best = self._best[column, answer]
                for row in order[:, column]:
                    if not _keep(
                        best,
                        _Candidate(
                            float(merit[row, column]),
                            int(numbers[row]),
                            float(chances[row, column]),
                            titles[row] or f"row {numbers[row]}",
                        ),
                    ):
                        break

    def examples(self) -> tuple[Example, ...]:
        """Read titles and evidence of the chosen rows; in the order of the taxonomy."""
        chosen = [
            (column, answer, one)
            for (column, answer), best in sorted(self._best.items())
            for one in best
        ]
        rows = _read_rows(self._run, {one.number for _, _, one in chosen})
        codes = self._run.taxonomy.codes
        return tuple(
            Example(
                codes[column],
                answer,
                one.chance,
                str(rows[one.number]["id"]),
                str(rows[one.number]["title"] or ""),
                _best_sentence(rows[one.number]["evidence"], codes[column]),
            )
            for column, answer, one in chosen
        )


def _keep(best: list[_Candidate], one: _Candidate) -> bool:
    """Put a candidate among the few best, in order; tell whether worse ones may still find room."""
    if not np.isfinite(one.merit) or (len(best) == _EACH and one.merit <= best[-1].merit):
        return False
    namesake = next((at for at, other in enumerate(best) if other.title == one.title), None)
    if namesake is not None:
        if best[namesake].merit >= one.merit:
            return True
        del best[namesake]
    best.append(one)
    best.sort(key=lambda other: (-other.merit, other.number))
    del best[_EACH:]
    return True


def _read_rows(run: Run, numbers: set[int]) -> dict[int, dict[str, Any]]:
    """Read some rows, by their numbers in the run."""
    from pyarrow.parquet import read_metadata

    found = {}
    first = 0
    for part in run.parts:
        n_rows: int = read_metadata(part).num_rows
        wanted = sorted(number - first for number in numbers if first <= number < first + n_rows)
        if wanted:
            found.update({first + at: row for at, row in _pick(part, wanted)})
        first += n_rows
    return found


def _pick(part: Path, wanted: list[int]) -> list[tuple[int, dict[str, Any]]]:
    picked: list[tuple[int, dict[str, Any]]] = []
    first = 0
    for batch in read_part(part, _COLUMNS):
        here = [at for at in wanted if first <= at < first + batch.num_rows]
        rows = batch.take([at - first for at in here]).to_pylist()
        picked += zip(here, rows, strict=True)
        first += batch.num_rows
    return picked


def _best_sentence(evidence: list[dict[str, Any]] | None, code: str) -> str:
    texts = (one["text"] for one in evidence or () if one["code"] == code)
    return " ".join(next(texts, "").split())
