"""Let one model say of descriptions without labels what another is to learn (distillation)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ka2nlp.aggregation import raise_parents, sigmoid
from ka2nlp.encoder_training import TrainingText
from ka2nlp.heads import whole_text
from ka2nlp.progress import Progress, silent
from ka2nlp.records import Document
from ka2nlp.tagger import EncodedDocument, Tagger, encode_documents

__all__ = ["teach"]


def teach(
    teacher: Tagger, documents: Sequence[Document], progress: Progress = silent
) -> list[TrainingText]:
    """Give texts with the teacher's probabilities, of sentences and of documents.

    A smaller model that learns from these learns what the teacher takes for likely, not its
    decisions alone (Hinton, Vinyals and Dean 2015, Distilling the knowledge in a neural network).

    Parameters
    ----------
    teacher
        Knows the labels to be learnt.
    documents
        Those without a sentence are left out.
    progress
        Told what happens.
    """
    found = []
    for number, encoded in enumerate(encode_documents(documents, teacher.encoder)):
        progress(f"{teacher.name} reads {len(documents)} documents", number / len(documents))
        if encoded.sentences:
            found.append(_said_by(teacher, encoded))
    return found


def _said_by(teacher: Tagger, encoded: EncodedDocument) -> TrainingText:
    heads, document = teacher.heads, encoded.document
    logits = heads.sentence_logits(encoded.vectors)
    scores, _ = heads.probabilities(encoded.vectors, encoded.title, whole_text(document), logits)
    return TrainingText(
        document.title,
        [sentence.line for sentence in encoded.sentences],
        sigmoid(logits).astype(np.float32),
        raise_parents(scores, teacher.taxonomy.parents).astype(np.float32),
    )
