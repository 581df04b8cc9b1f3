"""From a labelled corpus to a bundle on disk: encode, train, describe, save."""

from __future__ import annotations

import hashlib
import platform
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version as version_of
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from ka2nlp import __version__
from ka2nlp.bundles import (
    FORMAT,
    SHORT_NAMES,
    Bundle,
    Manifest,
    check_output,
    find_model,
    save_bundle,
)
from ka2nlp.corpora import check_identifiers
from ka2nlp.duplicates import group_pairs, near_duplicates
from ka2nlp.encoder_training import Body, FineTuneSettings, TrainingText
from ka2nlp.encoders import load_encoder
from ka2nlp.errors import CorpusError
from ka2nlp.first_stage import Example, StageFitter, make_example
from ka2nlp.joint_training import JointFitter
from ka2nlp.labelled import LabelledDocument, label_matrix
from ka2nlp.model_cards import write_card
from ka2nlp.progress import Progress, silent
from ka2nlp.sentences import SEGMENTER_VERSION, split_sentences
from ka2nlp.splits import make_folds
from ka2nlp.tagger import encode_documents
from ka2nlp.taxonomy import Taxonomy
from ka2nlp.training import MIN_DOCUMENTS, Settings, TrainedHeads, frozen_fitter, train_heads

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "FEW_POSITIVES",
    "check_size",
    "encode_corpus",
    "fingerprint_corpus",
    "group_documents",
    "rare_codes",
    "train_bundle",
]

FEW_POSITIVES: Final = 10
"""Documents with a code under which a model hardly learns it."""

_SHARED_SHINGLES: Final = 0.3
_LIBRARIES: Final = ("numpy", "onnxruntime", "scikit-learn", "scipy", "spacy", "tokenizers")


def train_bundle(
    corpus: Sequence[LabelledDocument],
    output: Path | str,
    *,
    taxonomy: Taxonomy | None = None,
    auxiliary: Sequence[LabelledDocument] = (),
    taught: Sequence[TrainingText] = (),
    encoder: Path | str | None = None,
    body: Body | None = None,
    fine_tune: FineTuneSettings | None = None,
    folds: Mapping[str, int] | None = None,
    blocks: Mapping[str, int] | None = None,
    version: str = "1",
    settings: Settings | None = None,
    command: str = "",
    labelled_by: str = "",
    progress: Progress = silent,
) -> tuple[Bundle, TrainedHeads]:
    """Train a classifier on a corpus and write it as a bundle.

    Parameters
    ----------
    corpus
        Labelled documents, in any order, with unique identifiers; those without a sentence are left
        out.
    output
        Folder of the bundle.
    taxonomy
        The labels; those that ship when left out.
    auxiliary
        Further ones of other kinds than the texts to be tagged: they help to learn, but have no
        part in thresholds, cut-offs and figures.
    taught
        Texts that ``body`` learns from beside these, with what another model says of them (see
        :func:`ka2nlp.teaching.teach`).
    encoder
        Folder that holds an encoder, or a model whose encoder is taken.
    body
        Learns to encode on this corpus, in place of an encoder that stays as it is (needs
        ``ka2nlp[train]``).
    fine_tune
        Settings of its training.
    folds, blocks
        Identifier to fold and to block, for the cross-validation inside (see
        ``ka2nlp.training.train_heads``); folds are drawn when left out, near-duplicates kept
        together.
    version, command
        For the manifest.
    labelled_by
        Who labelled the corpus, and how, in a few words, for the card.
    settings
        Of the training.
    progress
        Told what happens.

    Returns
    -------
    tuple of Bundle and TrainedHeads
        The bundle, and its figures.

    Raises
    ------
    CorpusError
        When there are too few documents, or two with one identifier.
    ModelError
        When the encoder is missing, fine-tuning is not installed, or the bundle cannot be written
        there.
    """
    output = Path(output)
    check_output(output)
    taxonomy = taxonomy or Taxonomy.load()
    settings = settings or Settings()
    # in the order of the identifiers, so that the order of the texts changes nothing
    ordered = sorted([*corpus, *auxiliary], key=lambda one: one.document.id)
    check_identifiers(ordered)
    check_size(ordered)
    used = [one for one in ordered if split_sentences(one.document.text)]
    others = frozenset(one.document.id for one in auxiliary)
    labels = label_matrix(used, taxonomy)
    by_fold = _numbers(used, folds) if folds else _draw_folds(used, labels, settings)
    by_block = _numbers(used, blocks) if blocks else by_fold
    with tempfile.TemporaryDirectory() as scratch:
        fit: StageFitter
        if body is None:
            folder = _encoder_folder(encoder)
            description = f"that of {folder.name}, as it is"
            examples = encode_corpus(used, folder, taxonomy, others, progress)
            fit = frozen_fitter(examples, settings)
        else:
            description = body.description
            fit = joint = JointFitter(
                used,
                taxonomy,
                body,
                fine_tune,
                progress,
                words_c=settings.words_c,
                auxiliary=others,
                taught=taught,
            )
            examples = joint.examples
        trained = train_heads(
            examples,
            taxonomy,
            settings,
            folds=by_fold,
            blocks=by_block,
            fit=fit,
            progress=progress,
        )
        if body is not None:
            folder = joint.export(trained.encoder, Path(scratch))
        manifest = _manifest(
            used, examples, len(taught), trained, output.name, version, command, taxonomy
        )
        card, pictures = write_card(manifest, trained, taxonomy, description, labelled_by)
        bundle = save_bundle(
            output, manifest, trained.heads, folder, card, pictures, taxonomy=taxonomy
        )
    return bundle, trained


