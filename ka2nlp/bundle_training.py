"""From an annotated corpus to a bundle on disk: join, encode, train, describe, save."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Final

from ka2nlp import __version__
from ka2nlp.annotations import match_texts, read_annotations
from ka2nlp.bundles import FORMAT, Bundle, Manifest, find_model, save_bundle
from ka2nlp.embeddings import OnnxEncoder
from ka2nlp.evaluation import Evaluation
from ka2nlp.records import Document
from ka2nlp.sentences import SEGMENTER_VERSION
from ka2nlp.tagger import encode_documents
from ka2nlp.taxonomy import Taxonomy
from ka2nlp.training import Example, Settings, TrainedHeads, make_example, train_heads

__all__ = ["train_bundle"]

_LIBRARIES: Final = ("numpy", "onnxruntime", "scikit-learn", "scipy", "spacy", "tokenizers")


def train_bundle(
    corpus: Path,
    documents: Iterable[Document],
    output: Path,
    *,
    encoder: Path | str | None = None,
    version: str = "1",
    settings: Settings | None = None,
    command: str = "",
    progress: Callable[[str], None] = lambda message: None,
) -> tuple[Bundle, TrainedHeads, int]:
    """Train a classifier on a corpus and write it as a bundle.

    Parameters
    ----------
    corpus
        Annotation file, or a folder of them.
    documents
        The annotated texts, in any order; others are ignored.
    output
        Folder of the bundle.
    encoder
        Folder that holds an encoder, or a model whose encoder is taken.
    version, command
        For the manifest.
    settings
        Of the training.
    progress
        Told what happens.

    Returns
    -------
    tuple of Bundle, TrainedHeads and int
        The bundle, its figures, and how many annotations found no text.

    Raises
    ------
    CorpusError
        When the annotations break their rules or too few texts are found.
    ModelError
        When the encoder is missing.
    """
    taxonomy = Taxonomy.load()
    annotations = {one.id: one for one in read_annotations(corpus, taxonomy)}
    folder = _encoder_folder(encoder)
    reader = OnnxEncoder(folder)
    matched = (document for document, _ in match_texts(annotations.values(), documents))
    examples: dict[str, Example] = {}
    for encoded in encode_documents(matched, reader):
        identifier = encoded.document.id
        examples[identifier] = make_example(encoded, annotations[identifier], taxonomy)
        if len(examples) % 100 == 0:
            progress(f"encoded {len(examples)} of {len(annotations)} documents")
    progress(f"training on {len(examples)} documents")
    # in the order of the identifiers, so that the order of the texts changes nothing
    trained = train_heads([examples[key] for key in sorted(examples)], taxonomy, settings)
    manifest = Manifest(
        format=FORMAT,
        name=output.name,
        version=version,
        created=datetime.now(UTC).date().isoformat(),
        taxonomy=taxonomy.fingerprint,
        segmenter=SEGMENTER_VERSION,
        command=command,
        training_data={
            "n_documents": len(examples),
            "n_sentences": sum(len(example.vectors) for example in examples.values()),
            "fingerprint": _fingerprint(corpus),
        },
        versions={"python": platform.python_version(), "ka2nlp": __version__}
        | {name: version_of(name) for name in _LIBRARIES},
        metrics={"cross-validation on the training corpus": trained.evaluation.to_dict()},
        files={},
    )
    card = _card(manifest, trained.evaluation)
    bundle = save_bundle(output, manifest, trained.heads, folder, card)
    return bundle, trained, len(annotations) - len(examples)


def _encoder_folder(encoder: Path | str | None) -> Path:
    if encoder is not None and (Path(encoder) / "encoder.onnx").is_file():
        return Path(encoder)
    return find_model(encoder)


def _fingerprint(corpus: Path) -> str:
    digest = hashlib.sha256()
    for file in sorted(corpus.glob("*.jsonl")) if corpus.is_dir() else [corpus]:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _card(manifest: Manifest, evaluation: Evaluation) -> str:
    rows = "\n".join(
        f"| {group.name} | {group.n_codes} | {group.micro_f1 or 0:.3f} | {group.macro_f1 or 0:.3f} "
        f"| {group.mean_average_precision or 0:.3f} | {group.calibration_error:.3f} |"
        for group in evaluation.groups
    )
    data = manifest.training_data
    return f"""# {manifest.name} {manifest.version}

Tags descriptions of Erasmus+ Key Action 2 projects, in English, with the {len(evaluation.codes)}
codes of the taxonomy {manifest.taxonomy}. It supports readers; it does not decide on grants.

Trained {manifest.created} on {data["n_documents"]} documents ({data["n_sentences"]} sentences;
corpus {data["fingerprint"]}) by

    {manifest.command}

Five-fold cross-validation by document on that corpus; thresholds and figures share the documents'
out-of-fold scores, so expect a little less on new ones:

| group | codes | micro-F1 | macro-F1 | mAP | calibration error |
|---|---|---|---|---|---|
{rows}

Encoder: all-MiniLM-L6-v2 (Apache-2.0), matrices and word table stored as 8-bit integers.
"""
