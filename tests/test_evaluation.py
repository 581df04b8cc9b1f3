from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score, f1_score

from ka2nlp import Document, Evidence, Report, Tag, Taxonomy
from ka2nlp.errors import CorpusError
from ka2nlp.evaluation import evaluate_arrays, evaluate_reports, group_columns
from ka2nlp.labelled import LabelledDocument, read_labelled
from ka2nlp.measures import average_precision, calibration_error
from ka2nlp.records import TO_CHECK


def random_case(seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    scores = rng.random((40, 48))
    return rng.random((40, 48)) < scores, scores, scores > 0.6


def test_groups_cover_the_guidelines(taxonomy: Taxonomy) -> None:
    sizes = {name: len(columns) for name, columns in group_columns(taxonomy).items()}
    assert sizes == {"outcomes": 24, "facets": 13, "framing aims": 11}


def test_f1_agrees_with_scikit_learn(taxonomy: Taxonomy) -> None:
    truth, scores, decided = random_case()
    evaluation = evaluate_arrays(truth, scores, decided, taxonomy)
    for group, columns in zip(
        evaluation.groups, [*group_columns(taxonomy).values(), list(range(48))], strict=True
    ):
        for average, value in (("micro", group.micro_f1), ("macro", group.macro_f1)):
            expected = f1_score(truth[:, columns], decided[:, columns], average=average)
            assert value == pytest.approx(expected)


@pytest.mark.parametrize("n_values", [3, 1000])
def test_average_precision_agrees_with_scikit_learn(n_values: int) -> None:
    truth, scores, _ = random_case(1)
    for column in range(truth.shape[1]):
        ranked = np.round(scores[:, column] * n_values) / n_values  # few values: many are equal
        expected = average_precision_score(truth[:, column], ranked)
        assert average_precision(truth[:, column], ranked) == pytest.approx(expected)


def test_codes_that_nobody_ticks_are_left_out_of_macro(taxonomy: Taxonomy) -> None:
    truth = np.zeros((5, 48), dtype=bool)
    truth[:, 0] = True
    evaluation = evaluate_arrays(truth, truth.astype(float), truth, taxonomy)
    outcomes = evaluation.groups[0]
    assert (outcomes.micro_f1, outcomes.macro_f1, outcomes.mean_average_precision) == (1, 1, 1)
    assert evaluation.codes[1].f1 is None
    assert evaluation.groups[1].macro_f1 is None
    wrong = truth.copy()
    wrong[0, 1] = True
    assert evaluate_arrays(truth, truth.astype(float), wrong, taxonomy).codes[1].f1 == 0


def test_calibration_of_a_rare_code_is_not_told(taxonomy: Taxonomy) -> None:
    truth, scores, decided = random_case()
    truth[:, 0], truth[:, 1] = np.arange(40) < 29, np.arange(40) < 30
    codes = evaluate_arrays(truth, scores, decided, taxonomy).codes
    assert codes[0].calibration_error is None
    assert codes[1].calibration_error is not None


def test_three_answers(taxonomy: Taxonomy) -> None:
    truth = np.zeros((4, 48), dtype=bool)
    truth[:2, 0] = True
    answers = np.zeros((4, 48), dtype=np.int64)
    answers[:, 0] = [2, 0, 2, 1]
    evaluation = evaluate_arrays(truth, truth.astype(float), truth, taxonomy, answers)
    first = evaluation.codes[0]
    assert (first.missed, first.right, first.to_check) == (0.5, 0.5, 0.25)
    assert (evaluation.codes[1].missed, evaluation.codes[1].right) == (None, None)
    outcomes = evaluation.groups[0].answers
    assert outcomes is not None
    assert outcomes.to_check == pytest.approx(1 / (4 * 24))


def test_labels_may_be_zeros_and_ones_or_frames(taxonomy: Taxonomy) -> None:
    truth, scores, decided = random_case()
    answers = np.digitize(scores, [0.3, 0.6])
    expected = evaluate_arrays(truth, scores, decided, taxonomy, answers)
    for kind in (np.asarray, pd.DataFrame):
        ones = kind(truth.astype(int)), kind(scores), kind(decided.astype(int))
        assert evaluate_arrays(*ones, taxonomy, answers) == expected


def test_intervals_hold_the_figure_and_narrow_with_more_documents(taxonomy: Taxonomy) -> None:
    truth, scores, decided = random_case()
    few = evaluate_arrays(truth, scores, decided, taxonomy).groups[0]
    nine = [np.tile(a, (9, 1)) for a in (truth, scores, decided)]
    many = evaluate_arrays(nine[0], nine[1], nine[2], taxonomy)
    wide, narrow = few.micro_interval, many.groups[0].micro_interval
    assert wide is not None
    assert narrow is not None
    assert few.micro_f1 is not None
    assert wide[0] < few.micro_f1 < wide[1]
    assert wide[1] - wide[0] > 2 * (narrow[1] - narrow[0])


def test_what_was_not_judged_is_neither_right_nor_wrong(taxonomy: Taxonomy) -> None:
    truth, scores, decided = random_case()
    answers = np.digitize(scores, [0.3, 0.6])
    expected = evaluate_arrays(truth, scores, decided, taxonomy, answers)
    judged = np.ones((80, 48), dtype=bool)
    judged[40:] = False  # whatever stands there
    doubled = np.vstack([truth, ~truth]), np.vstack([scores] * 2), np.vstack([decided] * 2)
    twice = np.vstack([answers] * 2)
    found = evaluate_arrays(*doubled, taxonomy, twice, judged=judged)
    assert found.codes == expected.codes
    for one, other in zip(found.groups, expected.groups, strict=True):
        same = {"micro_interval": None, "macro_interval": None}  # fewer documents are drawn
        assert replace(one, **same) == replace(other, **same)  # type: ignore[arg-type]
    judged[:, 1:] = False
    found = evaluate_arrays(*doubled, taxonomy, twice, judged=judged)
    assert found.codes[0] == expected.codes[0]
    assert (found.codes[1].n_judged, found.codes[1].n_gold, found.codes[1].f1) == (0, 0, None)
    assert [group.n_codes for group in found.groups] == [1, 0, 0, 1]
    assert found.groups[0].micro_f1 == expected.codes[0].f1
    assert found.groups[1].micro_f1 is None


def test_calibration_error() -> None:
    rng = np.random.default_rng(1)
    scores = rng.random(100_000)
    assert calibration_error(rng.random(100_000) < scores, scores) < 0.01
    assert calibration_error(np.zeros(100, dtype=bool), np.full(100, 0.3)) == pytest.approx(0.3)
    assert calibration_error(np.zeros(0, dtype=bool), np.zeros(0)) == 0


def test_shapes_must_agree(taxonomy: Taxonomy) -> None:
    truth, scores, decided = random_case()
    with pytest.raises(ValueError, match=r"expected \(n_documents, 48\) for each"):
        evaluate_arrays(truth, scores[:, :5], decided, taxonomy)


def test_evidence_of_right_tags(taxonomy: Taxonomy) -> None:
    def tag(code: str, *spans: tuple[int, int]) -> Tag:
        return Tag(
            code, "", "systemic", 0.9, tuple(Evidence(a, b, "x" * (b - a), 1) for a, b in spans)
        )

    gold = [
        LabelledDocument(
            Document("a", "", "x" * 100),
            frozenset({"S1", "S2", "S3"}),
            {"S1": ((0, 10),), "S2": ((20, 30),), "S3": ((0, 10),)},
        )
    ]
    tags = (
        tag("S1", (2, 10)),
        tag("S2", (50, 60), (20, 26)),
        tag("S3", (9, 30)),
        tag("S4", (0, 9)),
    )
    answers = dict.fromkeys(taxonomy.codes, TO_CHECK)
    report = Report("a", "", tags, dict.fromkeys(taxonomy.codes, 0.5), answers, "m", "t", 1, 1)
    evidence = evaluate_reports(gold, [report], taxonomy).evidence
    assert evidence is not None
    assert evidence.n_tags == 3
    assert evidence.any_hit == pytest.approx(2 / 3)
    assert evidence.first_hit == pytest.approx(1 / 3)


def test_gold_is_read_with_parents(tmp_path: Path, taxonomy: Taxonomy) -> None:
    row = {
        "id": "a",
        "title": "T",
        "text": "Text.",
        "labels": ["O1b"],
        "evidence": {"O1b": [[0, 5]]},
    }
    path = tmp_path / "gold.jsonl"
    path.write_text(json.dumps(row))
    (gold,) = read_labelled(path, taxonomy)
    assert gold.labels == {"O1", "O1b"}
    assert gold.evidence == {"O1b": ((0, 5),)}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{}", "KeyError"),
        ('{"id": 1, "text": "x", "labels": ["Z9"]}', "Z9"),
        ('{"id": 1, "text": "x", "labels": "S1"}', "labels 'S1'"),
        ("not json", "line 1"),
        ("", "without a line"),
    ],
)
def test_bad_gold(tmp_path: Path, taxonomy: Taxonomy, line: str, message: str) -> None:
    path = tmp_path / "gold.jsonl"
    path.write_text(line)
    with pytest.raises(CorpusError, match=message):
        read_labelled(path, taxonomy)
    with pytest.raises(CorpusError, match="cannot be read"):
        read_labelled(tmp_path / "nowhere", taxonomy)
