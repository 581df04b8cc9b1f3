"""What the shipped model learns from, and its folds; used by ``build_model`` and ``ablation``."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from ka2nlp import Document, Taxonomy, read_documents
from ka2nlp.annotations import read_annotations
from ka2nlp.cli.corpus import report_join
from ka2nlp.corpora import load_corpus
from ka2nlp.labelled import LabelledDocument, read_labelled
from ka2nlp.splits import read_split

CORPUS = Path(__file__).resolve().parent.parent / "corpus"
TEMPORAL = 0
"""Number of the fold that is the temporal test part."""

BLOCKS = (0, 1, -1, 1, -1, 1)
"""Block of each fold."""

FIRST_TEST_YEAR = 2017
"""Of the temporal test part."""

PROJECTS = CORPUS / "annotations" / "pool.jsonl"
CHOSEN = [CORPUS / "annotations" / name for name in ("rare.jsonl", "later.jsonl")]
AUTHORED = CORPUS / "authored" / "en.jsonl"
MORE_AUTHORED = CORPUS / "authored" / "later" / "en.jsonl"


def corpus_of(
    texts: list[str],
) -> tuple[tuple[LabelledDocument, ...], tuple[LabelledDocument, ...]]:
    """Give the annotated projects; and what else helps to learn: our own descriptions, and those
    of other actions that were chosen for their rare codes.
    """
    taxonomy = Taxonomy.load()
    documents = _read(texts)
    projects = load_corpus([PROJECTS], documents, taxonomy)
    report_join(projects.joined)
    chosen = load_corpus(CHOSEN, documents, taxonomy)
    report_join(chosen.joined)
    if chosen.joined and chosen.joined.without_text:
        sys.exit(
            f"got no text for {len(chosen.joined.without_text)} projects of "
            f"{' and '.join(path.name for path in CHOSEN)}; "
            "give the summaries of the other actions too"
        )
    authored = load_corpus([AUTHORED, MORE_AUTHORED], (), taxonomy)
    return projects.documents, (*authored.documents, *chosen.documents)


def unlabelled_of(texts: list[str]) -> list[Document]:
    """Give the projects that nobody annotated, for a model to read to another."""
    taxonomy = Taxonomy.load()
    files = (CORPUS / "annotations").glob("*.jsonl")
    known = {one.id for path in files for one in read_annotations(path, taxonomy)}
    return [document for document in _read(texts) if document.id not in known]


def _read(texts: list[str]) -> list[Document]:
    return [document for source in texts for document in read_documents(source)]


def folds_and_blocks() -> tuple[dict[str, int], dict[str, int]]:
    """Give each document its fold, and the block that is held out of one fine-tuning.

    The temporal test part is a fold and a block; a test document with older kin goes with them.
    Three of the five other folds are the second block, and two are always learnt from. The projects
    of other actions and our descriptions outside the split are measured nowhere; what judges the
    temporal test part learns from projects of earlier years alone.
    """
    split = read_split(CORPUS / "splits.json")
    known = dict.fromkeys(split.test, TEMPORAL) | {
        identifier: TEMPORAL + 1 + fold for identifier, fold in split.folds.items()
    }
    by_group = {split.groups[identifier]: fold for identifier, fold in known.items()}
    folds = {
        identifier: known.get(identifier, by_group.get(group, TEMPORAL + 1))
        for identifier, group in split.groups.items()
    }
    blocks = {identifier: BLOCKS[fold] for identifier, fold in folds.items()}
    taxonomy = Taxonomy.load()
    for one in (one for path in CHOSEN for one in read_annotations(path, taxonomy)):
        folds[one.id] = -1
        blocks[one.id] = BLOCKS[TEMPORAL] if year_of(one.id) >= FIRST_TEST_YEAR else -1
    always = dict.fromkeys((one.document.id for one in read_labelled(MORE_AUTHORED, taxonomy)), -1)
    return folds | always, blocks | always


def year_of(identifier: str) -> int:
    """Read the year of the call off a project's identifier."""
    found = re.search(r"(?:^|-)(20\d\d)-", identifier)
    if found is None:
        raise ValueError(f"got the identifier {identifier}, expected the year of a call in it")
    return int(found[1])
