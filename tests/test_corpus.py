"""The annotations that ship: rules, counts, and no word of the texts."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter

import pytest
from conftest import ROOT

from ka2nlp import Taxonomy, split_sentences
from ka2nlp.agreement import compare_labels
from ka2nlp.annotations import read_annotations
from ka2nlp.corpora import read_labels
from ka2nlp.duplicates import near_duplicates
from ka2nlp.labelled import LabelledDocument, read_labelled
from ka2nlp.splits import read_split

ANNOTATIONS = ROOT / "corpus" / "annotations"
SHARED = ROOT.parent / "shared"


def test_annotations_keep_the_rules(taxonomy: Taxonomy) -> None:
    annotations = read_annotations(ANNOTATIONS, taxonomy)
    assert len(annotations) >= 2500
    assert len({one.id for one in annotations}) == len(annotations)
    counts = Counter(code for one in annotations for code in one.labels)
    assert len(counts) >= 45


def test_documents_for_measuring_are_not_in_the_corpus(taxonomy: Taxonomy) -> None:
    dev = SHARED / "real" / "dev.jsonl"
    if not dev.is_file():
        pytest.skip("../shared/real/dev.jsonl is not here to compare with")
    measured = {gold.document.id for gold in read_labelled(dev, taxonomy)}
    assert not measured & {one.id for one in read_annotations(ANNOTATIONS, taxonomy)}


def test_no_file_holds_a_run_of_ten_words_of_a_real_summary() -> None:
    check = SHARED / "hooks" / "real_text_check.py"
    if not check.is_file():
        pytest.skip("../shared/hooks/real_text_check.py is not here to compare with")
    done = subprocess.run(
        [sys.executable, str(check), str(ROOT)], capture_output=True, text=True, check=True
    )
    assert done.stdout == ""


def authored(pattern: str = "*.jsonl") -> list[LabelledDocument]:
    files = sorted((ROOT / "corpus" / "authored").glob(pattern))
    taxonomy = Taxonomy.load()
    return [one for file in files for one in read_labelled(file, taxonomy)]


def test_authored_descriptions_are_labelled_sentence_by_sentence() -> None:
    documents = authored("**/*.jsonl")
    assert len({one.document.id for one in documents}) == len(documents) >= 100
    for one in documents:
        assert set(one.evidence) == set(one.labels)
        assert {"language", "field", "style", "author"} <= one.document.metadata.keys()
        sentences = {(s.start, s.end) for s in split_sentences(one.document.text)}
        labelled = {span for spans in one.evidence.values() for span in spans}
        assert len(labelled & sentences) >= 0.5 * len(labelled)


def test_authored_descriptions_are_written_one_by_one() -> None:
    """No two share a tenth of the shorter one's eight-word runs."""
    documents = authored("**/*.jsonl")
    pairs = near_duplicates([one.document.text for one in documents], 0.1)
    assert [(documents[p.first].document.id, documents[p.second].document.id) for p in pairs] == []


def test_hard_negatives_are_among_them() -> None:
    english = [one for one in authored() if one.document.metadata["language"] == "en"]
    none = [one for one in english if not any(code[0] in "SOI" for code in one.labels)]
    assert len(none) >= len(english) // 8


def test_splits_cover_the_annotated_projects(taxonomy: Taxonomy) -> None:
    split = read_split(ROOT / "corpus" / "splits.json")
    projects = {one.id for one in read_annotations(ANNOTATIONS / "pool.jsonl", taxonomy)}
    english = {one.document.id for one in authored() if one.document.metadata["language"] == "en"}
    ids = projects | english
    assert split.groups.keys() == ids
    assert split.folds.keys() | set(split.test) <= ids
    assert len(split.folds) + len(split.test) >= 0.97 * len(ids)
    assert {identifier[:4] for identifier in split.test} <= {"2017", "2018"} | {
        identifier[:4] for identifier in split.test if not identifier.startswith("20")
    }


def test_agreement_of_the_second_annotators(taxonomy: Taxonomy) -> None:
    pytest.importorskip("krippendorff", reason="comes with the train extra")
    first, second = (
        read_labels(ANNOTATIONS / "second" / name, taxonomy)
        for name in ("first.jsonl", "second.jsonl")
    )
    outcomes, facets, framing, _ = compare_labels(first, second, taxonomy).groups
    assert outcomes.micro_f1 is not None
    assert facets.micro_f1 is not None
    assert framing.micro_f1 is not None
    assert outcomes.micro_f1 >= 0.93
    assert facets.micro_f1 >= 0.92
    assert framing.micro_f1 >= 0.88
