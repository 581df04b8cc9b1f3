"""Overviews: the figures are those of the rows, whatever the shards."""

from __future__ import annotations

import json
import random
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ka2nlp import Taxonomy
from ka2nlp.errors import ArchiveError, InputError

pytest.importorskip("pyarrow", reason="pyarrow comes with the archive extra")

from archive_folders import write_archive

from ka2nlp.overviews.breakdowns import MAX_CELLS
from ka2nlp.overviews.comparison import compare
from ka2nlp.overviews.figures import REPEATED, Figures, count, kind
from ka2nlp.overviews.runs import open_run
from ka2nlp.overviews.tallies import Tally

KEEP = ("year", "action", "country", "Topics")
ROWS = (
    {"id": "a", "year": "2016", "country": "Malta", "Topics": "Bees, bats; Bread", "tags": ["S1", "I9"], "scores": {"S1": 0.9, "I9": 0.75}},
    {"id": "b", "year": "2017", "country": "Malta", "Topics": "Bread;  Bread ;", "tags": ["S1"], "addressed": [], "to_check": ["S1"], "scores": {"S1": 0.5}, "warnings": ["the text has 7 words: under 20, tags are unreliable"]},
    {"id": "c", "problem": "got row 3 without a text", "year": "2016"},
    {"id": "d", "year": "2016", "country": None, "Topics": None, "language": "de", "warnings": ["the text has 9 words: under 20, tags are unreliable"]},
    {"id": "e", "year": " 2016 ", "country": "Cyprus", "Topics": "Bees, bats", "tags": ["I9", "S2"], "scores": {"I9": 0.6, "S2": 0.8}},
)  # fmt: skip


def read(folder: Path, taxonomy: Taxonomy) -> Figures:
    return count(open_run(folder, taxonomy))


@pytest.fixture
def figures(tmp_path: Path, taxonomy: Taxonomy) -> Figures:
    write_archive(tmp_path, ROWS, keep=KEEP, shard_rows=2)
    return read(tmp_path, taxonomy)


def test_expected_numbers_are_sums_of_probabilities(figures: Figures, taxonomy: Taxonomy) -> None:
    s1, i9 = taxonomy.column("S1"), taxonomy.column("I9")
    assert (figures.n, figures.n_rows) == (4, 5)
    assert figures.total.expected[0, s1] == pytest.approx(1.4)
    assert figures.total.deviation[0, s1] == pytest.approx(np.sqrt(0.9 * 0.1 + 0.25))
    assert figures.total.count("decided")[0, [s1, i9]].tolist() == [2, 2]
    assert figures.total.count("addressed")[0, s1] == 1
    assert figures.total.count("to_check")[0, s1] == 1
    assert figures.n_outcomes[:3].tolist() == [1, 1, 2]


def test_groups_are_those_of_the_rows(figures: Figures, taxonomy: Taxonomy) -> None:
    found = {
        one.dimension.name: dict(zip(one.values, one.tally.n.tolist(), strict=True))
        for one in figures.breakdowns
    }
    assert found == {
        "year": {"2016": 3, "2017": 1},
        "action": {"not stated": 4},
        "country": {"Malta": 2, "Cyprus": 1, "not stated": 1},
        # split at semicolons only; a topic that is named twice counts once
        "topic": {"Bees, bats": 2, "Bread": 2, "not stated": 1},
    }
    topics = figures.breakdowns[-1]
    at = topics.values.index("Bees, bats")
    assert topics.tally.expected[at, taxonomy.column("I9")] == pytest.approx(1.35)


def test_what_stands_together(figures: Figures, taxonomy: Taxonomy) -> None:
    s1, s2, i9 = map(taxonomy.column, ("S1", "S2", "I9"))
    assert figures.together[i9, [s1, s2, i9]].tolist() == [1, 1, 2]
    assert figures.conditional[s2, i9] == 1
    assert figures.conditional[i9, s2] == 0.5
    assert np.isnan(figures.conditional[taxonomy.column("C3"), s1])


def test_problems_and_warnings_are_counted_by_kind(figures: Figures) -> None:
    assert figures.problems == {"got row … without a text": 1}
    assert figures.warnings == {"the text has … words: under 20, tags are unreliable": 2}
    assert figures.languages == {"en": 3, "de": 1}
    assert kind("in the language 'pl': 3 of 4") == "in the language '…': … of 4"


def test_examples_have_evidence_and_differ_in_title(tmp_path: Path, taxonomy: Taxonomy) -> None:
    rows = [
        {"id": str(at), "title": title, "tags": ["S6"], "scores": {"S6": chance}, "evidence": {"S6": f"Sentence\n{at}."}}
        for at, (title, chance) in enumerate([("Loom", 0.8), ("Loom", 0.9), ("Kiln", 0.7), ("Forge", 0.6), ("Mill", 0.5)])
    ]  # fmt: skip
    doubt = {"id": "d", "title": "Weir", "to_check": ["S6"], "scores": {"S6": 0.3}}
    write_archive(tmp_path, [*rows, doubt], shard_rows=2)
    found = read(tmp_path, taxonomy).examples
    assert [(one.answer, one.id, one.evidence) for one in found] == [
        ("addressed", "1", "Sentence 1."),
        ("addressed", "2", "Sentence 2."),
        ("addressed", "3", "Sentence 3."),
        ("to check", "d", ""),
    ]


