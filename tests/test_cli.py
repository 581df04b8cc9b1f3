from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import EXAMPLES, PROJECT, ROOT

from ka2nlp.cli.main import verbs

Call = Callable[..., tuple[int, str, str]]


def test_tag_prints_a_report(call: Call) -> None:
    code, output, error = call("tag", EXAMPLES / "repair-cafes.txt")
    assert (code, error) == (0, "")
    assert "SYSTEMS" in output
    assert "Digital and open education" in output


def test_json_lines_keep_order_and_ids(call: Call, tmp_path: Path) -> None:
    rows = [{"id": "a", "text": PROJECT}, {"id": "b", "text": ""}, {"id": "c", "text": PROJECT}]
    path = tmp_path / "three.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    code, output, _ = call("tag", path, EXAMPLES / "water-mains.txt", "-f", "jsonl")
    found = [json.loads(line) for line in output.splitlines()]
    assert code == 0
    assert [row["id"] for row in found] == ["a", "b", "c", "water-mains"]
    assert found[0]["tags"] == found[2]["tags"] != []
    assert found[1]["tags"] == []


def test_output_file_and_threshold(call: Call, tmp_path: Path) -> None:
    target = tmp_path / "out.jsonl"
    path = EXAMPLES / "repair-cafes.txt"
    assert call("tag", path, "-f", "jsonl", "-o", target) == (0, "", "")
    assert (
        call("tag", path, "-f", "jsonl", "-o", tmp_path / "strict.jsonl", "--threshold", 0.95)[0]
        == 0
    )
    usual, strict = (
        {tag["code"] for tag in json.loads((tmp_path / name).read_text())["tags"]}
        for name in ("out.jsonl", "strict.jsonl")
    )
    assert strict < usual
    assert sorted(file.name for file in tmp_path.iterdir()) == ["out.jsonl", "strict.jsonl"]


def test_an_output_that_fails_leaves_nothing(call: Call, tmp_path: Path) -> None:
    bad = tmp_path / "bad.txt"
    bad.write_bytes(b"\xff\xfe\xff")
    code, _, error = call("tag", EXAMPLES / "water-mains.txt", bad, "-o", tmp_path / "out.txt")
    assert code == 2
    assert "bad.txt" in error
    assert [file.name for file in tmp_path.iterdir()] == ["bad.txt"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["tag", "nowhere.txt"], "got nowhere.txt, which does not exist; check the path"),
        (["tag", str(ROOT / "ka2nlp" / "cli")], "without a file that can be read; check the path"),
        (["tag", "sqlite:///x.db"], "got sqlite:///x.db without a query, expected a query (--sql)"),
        (["tag", "x.csv", "--sql", "SELECT 1"], "got x.csv with a query"),
        (["tag", str(ROOT / "pyproject.toml")], "unknown ending '.toml', expected one of .txt"),
        (["tag", str(EXAMPLES / "water-mains.txt"), "--model", "none"], "got the model 'none'"),
        (["tag"], "Missing argument 'INPUT...'"),
        (["tag", "x.txt", "--threshold", "2"], "2.0 is not in the range 0<=x<=1"),
        (["tag", "x.txt", "--threshold", "nan"], "nan is not in the range 0<=x<=1"),
        (["evaluate", "x.jsonl", "--threshold", "nan"], "nan is not in the range 0<=x<=1"),
        (["archive", "x.txt", "-o", "out", "--threshold", "nan"], "nan is not in the range"),
        (["tag", "x.txt", "--format", "pdf"], "'pdf' is not one of 'table', 'json'"),
        (["guess"], "No such command 'guess'"),
        (["evaluate", "nowhere.jsonl"], "got nowhere.jsonl, which cannot be read"),
    ],
)
def test_bad_calls_get_one_clear_line_and_code_2(
    call: Call, arguments: list[str], message: str
) -> None:
    code, output, error = call(*arguments)
    assert (code, output) == (2, "")
    assert message in error
    assert "Traceback" not in error
    assert len([line for line in error.splitlines() if not line.startswith(("Usage", "Try"))]) <= 2


