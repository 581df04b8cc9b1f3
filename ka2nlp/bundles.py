"""Model bundles: a folder with a manifest, arrays, an encoder and a model card; no code in it.

::

    ka2-minilm/
      manifest.json      format, versions, fingerprints, metrics, SHA-256 of every other file
      heads.npz          the classifier's arrays (NumPy, loaded with pickle refused)
      vocabulary.txt     the words and pairs that it knows, one a line
      encoder.onnx       the sentence encoder (encoder.npz in a model whose encoder is a table)
      tokenizer.json
      card.md            the model card, with its pictures beside it
      taxonomy.ttl       the labels, where they are others than those that ship

Saving writes beside the target and renames; loading verifies every file before it is used.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import numpy as np

from ka2nlp.encoders import ENCODERS, encoder_files
from ka2nlp.errors import ModelError
from ka2nlp.heads import Heads
from ka2nlp.second_stage import SecondStage
from ka2nlp.sentences import SEGMENTER_VERSION
from ka2nlp.taxonomy import Taxonomy
from ka2nlp.words import WordModel

__all__ = [
    "DEFAULT_MODEL",
    "Bundle",
    "Manifest",
    "bundle_digest",
    "check_output",
    "find_model",
    "load_bundle",
    "save_bundle",
]

FORMAT: Final = 3
DEFAULT_MODEL: Final = "ka2-minilm"
SHORT_NAMES: Final = {"default": DEFAULT_MODEL, "fast": "ka2-fast"}
"""What users may call the models that ship."""

MANIFEST: Final = "manifest.json"
HEADS: Final = "heads.npz"
VOCABULARY: Final = "vocabulary.txt"
READ_IF_THERE: Final = (*ENCODERS, "taxonomy*.ttl")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a bundle says of itself.

    Parameters
    ----------
    format
        Number of the bundle format.
    name, version
        Of the model.
    created
        Date, ISO 8601.
    taxonomy
        Fingerprint of the taxonomy that its columns follow.
    segmenter
        Version of the sentence rules that it was trained with.
    command
        What rebuilds it.
    training_data
        Fingerprint and size of the corpus.
    versions
        Libraries that it was trained with.
    metrics
        Figures, each with the data it was measured on.
    files
        SHA-256 of every other file, by name.
    """

    format: int
    name: str
    version: str
    created: str
    taxonomy: str
    segmenter: int
    command: str
    training_data: Mapping[str, object]
    versions: Mapping[str, str]
    metrics: Mapping[str, object]
    files: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Bundle:
    """A verified bundle: its folder, its manifest, its classifier and its labels."""

    folder: Path
    manifest: Manifest
    heads: Heads
    taxonomy: Taxonomy


def find_model(name: Path | str | None = None) -> Path:
    """Find the folder of a model.

    Parameters
    ----------
    name
        A folder, or the name of a model that ships ("fast" and "default" are short for two); the
        default model when left out. Only a folder that was named is looked for elsewhere than
        where the models lie that ship.

    Raises
    ------
    ModelError
        When there is no such model.
    """
    given = str(name or "default")
    wanted = SHORT_NAMES.get(given, given)
    packaged = Path(str(files("ka2nlp"))) / "models"
    source_tree = Path(__file__).resolve().parent.parent / "models"
    named = [] if given in SHORT_NAMES else [Path(given)]
    for folder in (*named, packaged / wanted, source_tree / wanted):
        if (folder / MANIFEST).is_file():
            return folder
    shipped = sorted(
        path.parent.name for root in (packaged, source_tree) for path in root.glob(f"*/{MANIFEST}")
    )
    raise ModelError(
        f"got the model {wanted!r}, which is not a folder with a {MANIFEST}; "
        f"expected such a folder, or one of: {', '.join(dict.fromkeys(shipped)) or 'none shipped'}"
    )