def invented(n: int, seed: int, n_countries: int = 4) -> list[dict[str, Any]]:
    draw = random.Random(seed)
    codes = Taxonomy.load().codes
    rows = []
    for at in range(n):
        scores = {code: draw.random() ** 3 for code in codes}
        tags = [code for code in codes if scores[code] > 0.4]
        rows.append(
            {
                "id": f"p{at}",
                "scores": scores,
                "tags": tags,
                "to_check": [code for code in codes if 0.2 < scores[code] < 0.4],
                "year": str(2010 + draw.randrange(9)),
                "action": f"Action {draw.randrange(12)}",
                "country": f"Country {draw.randrange(n_countries):03d}",
            }
        )
    return rows


def test_shards_do_not_matter(tmp_path: Path, taxonomy: Taxonomy) -> None:
    rows = invented(60, seed=1)
    for size in (7, 60):
        write_archive(tmp_path / str(size), rows, keep=KEEP, shard_rows=size)
    one, other = (read(tmp_path / size, taxonomy) for size in ("7", "60"))
    np.testing.assert_allclose(one.total.sums, other.total.sums, rtol=1e-12)
    np.testing.assert_array_equal(one.together, other.together)
    assert one.examples == other.examples


def test_the_cube_adds_up_and_stays_small(tmp_path: Path, taxonomy: Taxonomy) -> None:
    write_archive(tmp_path, invented(3000, 2, n_countries=80), keep=KEEP, shard_rows=1000)
    figures = read(tmp_path, taxonomy)
    cube = figures.cube
    assert cube is not None
    assert 200 < len(cube.cells) <= MAX_CELLS
    np.testing.assert_allclose(cube.tally.sums.sum(axis=0), figures.total.sums[0])
    assert cube.tally.n.sum() == figures.n
    by_year = figures.breakdowns[0]
    for at, year in enumerate(cube.values[0]):
        groups = [group for key, group in cube.cells.items() if key[0] == at]
        expected = by_year.tally.sums[by_year.values.index(year)]
        np.testing.assert_allclose(cube.tally.sums[groups].sum(axis=0), expected)


@pytest.mark.parametrize(("n", "seed"), [(40, 0), (400, 1), (3000, 2)])
def test_the_interval_is_that_of_the_poisson_binomial(n: int, seed: int) -> None:
    chances = np.random.default_rng(seed).beta(0.4, 1.2, size=n)
    exact = np.ones(1)
    for chance in chances:
        exact = np.convolve(exact, [1 - chance, chance])
    tally = Tally.empty(1, 1)
    rows = np.zeros((n, 5, 1))
    rows[:, 0, 0], rows[:, 1, 0] = chances, chances * (1 - chances)
    tally.add(np.zeros(n, dtype=np.int64), rows)
    low, high = (bound[0, 0] for bound in tally.interval)
    held = exact[int(np.ceil(low)) : int(high) + 1].sum()
    assert 0.93 <= held <= 0.97
    cumulated = exact.cumsum()
    assert low == pytest.approx(np.searchsorted(cumulated, 0.025), abs=1.5)
    assert high == pytest.approx(np.searchsorted(cumulated, 0.975), abs=1.5)


def test_intervals_stay_within_the_projects() -> None:
    tally = Tally(np.array([3]), np.array([[[2.9, 0.1], [0.1, 0.1], [0, 0], [0, 0], [0, 0]]]))
    low, high = tally.interval
    assert low.min() == 0
    assert high.max() == 3


def test_compare_the_same_projects(tmp_path: Path, taxonomy: Taxonomy) -> None:
    sklearn_metrics = pytest.importorskip("sklearn.metrics")
    rows = invented(50, seed=3)
    others = [{**row, "tags": row["tags"][:9]} for row in reversed(rows)]
    write_archive(tmp_path / "this", rows)
    write_archive(tmp_path / "other", others)
    found = compare(read(tmp_path / "this", taxonomy), read(tmp_path / "other", taxonomy))
    assert found.same_projects
    changes = found.changes
    assert changes is not None
    assert changes.n == 50
    mine = np.array([[code in row["tags"] for code in taxonomy.codes] for row in rows])
    theirs = np.array([[code in row["tags"][:9] for code in taxonomy.codes] for row in rows])
    np.testing.assert_array_equal(changes.gained, (mine & ~theirs).sum(axis=0))
    np.testing.assert_array_equal(changes.lost, 0)
    np.testing.assert_allclose(changes.agreement, (mine == theirs).mean(axis=0))
    column = taxonomy.column("S8")
    kappa = sklearn_metrics.cohen_kappa_score(mine[:, column], theirs[:, column])
    assert changes.kappa[column] == pytest.approx(kappa)
    np.testing.assert_allclose(found.shift, 0, atol=1e-12)