def test_taxonomy_formats(call: Call) -> None:
    tree = call("taxonomy")[1]
    assert "  O1   Innovative approaches to target groups\n    O1a  More attractive" in tree
    assert "Not the quality management" in call("taxonomy", "--definitions")[1]
    rows = json.loads(call("taxonomy", "-f", "json")[1])
    assert len(rows) == 48
    assert call("taxonomy", "-f", "csv")[1].count("\n") == 49
    turtle = call("taxonomy", "-f", "turtle")[1]
    assert turtle.startswith((ROOT / "ka2nlp" / "data" / "ka2.ttl").read_text())


@pytest.mark.skipif(sys.platform != "linux", reason="names of files are text elsewhere")
def test_a_file_name_that_is_no_text_costs_nothing(call: Call, tmp_path: Path) -> None:
    folder, target = tmp_path / "in", tmp_path / "out.jsonl"
    folder.mkdir()
    (folder / os.fsdecode(b"caf\xe9.txt")).write_text(PROJECT)
    (folder / "rows.jsonl").write_text(json.dumps({"id": "\ud800", "text": PROJECT}))
    assert call("tag", folder, "-f", "jsonl", "-o", target) == (0, "", "")
    rows = map(json.loads, target.read_text(encoding="utf-8").splitlines())
    assert sorted(row["id"] for row in rows) == ["caf\ufffd", "\ufffd"]


def test_every_verb_prints_any_letter() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ka2nlp", "taxonomy", "--language", "el"],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "cp1252"},  # as a pipe on Windows has it
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert "Συστήματα" in done.stdout.decode("utf-8")


def test_evaluate(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "gold.jsonl"
    row = {"id": "a", "text": PROJECT, "labels": ["S6", "I2"], "evidence": {"I2": [[141, 202]]}}
    path.write_text(json.dumps(row))
    code, output, _ = call("evaluate", path)
    assert code == 0
    assert "micro-F1" in output
    assert "show a" in output
    found = json.loads(call("evaluate", path, "-f", "json")[1])
    assert found["n_documents"] == 1
    assert {group["name"] for group in found["groups"]} >= {"outcomes", "facets", "framing aims"}


@pytest.mark.parametrize("verb", [[], *([name] for name in verbs.list_commands(None))])  # type: ignore[arg-type]
def test_help(call: Call, verb: list[str]) -> None:
    code, output, _ = call(*verb, "--help")
    assert code == 0
    assert output.startswith("Usage: ka2nlp")


def test_a_missing_library_is_named_with_its_extra(tmp_path: Path) -> None:
    script = (
        "import sys; sys.modules['sklearn'] = None\n"
        "from ka2nlp.cli.main import main; sys.exit(main(sys.argv[1:]))"
    )
    corpus = str(ROOT / "corpus" / "authored" / "tr.jsonl")
    model = str(tmp_path / "model")
    command = [sys.executable, "-c", script, "train", "--corpus", corpus, "-o", model]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].endswith("install it with: pip install 'ka2nlp[learn]'")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full to write to")
@pytest.mark.parametrize("verb", [["taxonomy"], ["tag", str(EXAMPLES / "water-mains.txt")]])
def test_a_full_disk_behind_the_output_is_one_line(verb: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "ka2nlp", *verb],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr.startswith("ka2nlp: got a full disk")
    assert done.stderr.count("\n") == 1


def loaded_by(*arguments: str) -> set[str]:
    """Run a command in a fresh process and list the modules that it imported."""
    script = (
        "import sys; from ka2nlp.cli.main import main; code = main(sys.argv[1:]);"
        "print(*sys.modules, file=sys.stderr); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=True
    )
    return set(done.stderr.split())


def test_help_imports_nothing_heavy() -> None:
    heavy = {"numpy", "spacy", "onnxruntime", "sklearn", "torch", "pandas", "rich", "pyoxigraph"}
    assert not heavy & loaded_by("--help")
    assert not {*heavy, "fastapi", "sqlalchemy", "uvicorn"} & loaded_by("serve", "--help")


def test_tag_imports_no_training_library() -> None:
    found = loaded_by("tag", str(EXAMPLES / "water-mains.txt"))
    heavy = "bs4 docx fsspec lxml pandas pyarrow pypdfium2 scipy sentence_transformers sklearn"
    assert not {*heavy.split(), "sqlalchemy", "transformers"} & found
    # spaCy's thinc imports PyTorch wherever it is installed; ka2nlp itself never does
    assert "torch" not in found or "thinc" in found
