from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import ROOT, make_heads

from ka2nlp import Tagger, Taxonomy, bundle_training
from ka2nlp.bundles import find_model, load_bundle, save_bundle
from ka2nlp.errors import ModelError


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A copy of the shipped bundle that a test may damage."""
    return Path(shutil.copytree(find_model(), tmp_path / "copy"))


def edit_manifest(folder: Path, **entries: object) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | entries))


def test_the_shipped_model_says_how_it_was_made(taxonomy: Taxonomy) -> None:
    manifest = load_bundle(find_model(), taxonomy).manifest
    assert manifest.command.startswith("scripts/build_model ")
    trained_on: Mapping[str, Any] = manifest.training_data
    assert trained_on["n_documents"] >= 300
    assert {"numpy", "scikit-learn", "onnxruntime"} <= set(manifest.versions)
    assert manifest.metrics


@pytest.mark.parametrize("name", ["default", "fast"])
def test_the_shipped_models_say_whose_labels_they_learnt(name: str, taxonomy: Taxonomy) -> None:
    card = (load_bundle(find_model(name), taxonomy).folder / "card.md").read_text()
    script = (ROOT / "scripts" / "build_model").read_text()
    (said,) = re.findall(r'^LABELLED_BY = "(.+)"$', script, re.MULTILINE)
    assert f"\n\nLabels: by {said}.\n\nEncoder: " in card


def test_round_trip(tmp_path: Path, taxonomy: Taxonomy) -> None:
    shipped = load_bundle(find_model(), taxonomy)
    heads = make_heads(dimension=384)
    saved = save_bundle(tmp_path / "mine", shipped.manifest, heads, shipped.folder, "# card")
    loaded = load_bundle(tmp_path / "mine", taxonomy)
    assert loaded.manifest == saved.manifest
    np.testing.assert_array_equal(loaded.heads.second.weights, heads.second.weights)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_a_failed_save_leaves_nothing(tmp_path: Path, taxonomy: Taxonomy) -> None:
    manifest = load_bundle(find_model(), taxonomy).manifest
    with pytest.raises(ModelError, match=r"cannot be written: .*no-encoder"):
        save_bundle(tmp_path / "mine", manifest, make_heads(), tmp_path / "no-encoder", "")
    assert list(tmp_path.iterdir()) == []


def test_only_a_model_is_replaced(bundle: Path, taxonomy: Taxonomy) -> None:
    shipped = load_bundle(find_model(), taxonomy)
    edit_manifest(bundle, format=2)

    def save(folder: Path) -> None:
        save_bundle(folder, shipped.manifest, make_heads(dimension=384), shipped.folder, "# card")

    save(bundle)
    assert load_bundle(bundle, taxonomy).manifest.format == shipped.manifest.format
    (bundle / "notes.txt").write_text("of mine")
    link = bundle.with_name("link")
    link.symlink_to(bundle)
    for place, reason in [
        (bundle, "which holds notes.txt"),
        (bundle.parent, "which holds copy"),
        (bundle / "notes.txt", "which is not a folder"),
        (bundle / "notes.txt" / "model", "which is not a folder"),
        (link, "which is not a folder"),
    ]:
        with pytest.raises(ModelError, match=f"{reason}, expected a new folder, an empty one"):
            save(place)
    assert (bundle / "notes.txt").read_text() == "of mine"
    assert sorted(path.name for path in bundle.parent.iterdir()) == ["copy", "link"]


def test_a_model_that_cannot_be_replaced_stays(
    bundle: Path, taxonomy: Taxonomy, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped, rename = load_bundle(bundle, taxonomy), Path.rename

    def fail(path: Path, target: Path) -> Path:
        if target == bundle and not path.name.endswith("-replaced"):
            raise OSError("no space left")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", fail)
    with pytest.raises(ModelError, match="cannot be written: no space left"):
        save_bundle(bundle, shipped.manifest, make_heads(dimension=384), find_model(), "# card")
    assert load_bundle(bundle, taxonomy).manifest == shipped.manifest
    assert [path.name for path in bundle.parent.iterdir()] == ["copy"]


def test_names_and_folders(bundle: Path) -> None:
    assert find_model() == find_model("ka2-minilm") == ROOT / "models" / "ka2-minilm"
    assert find_model(bundle) == bundle
    assert find_model("fast") == ROOT / "models" / "ka2-fast"
    with pytest.raises(ModelError, match=r"got the model 'none'.*one of: ka2-fast, ka2-minilm"):
        find_model("none")


def test_a_folder_that_was_not_named_is_not_loaded(
    bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(bundle.parent)
    for name in ("ka2-minilm", "ka2-fast"):
        shutil.copytree(bundle, name)
    assert find_model() == find_model("default") == ROOT / "models" / "ka2-minilm"
    assert find_model("fast") == ROOT / "models" / "ka2-fast"
    assert find_model("ka2-fast") == Path("ka2-fast")
    Path("fast").mkdir()
    Path("mine").mkdir()
    assert bundle_training._encoder_folder("fast") == ROOT / "models" / "ka2-fast"
    assert bundle_training._encoder_folder("mine") == Path("mine")


@pytest.mark.parametrize("name", ["heads.npz", "vocabulary.txt", "encoder.onnx", "tokenizer.json"])
def test_missing_and_changed_files(bundle: Path, taxonomy: Taxonomy, name: str) -> None:
    with (bundle / name).open("ab") as stream:
        stream.write(b"!")
    with pytest.raises(ModelError, match=f"{name} with other contents"):
        load_bundle(bundle, taxonomy)
    (bundle / name).unlink()
    with pytest.raises(ModelError, match=f"got no file {name}"):
        load_bundle(bundle, taxonomy)


@pytest.mark.parametrize(
    "name", ["encoder.npz", "encoder.onnx", "taxonomy.ttl", "taxonomy-labels.ttl"]
)
def test_files_that_the_manifest_does_not_name(
    tmp_path: Path, taxonomy: Taxonomy, name: str
) -> None:
    folder = find_model("default" if name == "encoder.npz" else "fast")
    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    (copy / "notes.txt").write_text("of mine")
    assert load_bundle(copy, taxonomy).folder == copy
    (copy / name).write_bytes(b"!")
    with pytest.raises(ModelError, match=f"{name}, which its manifest does not name"):
        load_bundle(copy, taxonomy)


def test_an_encoder_of_another_size(tmp_path: Path, taxonomy: Taxonomy) -> None:
    shipped = load_bundle(find_model("fast"), taxonomy)
    save_bundle(tmp_path / "mine", shipped.manifest, make_heads(), shipped.folder, "# card")
    with pytest.raises(ModelError, match=r"vectors have the length [0-9]+, expected 8 as its"):
        Tagger.load(tmp_path / "mine")


def test_another_taxonomy(bundle: Path, taxonomy: Taxonomy) -> None:
    edit_manifest(bundle, taxonomy="0123456789abcdef")
    with pytest.raises(ModelError, match=r"for the taxonomy 0123456789abcdef, expected"):
        load_bundle(bundle, taxonomy)


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"format": 99}, "bundle format 99, expected 3"),
        ({"surprise": 1}, "entries are not a manifest's"),
        ({"files": {}}, "without heads.npz"),
        ({"segmenter": 99}, "made for version 99 of the sentence rules, expected 1; train it anew"),
    ],
)
def test_bad_manifests(
    bundle: Path, taxonomy: Taxonomy, entries: dict[str, object], message: str
) -> None:
    edit_manifest(bundle, **entries)
    with pytest.raises(ModelError, match=message):
        load_bundle(bundle, taxonomy)


def test_a_manifest_cannot_point_outside_its_folder(bundle: Path, taxonomy: Taxonomy) -> None:
    files = json.loads((bundle / "manifest.json").read_text())["files"]
    edit_manifest(bundle, files=files | {"../copy/card.md": files["card.md"]})
    with pytest.raises(ModelError, match=r"got no file \.\./copy/card\.md"):
        load_bundle(bundle, taxonomy)


def test_pickled_arrays_are_refused(bundle: Path, taxonomy: Taxonomy) -> None:
    import hashlib

    harmful = np.array([object()], dtype=object)
    np.savez(bundle / "heads.npz", sentence_weights=harmful)
    files = json.loads((bundle / "manifest.json").read_text())["files"]
    digest = hashlib.sha256((bundle / "heads.npz").read_bytes()).hexdigest()
    edit_manifest(bundle, files=files | {"heads.npz": digest})
    with pytest.raises(ModelError, match="Object arrays cannot be loaded"):
        load_bundle(bundle, taxonomy)


@pytest.mark.parametrize("field", ["sentence_bias", "document_weights", "thresholds"])
def test_arrays_that_do_not_belong_together(field: str) -> None:
    heads = make_heads()
    for wrong in (np.zeros((3, 3), np.float32), getattr(heads, field) * np.float32("nan")):
        changed: dict[str, Any] = {field: wrong}
        with pytest.raises(ModelError, match=f"got {field} of shape"):
            replace(heads, **changed)
