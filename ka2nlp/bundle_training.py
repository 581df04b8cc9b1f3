"""From a labelled corpus to a bundle on disk: encode, train, describe, save."""

from __future__ import annotations

import hashlib
import platform
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Final

from ka2nlp import __version__
from ka2nlp.bundles import FORMAT, Bundle, Manifest, find_model, save_bundle
from ka2nlp.embeddings import OnnxEncoder
from ka2nlp.errors import CorpusError
from ka2nlp.evaluation import Evaluation
from ka2nlp.labelled import LabelledDocument
from ka2nlp.sentences import SEGMENTER_VERSION
from ka2nlp.tagger import encode_documents
from ka2nlp.taxonomy import Taxonomy
from ka2nlp.training import Example, Settings, TrainedHeads, make_example, train_heads

__all__ = ["train_bundle"]

_LIBRARIES: Final = ("numpy", "onnxruntime", "scikit-learn", "scipy", "spacy", "tokenizers")


def train_bundle(
    corpus: Sequence[LabelledDocument],
    output: Path,
    *,
    encoder: Path | str | None = None,
    version: str = "1",
    settings: Settings | None = None,
    command: str = "",
    progress: Callable[[str], None] = lambda message: None,
) -> tuple[Bundle, TrainedHeads]:
    """Train a classifier on a corpus and write it as a bundle.

    Parameters
    ----------
    corpus
        Labelled documents, in any order, with unique identifiers.
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
    tuple of Bundle and TrainedHeads
        The bundle, and its figures.

    Raises
    ------
    CorpusError
        When there are too few documents, or two with one identifier.
    ModelError
        When the encoder is missing.
    """
    taxonomy = Taxonomy.load()
    # in the order of the identifiers, so that the order of the texts changes nothing
    ordered = sorted(corpus, key=lambda one: one.document.id)
    _check_identifiers(ordered)
    folder = _encoder_folder(encoder)
    examples: list[Example] = []
    documents = (one.document for one in ordered)
    for encoded in encode_documents(documents, OnnxEncoder(folder)):
        examples.append(make_example(encoded, ordered[len(examples)], taxonomy))
        if len(examples) % 100 == 0:
            progress(f"encoded {len(examples)} of {len(ordered)} documents")
    progress(f"training on {len(examples)} documents")
    trained = train_heads(examples, taxonomy, settings)
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
            "n_sentences": sum(len(example.vectors) for example in examples),
            "fingerprint": _fingerprint(ordered),
        },
        versions={"python": platform.python_version(), "ka2nlp": __version__}
        | {name: version_of(name) for name in _LIBRARIES},
        metrics={"cross-validation on the training corpus": trained.evaluation.to_dict()},
        files={},
    )
    card = _card(manifest, trained.evaluation)
    bundle = save_bundle(output, manifest, trained.heads, folder, card)
    return bundle, trained


def _encoder_folder(encoder: Path | str | None) -> Path:
    if encoder is not None and (Path(encoder) / "encoder.onnx").is_file():
        return Path(encoder)
    return find_model(encoder)


def _check_identifiers(corpus: Sequence[LabelledDocument]) -> None:
    counts = Counter(one.document.id for one in corpus)
    twice = [identifier for identifier, count in counts.items() if count > 1]
    if twice:
        raise CorpusError(
            f"got {len(twice)} identifiers twice, {twice[0]} among them; "
            "expected each document once"
        )


def _fingerprint(corpus: Sequence[LabelledDocument]) -> str:
    """Sixteen hexadecimal digits that change with the texts and their labels."""
    digest = hashlib.sha256()
    for one in corpus:
        spans = sorted(one.evidence.items()), sorted(one.also.items())
        digest.update(repr((one.document.id, one.document.text, spans)).encode())
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
