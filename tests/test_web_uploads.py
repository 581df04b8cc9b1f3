from __future__ import annotations

import os
import re
import time
from pathlib import Path

import anyio
import hostile_files
import made_files
import pytest
from conftest import PROJECT
from hostile_files import SENTENCE, Hostile

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


@pytest.mark.parametrize(("filename", "file"), CASES)
def test_hostile_files_are_refused_or_become_harmless_text(filename: str, file: Hostile) -> None:
    begun = time.monotonic()
    try:
        document = read(file.data, filename)
    except InputError as error:
        assert file.refused, f"refused: {error}"
        assert re.search(file.refused, str(error)), error
        assert "Traceback" not in str(error)
        assert len(str(error)) < 500
    else:
        assert file.read, f"read {len(document.text)} characters: {document.text[:200]!r}"
        assert file.read in document.text
        assert "evil" not in document.text
        assert len(document.text) < 100_000
    assert time.monotonic() - begun < STRICT.upload_seconds + 4
    assert not Path("/tmp/ka2nlp-evil").exists()