def load_bundle(folder: Path, taxonomy: Taxonomy | None = None) -> Bundle:
    """Load and verify a bundle; runs no code from it.

    Parameters
    ----------
    folder
        As ``find_model`` gives it.
    taxonomy
        The taxonomy to tag with; the bundle's own when left out.

    Raises
    ------
    ModelError
        When a file is missing, was changed, was added or has another format, or when the bundle
        was made for another taxonomy or another version of the sentence rules.
    """
    manifest = _read_manifest(folder / MANIFEST)
    _verify_files(folder, manifest)
    taxonomy = taxonomy or Taxonomy.carried_by(folder)
    if manifest.taxonomy != taxonomy.fingerprint:
        raise ModelError(
            f"got the model {manifest.name} for the taxonomy {manifest.taxonomy}, expected "
            f"{taxonomy.fingerprint}; train a model for this taxonomy"
        )
    if manifest.segmenter != SEGMENTER_VERSION:
        raise ModelError(
            f"got the model {manifest.name}, made for version {manifest.segmenter} of the sentence "
            f"rules, expected {SEGMENTER_VERSION}; train it anew"
        )
    heads = _read_heads(folder)
    if heads.n_labels != len(taxonomy):
        raise ModelError(
            f"got a model of {heads.n_labels} labels, expected {len(taxonomy)}; rebuild the model"
        )
    return Bundle(folder, manifest, heads, taxonomy)


def bundle_digest(folder: Path) -> str:
    """Give the SHA-256 of a model's manifest, which holds those of its other files.

    Raises
    ------
    ModelError
        When it cannot be read.
    """
    try:
        return hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest()
    except OSError as error:
        raise ModelError(f"got {folder}, whose manifest cannot be read ({error})") from error


def check_output(folder: Path) -> None:
    """Refuse a place where a bundle cannot stand, or would take the place of something else.

    Raises
    ------
    ModelError
        When the folder holds what is not a model's, or nothing can be written there.
    """
    expected = "expected a new folder, an empty one, or a model to replace"
    place = next((path for path in folder.absolute().parents if path.exists()), folder)
    if os.path.ismount(folder):
        raise ModelError(f"got the output {folder}, where a disk is mounted, {expected} below it")
    if folder.is_symlink() or not place.is_dir() or (folder.exists() and not folder.is_dir()):
        raise ModelError(f"got the output {folder}, which is not a folder, {expected}")
    if not os.access(place, os.W_OK):
        raise ModelError(f"got the output {folder}, where nothing may be written, {expected}")
    if folder.exists() and (others := sorted(_entries(folder) - _named_files(folder))):
        raise ModelError(f"got the output {folder}, which holds {others[0]}, {expected}")


def _entries(folder: Path) -> set[str]:
    """Name what is in a folder, but for what file managers leave in every one."""
    return {path.name for path in folder.iterdir()} - {".DS_Store", "Thumbs.db", "desktop.ini"}


def _named_files(folder: Path) -> set[str]:
    """Name the files of a bundle of any format, damaged or not; none where it is something else."""
    try:
        return {MANIFEST, *json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["files"]}
    except (OSError, ValueError, KeyError, TypeError):
        return set()


def save_bundle(
    folder: Path,
    manifest: Manifest,
    heads: Heads,
    encoder_folder: Path,
    card: str,
    pictures: Mapping[str, bytes] | None = None,
    *,
    taxonomy: Taxonomy | None = None,
) -> Bundle:
    """Write a bundle; the folder appears whole or not at all.

    Parameters
    ----------
    folder
        Where to; a model that stands there is replaced.
    manifest
        Its ``files`` are filled in here.
    heads
        The classifier.
    encoder_folder
        Holds an encoder, as ``ka2nlp.encoders`` reads it.
    card, pictures
        The model card, Markdown, and the pictures that it shows, by file name.
    taxonomy
        The labels; those that ship when left out.

    Raises
    ------
    ModelError
        When it cannot be written, or something else than a model stands there.
    """
    check_output(folder)
    try:
        return _write_bundle(
            folder, manifest, heads, encoder_folder, card, pictures, taxonomy or Taxonomy.load()
        )
    except OSError as error:
        raise ModelError(f"got the output {folder}, which cannot be written: {error}") from error