def check_size(corpus: Sequence[LabelledDocument]) -> None:
    """Refuse a corpus that is too small, before anything is encoded.

    Raises
    ------
    CorpusError
        When fewer than 20 documents have a text.
    """
    n_texts = sum(bool(one.document.text.strip()) for one in corpus)
    if n_texts < MIN_DOCUMENTS:
        raise CorpusError(
            f"got {n_texts} labelled documents with text, expected at least {MIN_DOCUMENTS}"
        )


def rare_codes(corpus: Sequence[LabelledDocument], taxonomy: Taxonomy) -> dict[str, int]:
    """Count the documents of each code that stands in fewer than ten."""
    counts = label_matrix(corpus, taxonomy).sum(axis=0)
    return {
        code: int(count)
        for code, count in zip(taxonomy.codes, counts, strict=True)
        if count < FEW_POSITIVES
    }


def group_documents(corpus: Sequence[LabelledDocument]) -> list[int]:
    """Find near-duplicates: texts that share three eight-word shingles in ten get one number."""
    texts = [one.document.text for one in corpus]
    return group_pairs(len(texts), near_duplicates(texts, _SHARED_SHINGLES))


def _draw_folds(
    corpus: Sequence[LabelledDocument], labels: NDArray[np.bool_], settings: Settings
) -> NDArray[np.int64]:
    return make_folds(labels, group_documents(corpus), settings.n_folds, settings.random_state)


def _numbers(corpus: Sequence[LabelledDocument], folds: Mapping[str, int]) -> NDArray[np.int64]:
    missing = [one.document.id for one in corpus if one.document.id not in folds]
    if missing:
        raise CorpusError(
            f"got {len(missing)} documents without a fold, {missing[0]} among them; "
            "expected each document of the corpus in the split"
        )
    return np.array([folds[one.document.id] for one in corpus])


def encode_corpus(
    corpus: Sequence[LabelledDocument],
    folder: Path,
    taxonomy: Taxonomy,
    auxiliary: frozenset[str] = frozenset(),
    progress: Progress = silent,
) -> list[Example]:
    """Turn labelled documents into arrays, with the encoder of a folder.

    Parameters
    ----------
    auxiliary
        Identifiers of the auxiliary documents.
    """
    examples: list[Example] = []
    documents = (one.document for one in corpus)
    for encoded in encode_documents(documents, load_encoder(folder)):
        is_auxiliary = encoded.document.id in auxiliary
        examples.append(
            make_example(encoded, corpus[len(examples)], taxonomy, auxiliary=is_auxiliary)
        )
        progress(f"encoding {len(corpus)} documents", len(examples) / len(corpus))
    return examples


def _manifest(
    corpus: Sequence[LabelledDocument],
    examples: Sequence[Example],
    n_taught: int,
    trained: TrainedHeads,
    name: str,
    version: str,
    command: str,
    taxonomy: Taxonomy,
) -> Manifest:
    return Manifest(
        format=FORMAT,
        name=name,
        version=version,
        created=datetime.now(UTC).date().isoformat(),
        taxonomy=taxonomy.fingerprint,
        segmenter=SEGMENTER_VERSION,
        command=command,
        training_data={
            "n_documents": len(examples),
            "n_auxiliary": sum(example.auxiliary for example in examples),
            "n_taught": n_taught,
            "n_sentences": sum(len(example.vectors) for example in examples),
            "n_positives": {
                code: int(count)
                for code, count in zip(
                    taxonomy.codes, label_matrix(corpus, taxonomy).sum(axis=0), strict=True
                )
            },
            "fingerprint": fingerprint_corpus(corpus),
        },
        versions={"python": platform.python_version(), "ka2nlp": __version__}
        | {name: version_of(name) for name in _LIBRARIES},
        metrics={"cross-validation on the training corpus": trained.evaluate().to_dict()},
        files={},
    )


def _encoder_folder(encoder: Path | str | None) -> Path:
    if encoder is None or str(encoder) in SHORT_NAMES or not Path(encoder).is_dir():
        return find_model(encoder)
    return Path(encoder)


def fingerprint_corpus(corpus: Sequence[LabelledDocument]) -> str:
    """Sixteen hexadecimal digits that change with the texts and their labels."""
    digest = hashlib.sha256()
    for one in corpus:
        spans = sorted(one.evidence.items()), sorted(one.also.items())
        judged = None if one.judged is None else sorted(one.judged)
        row = one.document.id, one.document.text, sorted(one.labels), spans, judged
        digest.update(repr(row).encode())
    return digest.hexdigest()[:16]
