"""What the scripts share: the environment that they run in, and how archives are compared."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import venv
from pathlib import Path
from types import ModuleType

import pytest
from conftest import ROOT

SCRIPTS = ROOT / "scripts"


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, SCRIPTS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_an_environment_of_another_python_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = load("environment")
    folder = tmp_path / ".venv"
    asked: list[tuple[list[str], bool]] = []

    def install(python: Path, locks: list[str], *, fresh: bool) -> None:
        asked.append((locks, fresh))
        if fresh:
            venv.create(folder, clear=folder.exists())

    monkeypatch.setattr(environment, "ENVIRONMENT", folder)
    monkeypatch.setattr(environment, "STAMP", folder / "locks.sha256")
    monkeypatch.setattr(environment, "_install", install)
    for _ in range(2):
        environment.ensure("run")
    environment.ensure("run", "test")
    assert asked == [(["run"], True), (["test"], False)]
    asked.clear()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "version", "3.99.0 (made up)")
        patch.setattr(sys, "version_info", (3, 99, 0, "final", 0))
        for _ in range(2):
            environment.ensure("run", "test")
    assert asked == [(["run", "test"], True)]


def test_archives_are_the_same_to_the_byte(tmp_path: Path) -> None:
    same_files = load("archive_files").same_files
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        (folder / "run").mkdir(parents=True)
        (folder / "run" / "part").write_bytes(b"bees")
    (first / ".lock").touch()
    assert same_files(first, second)
    (second / "run" / "part").write_bytes(b"beer")
    assert not same_files(first, second)
    (second / "run" / "part").write_bytes(b"bees")
    (second / "run" / "more").touch()
    assert not same_files(first, second)
    assert not same_files(second, first)


def test_the_fast_model_has_no_floats_to_keep(tmp_path: Path) -> None:
    script = str(SCRIPTS / "build_model")
    command = [sys.executable, script, "--fast", "--keep", str(tmp_path), "texts.jsonl"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 2
    assert "--keep: not allowed with argument --fast" in done.stderr
