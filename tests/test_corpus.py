"""The annotations that ship: rules, counts, and no word of the texts."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter

import pytest
from conftest import ROOT

from ka2nlp import Taxonomy
from ka2nlp.annotations import read_annotations

ANNOTATIONS = ROOT / "corpus" / "annotations"
SHARED = ROOT.parent / "shared"


def test_annotations_keep_the_rules(taxonomy: Taxonomy) -> None:
    annotations = read_annotations(ANNOTATIONS, taxonomy)
    assert len(annotations) >= 300
    assert len({one.id for one in annotations}) == len(annotations)
    counts = Counter(code for one in annotations for code in one.labels)
    assert len(counts) >= 45


def test_documents_for_measuring_are_not_in_the_corpus(taxonomy: Taxonomy) -> None:
    dev = SHARED / "real" / "dev.jsonl"
    if not dev.is_file():
        pytest.skip("../shared/real/dev.jsonl is not here to compare with")
    from ka2nlp.labelled import read_labelled

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
