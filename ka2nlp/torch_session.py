"""Compute the graph of an encoder with PyTorch, on a graphics processor (needs ``ka2nlp[train]``).

onnxruntime has no products of integers for such a device. PyTorch multiplies the same integers as
32-bit floats, which hold them exactly below 2**24. A sum of 384 products of 7 and 8 bits always
is; one of 1,536 after GELU, unless most of them are near their largest value. What lies between
differs from a CPU's in its last bits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from ka2nlp.errors import ModelError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

__all__ = ["Output", "TorchSession"]

Operator = Callable[..., Any]


class Output(NamedTuple):
    """What a graph computes: its name, and its shape, whose sizes may be names."""

    name: str
    shape: list[int | str]


class TorchSession:
    """Stands where a session of onnxruntime stands.

    Parameters
    ----------
    path
        The ONNX file, of the operators that :mod:`ka2nlp.encoder_export` writes.
    device
        "cuda", or another name that PyTorch knows.

    Raises
    ------
    ModelError
        When there is no such device, PyTorch is not installed, or the file holds other operators.
    """

    def __init__(self, path: Path, device: str) -> None:
        try:
            import onnx
            import torch
            from onnx import numpy_helper
        except ModuleNotFoundError as error:
            raise ModelError(
                f"got the device {device} without PyTorch; install it with: "
                "pip install 'ka2nlp[train]'"
            ) from error
        if device.startswith("cuda") and not torch.cuda.is_available():
            raise ModelError(
                f"got the device {device}, but PyTorch {torch.__version__} sees no such processor; "
                "leave out --device, or install a driver and a PyTorch built for it"
            )
        graph = onnx.load(path).graph
        unknown = {node.op_type for node in graph.node} - _OPERATORS.keys()
        if unknown:
            raise ModelError(
                f"got an encoder with the operator {min(unknown)}, which only onnxruntime knows; "
                "leave out --device"
            )
        self._device = torch.device(device)
        shape = graph.output[0].type.tensor_type.shape.dim
        self._output = Output(
            graph.output[0].name, [size.dim_param or size.dim_value for size in shape]
        )
        self._constants = {
            item.name: self._place(torch.from_numpy(numpy_helper.to_array(item).copy()))
            for item in graph.initializer
        }
        self._steps = [
            (
                partial(
                    _OPERATORS[node.op_type],
                    **{item.name: onnx.helper.get_attribute_value(item) for item in node.attribute},
                ),
                tuple(node.input),
                node.output[0],
            )
            for node in graph.node
        ]

    def _place(self, array: Tensor) -> Tensor:
        """Keep shapes, which are 64-bit integers, in the main memory."""
        return array if str(array.dtype) == "torch.int64" else array.to(self._device)

    def get_outputs(self) -> list[Output]:
        """Give the graph's one output."""
        return [self._output]

    def run(self, _: object, given: Mapping[str, NDArray[np.int64]]) -> list[NDArray[np.float32]]:
        """Compute the graph's one output.

        Parameters
        ----------
        given
            ``input_ids`` of shape (batch, tokens), int64.

        Returns
        -------
        list of one ndarray of shape (batch, dimension), float32
        """
        import torch

        known = {**self._constants}
        known |= {name: torch.from_numpy(ids).to(self._device) for name, ids in given.items()}
        with torch.inference_mode():
            for operator, inputs, output in self._steps:
                known[output] = operator(*(known[name] for name in inputs))
        return [known[self._output.name].cpu().numpy()]


def _shape(array: Tensor) -> Tensor:
    import torch

    return torch.tensor(array.shape)


def _gather(array: Tensor, positions: Tensor) -> Tensor:
    return array[positions]


def _concat(*arrays: Tensor, axis: int) -> Tensor:
    import torch

    return torch.cat(arrays, dim=axis)


def _cast(array: Tensor, to: int) -> Tensor:
    return array.float()


def _slice(array: Tensor, start: Tensor, end: Tensor) -> Tensor:
    return array[int(start) : int(end)]


def _normalise(states: Tensor, weight: Tensor, bias: Tensor, axis: int, epsilon: float) -> Tensor:
    import torch

    return torch.nn.functional.layer_norm(states, weight.shape, weight, bias, epsilon)


def _quantise(states: Tensor, scales: Tensor, zeros: Tensor, axis: int) -> Tensor:
    """Round half to even, as ONNX does; the integers stay floats."""
    return (states / scales[:, None]).round() + zeros[:, None].float()


def _integer_product(
    rows: Tensor, columns: Tensor, row_scale: Tensor, column_scales: Tensor, zero: Tensor
) -> Tensor:
    return (rows - zero.float()) @ columns.float() * (row_scale * column_scales)


def _gelu(states: Tensor, bias: Tensor) -> Tensor:
    import torch

    return torch.nn.functional.gelu(states + bias, approximate="tanh")


def _attention(query: Tensor, key: Tensor, value: Tensor, bias: Tensor, num_heads: int) -> Tensor:
    """Attend with several heads: states of shape (batch, tokens, width)."""
    import torch

    n_texts, n_tokens, width = query.shape
    parts = (
        (states + shift).view(n_texts, n_tokens, num_heads, -1).transpose(1, 2)
        for states, shift in zip((query, key, value), bias.split(width), strict=True)
    )
    attended = torch.nn.functional.scaled_dot_product_attention(*parts)
    return attended.transpose(1, 2).reshape(n_texts, n_tokens, width)


def _expand(array: Tensor, shape: Sequence[int]) -> Tensor:
    return array.expand(*map(int, shape))


_OPERATORS: Final[dict[str, Operator]] = {
    "Abs": lambda array: array.abs(),
    "Add": lambda one, other: one + other,
    "Cast": _cast,
    "Concat": _concat,
    "Expand": _expand,
    "FastGelu": _gelu,
    "Gather": _gather,
    "LayerNormalization": _normalise,
    "MatMul": lambda one, other: one @ other,
    "MatMulIntegerToFloat": _integer_product,
    "Max": lambda array, least: array.clamp(min=least),
    "Mul": lambda one, other: one * other,
    "MultiHeadAttention": _attention,
    "QuantizeLinear": _quantise,
    "ReduceMax": lambda array, axes, keepdims: array.amax(int(axes)),
    "Reshape": lambda array, shape: array.reshape(*map(int, shape)),
    "Shape": _shape,
    "Slice": _slice,
    "Squeeze": lambda array, axes: array.squeeze(int(axes)),
    "Unsqueeze": lambda array, axes: array.unsqueeze(int(axes)),
}
"""What :mod:`ka2nlp.encoder_export` uses, by the names of ONNX and of onnxruntime."""