def _write_bundle(
    folder: Path,
    manifest: Manifest,
    heads: Heads,
    encoder_folder: Path,
    card: str,
    pictures: Mapping[str, bytes] | None,
    taxonomy: Taxonomy,
) -> Bundle:
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    replaced = draft.with_name(f"{draft.name}-replaced")
    try:
        np.savez_compressed(draft / HEADS, **_arrays(heads))
        vocabulary = "".join(f"{term}\n" for term in heads.words.vocabulary)
        (draft / VOCABULARY).write_text(vocabulary, encoding="utf-8", newline="\n")
        for name in encoder_files(path.name for path in encoder_folder.iterdir()):
            shutil.copyfile(encoder_folder / name, draft / name)
        (draft / "card.md").write_text(card, encoding="utf-8", newline="\n")
        for name, picture in (pictures or {}).items():
            (draft / name).write_bytes(picture)
        taxonomy.write_to(draft)
        hashes = {path.name: _sha256(path) for path in sorted(draft.iterdir())}
        record = asdict(manifest) | {"files": hashes}
        (draft / MANIFEST).write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
        draft.chmod(0o755)
        if folder.exists():
            folder.rename(replaced)
        draft.rename(folder)
        shutil.rmtree(replaced, ignore_errors=True)
    except BaseException:
        if replaced.exists() and not folder.exists():
            replaced.rename(folder)
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return Bundle(folder, Manifest(**record), heads, taxonomy)


def _read_manifest(path: Path) -> Manifest:
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"got {path}, which is not a manifest ({error})") from error
    found = record.get("format") if isinstance(record, dict) else None
    if found != FORMAT:
        raise ModelError(
            f"got the bundle format {found}, expected {FORMAT}; "
            "use the version of ka2nlp that wrote it, or rebuild the model"
        )
    try:
        return Manifest(**record)
    except TypeError as error:
        raise ModelError(f"got {path}, whose entries are not a manifest's ({error})") from error


def _verify_files(folder: Path, manifest: Manifest) -> None:
    for name in (HEADS, VOCABULARY):
        if name not in manifest.files:
            raise ModelError(f"got a manifest without {name} in {folder}; rebuild the model")
    encoder_files(manifest.files)
    found = [path for pattern in READ_IF_THERE for path in sorted(folder.glob(pattern))]
    if strays := [path for path in found if path.name not in manifest.files]:
        raise ModelError(f"got {strays[0]}, which its manifest does not name; take it away")
    for name, expected in manifest.files.items():
        path = folder / name
        if Path(name).name != name or not path.is_file():
            raise ModelError(f"got no file {name} in {folder}; install the model again")
        if _sha256(path) != expected:
            raise ModelError(
                f"got {path} with other contents than its manifest says; install the model again"
            )


_PARTS: Final = {
    "words": ("idf", "weights", "bias"),
    "second": tuple(f.name for f in fields(SecondStage)),
}
"""Parts of the classifier, and their arrays; in the file their names begin with the part's."""


def _arrays(heads: Heads) -> dict[str, Any]:
    """Name every array of the classifier."""
    own = {f.name: getattr(heads, f.name) for f in fields(heads) if f.name not in _PARTS}
    return own | {
        f"{part}_{name}": getattr(getattr(heads, part), name)
        for part, names in _PARTS.items()
        for name in names
    }


def _read_heads(folder: Path) -> Heads:
    try:
        vocabulary = (folder / VOCABULARY).read_text(encoding="utf-8").splitlines()
        with np.load(folder / HEADS, allow_pickle=False) as arrays:
            named = dict(arrays)
        words, second = (
            {name: named.pop(f"{part}_{name}") for name in names} for part, names in _PARTS.items()
        )
        return Heads(
            words=WordModel(tuple(vocabulary), **words), second=SecondStage(**second), **named
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"got {folder / HEADS}, which is not a classifier ({error}); rebuild the model"
        ) from error


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    for block in _blocks(path):
        digest.update(block)
    return digest.hexdigest()


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            yield block
