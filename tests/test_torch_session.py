"""The encoder's graph computed by PyTorch: the same operators, and clear refusals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ka2nlp import Ka2nlpError, Tagger
from ka2nlp.bundles import find_model
from ka2nlp.cli.main import main
from ka2nlp.embeddings import OnnxEncoder

torch = pytest.importorskip("torch", reason="PyTorch comes with the train extra")
pytest.importorskip("onnx", reason="onnx comes with the train extra")

TEXTS = [
    "We train forty teachers to teach languages with tablets.",
    "All course units will be published as open educational resources.",
    "Tea.",
    "The partner schools agree on a shared plan for staff training, and keep it after the project.",
]


def test_every_operator_computes_what_onnxruntime_computes() -> None:
    import onnx
    import onnxruntime

    from ka2nlp.torch_session import TorchSession

    path = find_model("ka2-minilm") / "encoder.onnx"
    model = onnx.load(path)
    names = [node.output[0] for node in model.graph.node]
    model.graph.output.extend(map(onnx.helper.make_empty_tensor_value_info, names[:-1]))
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    given = {"input_ids": np.array([[101, 2057, 3345, 5089, 102], [101, 5572, 1012, 999, 102]])}
    order = [item.name for item in session.get_outputs()]
    expected = dict(zip(order, session.run(None, given), strict=True))
    ours = TorchSession(path, "cpu")
    assert [tuple(one) for one in ours.get_outputs()] == [("sum", ["batch", 384])]
    known = {name: torch.from_numpy(np.asarray(found)) for name, found in expected.items()}
    known |= {**ours._constants, "input_ids": torch.from_numpy(given["input_ids"])}
    for operator, inputs, output in ours._steps:
        found = operator(*(known[name] for name in inputs)).float().numpy()
        np.testing.assert_allclose(found, expected[output], rtol=1e-5, atol=1e-5, err_msg=output)


def test_vectors_point_where_those_of_onnxruntime_point(monkeypatch: pytest.MonkeyPatch) -> None:
    from ka2nlp.torch_session import TorchSession

    folder = find_model("ka2-minilm")
    usual, ours = OnnxEncoder(folder), OnnxEncoder(folder)
    monkeypatch.setattr(ours, "_session", TorchSession(folder / "encoder.onnx", "cpu"))
    cosines = (usual.encode(TEXTS) * ours.encode(TEXTS)).sum(axis=1)
    assert cosines.min() > 0.99  # some roundings to integers fall the other way


def test_a_missing_device_is_told() -> None:
    if torch.cuda.is_available():
        pytest.skip("this machine has a graphics processor")
    with pytest.raises(Ka2nlpError, match="sees no such processor; leave out --device"):
        Tagger.load(device="cuda")


def test_what_is_no_device_is_told() -> None:
    with pytest.raises(Ka2nlpError, match=r"got the device 'gpu', .*; expected 'cpu' or 'cuda'$"):
        Tagger.load(device="gpu")


def test_the_command_refuses_a_missing_device(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if torch.cuda.is_available():
        pytest.skip("this machine has a graphics processor")
    text = tmp_path / "text.txt"
    text.write_text(" ".join(TEXTS), encoding="utf-8")
    assert main(["tag", str(text), "--device", "cuda"]) == 2
    assert "sees no such processor" in capsys.readouterr().err
