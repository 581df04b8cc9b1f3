"""From a trained bundle and few labelled documents to a bundle for their kind of text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from ka2nlp.adaptation import Adapted, Scores, adapt_heads
from ka2nlp.bundle_training import check_size, fingerprint_corpus, group_documents
from ka2nlp.bundles import Bundle, check_output, find_model, load_bundle, save_bundle
from ka2nlp.corpora import check_identifiers
from ka2nlp.encoders import load_encoder
from ka2nlp.heads import Heads, whole_text
from ka2nlp.labelled import LabelledDocument, judged_matrix, label_matrix
from ka2nlp.progress import Progress, silent
from ka2nlp.tagger import EncodedDocument, encode_documents

__all__ = ["adapt_bundle", "score_documents"]


def adapt_bundle(
    corpus: Sequence[LabelledDocument],
    output: Path | str,
    *,
    start: Path | str | None = None,
    version: str = "1",
    command: str = "",
    progress: Progress = silent,
) -> tuple[Bundle, Adapted]:
    """Adapt a model to labelled documents and write it as a bundle.

    Parameters
    ----------
    corpus
        Labelled documents that the model was not trained on.
    output
        Folder of the new bundle.
    start
        The model to begin with; the default one when left out.
    version, command
        For the manifest.
    progress
        Told what happens.

    Raises
    ------
    CorpusError
        When there are fewer than 20 documents, or two with one identifier.
    ModelError
        When the model is missing or damaged, or the new one cannot be written there.
    """
    output = Path(output)
    check_output(output)
    check_identifiers(corpus)
    check_size(corpus)
    known = load_bundle(find_model(start))
    taxonomy = known.taxonomy
    encoded: list[EncodedDocument] = []
    encoder = load_encoder(known.folder)
    for one in encode_documents((labelled.document for labelled in corpus), encoder):
        progress(f"encoding {len(corpus)} documents", len(encoded) / len(corpus))
        encoded.append(one)
    rows = [row for row, one in enumerate(encoded) if one.sentences]
    usable = [corpus[row] for row in rows]
    adapted = adapt_heads(
        known.heads,
        score_documents(known.heads, [encoded[row] for row in rows]),
        label_matrix(usable, taxonomy),
        group_documents(usable),
        taxonomy,
        judged=judged_matrix(usable, taxonomy),
    )
    manifest = replace(
        known.manifest,
        name=output.name,
        version=version,
        created=datetime.now(UTC).date().isoformat(),
        command=command,
        training_data={
            **known.manifest.training_data,
            "adapted_to": {
                "n_documents": len(usable),
                "fingerprint": fingerprint_corpus(usable),
                "changed": list(adapted.changed),
                "moved": list(adapted.moved),
            },
        },
    )
    bundle = save_bundle(
        output,
        manifest,
        adapted.heads,
        known.folder,
        _card(known, adapted, len(usable), output.name),
        {path.name: path.read_bytes() for path in known.folder.glob("*.png")},
        taxonomy=taxonomy,
    )
    return bundle, adapted


def score_documents(heads: Heads, documents: Sequence[EncodedDocument]) -> Scores:
    """Let a classifier say what it knows of documents with a sentence each."""
    seen = np.array(
        [
            heads.document_features(one.vectors, one.title, whole_text(one.document))
            for one in documents
        ]
    )
    lengths = np.array([len(one.sentences) for one in documents])
    return Scores(heads.second.logits(seen), heads.second.relevance(seen, lengths))


def _card(known: Bundle, adapted: Adapted, n_documents: int, name: str) -> str:
    """Say how the model came about, above the card of the one that it began with."""
    card = (known.folder / "card.md").read_text(encoding="utf-8")
    changed, moved = (", ".join(codes) or "none" for codes in (adapted.changed, adapted.moved))
    return f"""# {name}

Adapted to {n_documents} labelled documents from {known.manifest.name} {known.manifest.version},
whose card follows; its figures hold for its own kind of text. Codes whose probabilities were
changed: {changed}. Codes whose thresholds were moved: {moved}.

#{card}"""
