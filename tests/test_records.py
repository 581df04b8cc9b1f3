from __future__ import annotations

import pytest

from ka2nlp.records import Evidence, Report, Sentence, Tag


def test_offsets_must_fit_the_text() -> None:
    assert Sentence(3, 6, "abc").end == 6
    with pytest.raises(ValueError, match=r"got offsets 3:5 for a text of 3 characters"):
        Sentence(3, 5, "abc")


def test_json_contract() -> None:
    evidence = (Evidence(0, 8, "We\ntrain", 0.97123456),)
    tag = Tag("S1", "Quality and access", "systemic", 0.9100000001, evidence)
    report = Report(
        "a", "T", (tag,), {"S1": 0.91}, {"S1": "addressed"}, "m 1", "f", 2, 1, ("short",)
    )
    assert tag.best_sentence == "We train"
    assert report.to_dict() == {
        "id": "a",
        "tags": [
            {
                "code": "S1",
                "label": "Quality and access",
                "level": "systemic",
                "probability": 0.91,
                "answer": "addressed",
                "evidence": [{"start": 0, "end": 8, "text": "We\ntrain", "score": 0.971235}],
            }
        ],
        "scores": {"S1": 0.91},
        "answers": {"S1": "addressed"},
        "model": "m 1",
        "taxonomy": "f",
        "warnings": ["short"],
    }


def test_codes_by_their_answer() -> None:
    answers = {"S1": "addressed", "S2": "to check", "S3": "addressed", "S4": "not addressed"}
    report = Report("a", "", (), dict.fromkeys(answers, 0.5), answers, "m 1", "f", 2, 1)
    assert report.answered("addressed") == ["S1", "S3"]
    assert report.answered("to check") == ["S2"]
