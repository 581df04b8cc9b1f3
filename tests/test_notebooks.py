from __future__ import annotations

import ast
import importlib
import importlib.util
import json
import os
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
LONGEST = 600
"""Seconds that a cell may take, on a slow and busy machine."""

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def cells(path: Path, kind: str) -> list[dict[str, Any]]:
    found = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in found if cell["cell_type"] == kind]


def code(path: Path) -> str:
    return "\n".join("".join(cell["source"]) for cell in cells(path, "code"))


def test_the_table_names_every_notebook() -> None:
    table = (ROOT / "notebooks" / "README.md").read_text(encoding="utf-8")
    assert len(NOTEBOOKS) == 5
    for path in NOTEBOOKS:
        assert f"| `{path.name}` |" in table


@each_notebook
def test_outputs_are_stripped(path: Path) -> None:
    for cell in cells(path, "code"):
        assert cell["outputs"] == []
        assert cell["execution_count"] is None


@each_notebook
def test_it_reads_as_an_article(path: Path) -> None:
    words = sum(len("".join(cell["source"]).split()) for cell in cells(path, "markdown"))
    assert words > 250
    assert "".join(cells(path, "markdown")[0]["source"]).startswith("# ")


@each_notebook
def test_only_public_names_are_used(path: Path) -> None:
    tree = ast.parse(code(path))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("ka2nlp"):
            public = importlib.import_module(node.module or "").__all__
            assert {alias.name for alias in node.names} <= set(public), node.module
        if isinstance(node, ast.Attribute):
            assert not node.attr.startswith("_"), node.attr


@each_notebook
def test_only_data_of_the_repository_is_read(path: Path) -> None:
    for node in ast.walk(ast.parse(code(path))):
        if isinstance(node, ast.Constant) and "../" in str(node.value):
            assert str(node.value).startswith("../corpus/"), node.value
            assert (path.parent / str(node.value)).exists(), node.value


@each_notebook
def test_it_runs_from_top_to_bottom(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for library in ("ipykernel", "matplotlib", "nbclient"):
        if importlib.util.find_spec(library) is None:
            pytest.skip(f"{library} comes with the docs extra: scripts/test --docs")
    import nbformat
    from nbclient import NotebookClient

    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.setenv("PYTHONWARNINGS", "error:::ka2nlp")
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook, timeout=LONGEST, resources={"metadata": {"path": str(path.parent)}}
    )
    client.execute()
    pictures = [
        output
        for cell in notebook.cells
        for output in cell.get("outputs", ())
        if "image/png" in output.get("data", {})
    ]
    assert len(pictures) >= 3
