"""Where a draft goes: links stay, and what is no file is written to."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ka2nlp.drafts import drafted, replacing
from ka2nlp.errors import InputError


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_draft_takes_the_place_of_a_file(tmp_path: Path) -> None:
    target = tmp_path / "out.txt"
    target.write_text("old")
    with replacing(target) as draft:
        draft.write_text("new")
        assert target.read_text() == "old"
    assert target.read_text() == "new"
    assert names(tmp_path) == ["out.txt"]


@pytest.mark.parametrize("old", ["old", None])
def test_a_link_stays_and_what_it_leads_to_is_replaced(tmp_path: Path, old: str | None) -> None:
    (tmp_path / "far").mkdir()
    link, target = tmp_path / "link.txt", tmp_path / "far" / "out.txt"
    link.symlink_to(target)
    if old is not None:
        target.write_text(old)
    with replacing(link) as draft:
        draft.write_text("new")
    assert link.is_symlink()
    assert target.read_text() == "new"
    assert (names(tmp_path), names(tmp_path / "far")) == (["far", "link.txt"], ["out.txt"])


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes to write to")
def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        with replacing(pipe) as draft:
            draft.write_text("new")
        assert os.read(reader, 9) == b"new"
    finally:
        os.close(reader)
    assert pipe.is_fifo()
    assert names(tmp_path) == ["pipe"]


def test_a_folder_is_no_output(tmp_path: Path) -> None:
    with (
        pytest.raises(InputError, match=r"got the output .*, which cannot be written"),
        drafted(tmp_path / ".") as draft,
    ):
        draft.write_text("new")
    assert names(tmp_path) == []
