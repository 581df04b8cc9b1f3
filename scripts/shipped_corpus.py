"""What the shipped model learns from, and its folds; used by ``build_model`` and ``ablation``."""

from __future__ import annotations

from pathlib import Path

from ka2nlp import Taxonomy, read_documents
from ka2nlp.annotations import read_annotations
from ka2nlp.cli.corpus import report_join
from ka2nlp.corpora import load_corpus
from ka2nlp.labelled import LabelledDocument
from ka2nlp.splits import read_split

CORPUS = Path(__file__).resolve().parent.parent / "corpus"
TEMPORAL = 0
"""Number of the fold that is the temporal test part."""

BLOCKS = (0, 1, -1, 1, -1, 1)
"""Block of each fold."""

ALWAYS_LEARNT = 2
"""A fold in no block."""

PROJECTS = CORPUS / "annotations" / "pool.jsonl"
CHOSEN = CORPUS / "annotations" / "rare.jsonl"


def corpus_of(
    texts: list[str],
) -> tuple[tuple[LabelledDocument, ...], tuple[LabelledDocument, ...]]:
    """Give the annotated projects; and what else helps to learn: our own descriptions, and those
    of other actions that were chosen for their rare codes.
    """
    taxonomy = Taxonomy.load()
    documents = [document for source in texts for document in read_documents(source)]
    projects = load_corpus([PROJECTS], documents, taxonomy)
    report_join(projects.joined)
    chosen = load_corpus([CHOSEN], documents, taxonomy)
    report_join(chosen.joined)
    authored = load_corpus([CORPUS / "authored" / "en.jsonl"], (), taxonomy)
    return projects.documents, (*authored.documents, *chosen.documents)


def folds_and_blocks() -> tuple[dict[str, int], dict[str, int]]:
    """Give each document its fold, and the block that is held out of one fine-tuning.

    The temporal test part is a fold and a block; a test document with older kin goes with them.
    Three of the five other folds are the second block, and two are always learnt from, as are the
    projects of other actions.
    """
    split = read_split(CORPUS / "splits.json")
    known = dict.fromkeys(split.test, TEMPORAL) | {
        identifier: TEMPORAL + 1 + fold for identifier, fold in split.folds.items()
    }
    by_group = {split.groups[identifier]: fold for identifier, fold in known.items()}
    folds = {
        identifier: known.get(identifier, by_group.get(group, TEMPORAL + 1))
        for identifier, group in split.groups.items()
    } | {one.id: ALWAYS_LEARNT for one in read_annotations(CHOSEN, Taxonomy.load())}
    return folds, {identifier: BLOCKS[fold] for identifier, fold in folds.items()}
