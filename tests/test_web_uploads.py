from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import anyio
import hostile_files
import made_files
import pytest
from conftest import PROJECT
from hostile_files import Hostile

from ka2nlp.errors import InputError
from ka2nlp.records import Document
from ka2nlp.web.inference import BusyError
from ka2nlp.web.settings import Limits
from ka2nlp.web.uploads import Uploads

STRICT = Limits(upload_seconds=8, upload_memory=1 << 30)
CASES = [
    pytest.param(name if "." in name else f"{name}{ending}", file, id=f"{ending}-{name}")
    for ending, table in (
        (".pdf", hostile_files.PDFS),
        (".docx", hostile_files.WORDS),
        (".odt", hostile_files.ODTS),
        ("", hostile_files.ZIPS),
        (".html", hostile_files.PAGES_OF_WEB),
    )
    for name, file in table.items()
]


def read(data: bytes, filename: str, limits: Limits = STRICT) -> Document:
    async def ask() -> Document:
        return await Uploads(limits).read(data, filename)

    return anyio.run(ask)


def outcome(data: bytes, filename: str) -> tuple[Document | None, str]:
    try:
        return read(data, filename), ""
    except InputError as error:
        return None, str(error)


@pytest.mark.parametrize(("filename", "file"), CASES)
def test_hostile_files_are_refused_or_become_harmless_text(
    filename: str, file: Hostile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    begun = time.monotonic()
    document, refusal = outcome(file.data, filename)
    assert time.monotonic() - begun < STRICT.upload_seconds + 4
    if document is None:
        assert file.refused, f"refused: {refusal}"
        assert re.search(file.refused, refusal), refusal
        assert "Traceback" not in refusal
        assert len(refusal) < 500
    else:
        assert file.read, f"read {len(document.text)} characters: {document.text[:200]!r}"
        assert file.read in document.text
        assert "evil" not in document.text
        assert len(document.text) < 100_000
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("data", "filename", "place"),
    [
        (made_files.pdf([PROJECT]), "a proposal.PDF", "page 1"),
        (made_files.word([PROJECT]), "C:\\files\\a proposal.docx", "paragraph 1"),
        (made_files.opendocument([PROJECT]), "../a proposal.odt", "paragraph 1"),
        (made_files.page([PROJECT]), "a proposal.html", "paragraph 1"),
        (PROJECT.encode(), "a proposal.txt", ""),
        (PROJECT.encode(), "a proposal.md", ""),
    ],
)
def test_honest_files_are_read(data: bytes, filename: str, place: str) -> None:
    document = read(data, filename)
    assert document.id == "a proposal"
    assert document.text == PROJECT
    assert document.place_at(5) == place


def test_what_is_too_much_is_refused_and_the_next_file_is_read() -> None:
    async def ask() -> None:
        small = Limits(upload_bytes=2 << 20, characters=200, upload_pages=1)
        uploads = Uploads(small)
        with pytest.raises(InputError, match=r"got 3.0 MiB, expected at most 2 MiB"):
            await uploads.read(b"a" * (3 << 20), "a.txt")
        with pytest.raises(InputError, match="got a text of 300 characters, expected at most 200"):
            await uploads.read(b"a" * 300, "a.txt")
        with pytest.raises(InputError, match="a PDF of 2 pages, expected at most 1"):
            await uploads.read(made_files.pdf(["a", made_files.PAGE_BREAK, "b"]), "a.pdf")
        assert (await uploads.read(b"We train teachers.", "a.txt")).text == "We train teachers."

    anyio.run(ask)


def test_a_table_is_read_up_to_its_bounds() -> None:
    async def ask() -> None:
        uploads = Uploads(Limits(upload_rows=3, characters=300))
        rows = [f"{number},{PROJECT}" for number in range(4)]
        found = await uploads.read_all("\n".join(["id,text", *rows[:3]]).encode(), "t.csv")
        assert [(one.id, one.text) for one in found][2] == ("2", PROJECT)
        with pytest.raises(InputError, match="a table of more than 3 rows"):
            await uploads.read_all("\n".join(["id,text", *rows]).encode(), "t.csv")
        with pytest.raises(InputError, match="got a text of 400 characters"):
            await uploads.read_all(b"id,text\n1," + b"a" * 400, "t.csv")
        with pytest.raises(InputError, match=r"the ending '\.csv', expected one of \.pdf"):
            await uploads.read(b"id,text\n1,a", "t.csv")

    anyio.run(ask)


def test_a_file_that_takes_too_long_is_given_up() -> None:
    with pytest.raises(InputError, match="takes more than 0 seconds to read"):
        read(PROJECT.encode(), "a.txt", Limits(upload_seconds=0.001))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux bounds address space")
def test_a_file_that_takes_too_much_memory_is_given_up() -> None:
    page = made_files.page(["word " * 100_000] * 20)
    with pytest.raises(InputError, match=r"too much memory|within bounds"):
        read(page, "a.html", Limits(upload_memory=80 << 20, characters=1 << 30))


def test_too_many_files_at_once_are_sent_away() -> None:
    async def ask() -> list[str]:
        uploads = Uploads(Limits(uploads=1))
        outcomes = []

        async def one() -> None:
            try:
                outcomes.append((await uploads.read(b"We train teachers.", "a.txt")).text)
            except BusyError as error:
                outcomes.append(f"busy for {error.retry_after}")

        async with anyio.create_task_group() as group:
            for _ in range(20):
                group.start_soon(one)
        return outcomes

    outcomes = anyio.run(ask)
    assert outcomes.count("busy for 5") == 3
    assert outcomes.count("We train teachers.") == 17


def test_the_reading_process_knows_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", "secret")
    monkeypatch.setenv("PYTHONSTARTUP", "secret")
    seen: dict[str, object] = {}
    real = subprocess.run

    def run(command: list[str], **settings: Any) -> Any:
        seen.update(settings["env"], command=" ".join(command))
        return real(command, **settings)

    monkeypatch.setattr(subprocess, "run", run)
    read(PROJECT.encode(), "secret name.txt")
    assert "secret" not in str(seen)
