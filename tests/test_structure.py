"""The shape of the package: imports go downwards, public names are documented, nothing leaks."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
import tomllib
from pathlib import Path

import pytest
from conftest import ROOT

import ka2nlp

PACKAGE = ROOT / "ka2nlp"
LAYERS = [
    {"ka2nlp", "errors", "progress", "records"},
    {"arrays", "drafts", "languages", "measures", "skos", "templates", "torch_session"},
    {"concepts"},
    {"taxonomy"},
    {"linked_data"},
    {
        "documents",
        "sentences",
        "embeddings",
        "aggregation",
        "labelled",
        "reports",
        "selection",
        "static_embeddings",
        "words",
    },
    {"annotations", "encoders", "encoder_export", "second_stage"},
    {"heads"},
    {"encoder_training", "static_body", "transformer_body"},
    {"bundles", "corpora", "duplicates", "evaluation", "splits"},
    {"agreement", "corpus_statistics"},
    {"tagger"},
    {"estimators", "teaching"},
    {"first_stage"},
    {"training"},
    {"adaptation", "joint_training", "model_cards"},
    {"bundle_training"},
    {"bundle_adaptation"},
    {"archives", "spacy_component"},
    {"overviews", "review"},
    {"web"},
    {"cli"},
    {"__main__"},
]
SHOWN_BY = {("records", "reports")}
"""Upward, and therefore inside methods only: a notebook asks a report itself for its looks."""
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def unit(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return "ka2nlp" if parts == ("__init__",) else parts[0]


def imported_units(path: Path, *, deep: bool = True) -> set[str]:
    """Units that a module imports, or with ``deep=False`` those that it imports outside functions."""
    names = set()
    tree = ast.parse(path.read_text())
    inner = {
        node
        for function in ast.walk(tree)
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)) and not deep
        for node in ast.walk(function)
    }
    for node in set(ast.walk(tree)) - inner:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("ka2nlp"):
            names.add(
                (node.module or "").removeprefix("ka2nlp").lstrip(".").split(".")[0] or "ka2nlp"
            )
    return names


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_downwards(path: Path) -> None:
    here = unit(path)
    if here == "ka2nlp":
        return  # its imports are for type checkers; names are found when first used
    at_once = imported_units(path, deep=False)
    for other in imported_units(path) - {here}:
        late = (here, other) in SHOWN_BY and other not in at_once
        assert late or RANK[other] < RANK[here], f"{here} imports {other}"


def public_objects() -> list[tuple[str, object]]:
    found: list[tuple[str, object]] = []
    for info in pkgutil.walk_packages(ka2nlp.__path__, "ka2nlp."):
        if info.name == "ka2nlp.__main__":
            continue
        module = importlib.import_module(info.name)
        found.append((info.name, module))
        names = getattr(module, "__all__", ())
        found.extend((f"{info.name}.{name}", getattr(module, name)) for name in names)
    return found


def test_public_names_exist_and_are_documented() -> None:
    for name, thing in public_objects():
        if inspect.ismodule(thing) or inspect.isclass(thing) or inspect.isfunction(thing):
            assert inspect.getdoc(thing), f"{name} has no docstring"


def test_the_root_shows_about_ten_names() -> None:
    assert len(ka2nlp.__all__) <= 12
    assert set(dir(ka2nlp)) == {*ka2nlp.__all__, "__version__"}
    for name in ka2nlp.__all__:
        assert getattr(ka2nlp, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = ka2nlp.nonsense


def test_modules_stay_small() -> None:
    for path in modules():
        assert path.name != "utils.py"
        assert len(path.read_text().splitlines()) <= 400, path


def test_version_and_changelog_agree() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text()
    newest = re.search(r"^## (\S+)", changelog, re.MULTILINE)
    assert newest is not None
    assert newest.group(1) == ka2nlp.__version__


def test_locks_name_every_requirement() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]

    def whole(extra: str) -> list[str]:
        found = []
        for requirement in extras[extra]:
            own = re.fullmatch(r"ka2nlp\[(.+)\]", requirement)  # "ka2nlp[sql]": what that requires
            names = own.group(1).split(",") if own else []
            found += [item for name in names for item in whole(name)] if own else [requirement]
        return found

    for lock, wanted in (
        ("run", project["dependencies"]),
        ("test", [*project["dependencies"], *whole("test")]),
        ("docs", [*project["dependencies"], *whole("docs")]),
        ("train", whole("train")),
    ):
        text = (ROOT / "scripts" / "locks" / f"{lock}.txt").read_text()
        for requirement in wanted:
            name = re.split(r"[<>=\[]", requirement)[0]
            assert re.search(rf"^{name}==", text, re.MULTILINE), f"{name} is not in {lock}.txt"


def test_readme_names_real_commands() -> None:
    readme = (ROOT / "README.md").read_text()
    from ka2nlp.cli.main import verbs

    named = re.findall(r"^(?:ka2nlp|scripts/run) ([a-z]+)", readme, re.MULTILINE)
    assert set(named) == set(verbs.list_commands(None))  # type: ignore[arg-type]
    for path in re.findall(r"\]\(([^)#:]+)\)", readme):
        assert (ROOT / path).exists(), path


def test_every_script_is_checked() -> None:
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
    found = [path for path in (ROOT / "scripts").iterdir() if path.is_file()]
    programs = {f"scripts/{path.name}" for path in found if not path.suffix}
    assert programs == set(tools["ruff"]["extend-include"])
    modules = {f"scripts/{path.name}" for path in found if path.suffix == ".py"}
    assert programs | modules <= set(tools["mypy"]["files"])
