from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ka2nlp.bundles import find_model
from ka2nlp.encoders import encoder_files, load_encoder
from ka2nlp.errors import ModelError
from ka2nlp.static_embeddings import StaticEncoder, write_static_encoder

TOKENIZER = find_model() / "tokenizer.json"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    return write_static_encoder(
        tmp_path / "table", rng.normal(size=(30522, 16)).astype(np.float32), TOKENIZER
    )


def test_a_text_is_the_mean_of_its_tokens(folder: Path) -> None:
    encoder = load_encoder(folder)
    assert isinstance(encoder, StaticEncoder)
    one, other, both = encoder.encode(["teachers", "harbour", "teachers harbour"])
    np.testing.assert_allclose(np.linalg.norm([one, other, both], axis=1), 1, atol=1e-6)
    in_their_plane = np.linalg.lstsq(np.stack([one, other], axis=1), both, rcond=None)
    assert in_their_plane[1] == pytest.approx(0, abs=1e-9)
    assert (in_their_plane[0] > 0).all()


def test_order_and_company_change_nothing(folder: Path) -> None:
    encoder = StaticEncoder(folder)
    texts = ["", "A reading circle.", "Pupils write. " * 400, "x", "!"]
    alone = np.concatenate([encoder.encode([text]) for text in texts])
    np.testing.assert_array_equal(encoder.encode(texts[::-1])[::-1], alone)
    np.testing.assert_allclose(np.linalg.norm(alone, axis=1), 1, atol=1e-6)
    assert encoder.encode([]).shape == (0, encoder.dimension)


def test_damaged_tables_are_refused(folder: Path) -> None:
    (folder / "encoder.npz").write_bytes(b"not an archive")
    with pytest.raises(ModelError, match="which cannot be loaded"):
        StaticEncoder(folder)


def test_pickled_tables_are_refused(folder: Path) -> None:
    harmful = np.array([object()], dtype=object)
    np.savez(folder / "encoder.npz", integers=harmful, scales=np.ones(1))
    with pytest.raises(ModelError, match="Object arrays cannot be loaded"):
        StaticEncoder(folder)


def test_a_folder_without_encoder(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"expected encoder\.onnx or encoder\.npz"):
        load_encoder(tmp_path)
    assert encoder_files(["card.md", "encoder.npz", "tokenizer.json"])[0] == "encoder.npz"