def test_compare_two_archives(tmp_path: Path, taxonomy: Taxonomy) -> None:
    def write(name: str, n: int, chance: float) -> Figures:
        rows = [{"id": f"{name}{at}", "scores": {"S1": chance}} for at in range(n)]
        write_archive(tmp_path / name, rows, shard_rows=100)
        return read(tmp_path / name, taxonomy)

    found = compare(write("one", 200, 0.5), write("two", 50, 0.2))
    assert found.changes is None
    assert not found.same_projects
    assert found.shift[0] == pytest.approx(0.3)
    reach = 1.96 * np.sqrt(0.25 / 200 + 0.16 / 50)
    assert found.high[0] - found.shift[0] == pytest.approx(reach, rel=1e-3)


def test_a_repeated_identifier_counts_once(tmp_path: Path, taxonomy: Taxonomy) -> None:
    write_archive(tmp_path / "this", [{"id": "x", "tags": ["S1"]}, {"id": "x"}, {"id": "y"}])
    write_archive(tmp_path / "other", [{"id": "y"}, {"id": "x"}, {"id": "z"}])
    this, other = (read(tmp_path / name, taxonomy) for name in ("this", "other"))
    changes = compare(this, other).changes
    assert changes is not None
    assert changes.n == 2
    assert changes.gained[0] == 1
    assert not compare(this, other).same_projects
    assert compare(this, this).same_projects
    assert (this.warnings, other.warnings) == ({REPEATED: 1}, {})


def test_bad_archives_say_what_to_do(tmp_path: Path, taxonomy: Taxonomy) -> None:
    with pytest.raises(ArchiveError, match="in which no run has finished"):
        open_run(tmp_path, taxonomy)
    where = write_archive(tmp_path, [{"id": "a"}])
    (tmp_path / "latest.json").write_text('{"run": "../elsewhere"}')
    with pytest.raises(ArchiveError, match="which is not finished"):
        open_run(tmp_path, taxonomy)
    assert open_run(where, taxonomy).settings.model == "toy 1"  # a run folder will do
    record = json.loads((where / "run.json").read_text())
    for change, complaint in (
        ({"format": 9}, "of the format 9, expected 1"),
        ({"codes": ["S1"]}, "tag again with a model for this taxonomy"),
    ):
        (where / "run.json").write_text(json.dumps(record | change))
        with pytest.raises(ArchiveError, match=complaint):
            open_run(where, taxonomy)
    (where / "run.json").write_text(json.dumps(record | {"keep": ["year"]}))
    with pytest.raises(InputError, match="without the column 'year'"):
        read(where, taxonomy)
    (where / "run.json").write_text(json.dumps(record))
    next(where.glob("part-*")).write_bytes(b"PAR1 no more")
    with pytest.raises(InputError, match="not a readable Parquet file"):
        read(where, taxonomy)


def test_an_archive_of_problems_has_no_figures(tmp_path: Path, taxonomy: Taxonomy) -> None:
    write_archive(tmp_path, [{"id": "a", "problem": "got no text"}], keep=("year",))
    with pytest.raises(InputError, match="without a tagged row"):
        read(tmp_path, taxonomy)


def test_strongest_pairs_are_ordered_by_lift(tmp_path: Path, taxonomy: Taxonomy) -> None:
    rows = (
        [{"tags": ["S1", "S5"]}] * 6 + [{"tags": ["S1"]}] * 6 + [{"tags": ["I2", "O1", "O1a"]}] * 20
    )
    rows += [{"tags": ["S6", "S1"]}] * 4  # too few
    write_archive(tmp_path, rows, shard_rows=50)
    pairs = read(tmp_path, taxonomy).strongest()
    assert {frozenset((pair.first, pair.second)) for pair in pairs} == {
        frozenset(("S1", "S5")),
        frozenset(("O1", "I2")),
    }
    assert all(one.lift >= other.lift for one, other in pairwise(pairs))
    assert pairs[0].first == "S5"
    assert pairs[0].lift == pytest.approx(36 / 16)


def test_groups_are_found_by_the_headers_of_the_export(tmp_path: Path, taxonomy: Taxonomy) -> None:
    keep = ("Funding Year", "Action Type", "Coordinator's country")
    write_archive(tmp_path, [dict(zip(keep, ("2017", "KA220", "PT"), strict=True))], keep=keep)
    groups = [(one.dimension.name, one.values) for one in read(tmp_path, taxonomy).breakdowns]
    assert groups == [("year", ("2017",)), ("action", ("KA220",)), ("country", ("PT",))]


def test_pairs_at_chance_are_not_shown(tmp_path: Path, taxonomy: Taxonomy) -> None:
    rows: list[dict[str, Any]] = [{"tags": tags} for tags in (["S1", "S5"], ["S1"], ["S5"], [])]
    write_archive(tmp_path, rows * 10, shard_rows=50)
    assert read(tmp_path, taxonomy).strongest() == []
