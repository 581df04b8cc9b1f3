from __future__ import annotations

from pathlib import Path

import pytest
from conftest import ROOT
from doc_examples import Page, same_output

DOCS = ROOT / "docs"


def pages() -> list[Path]:
    return sorted(DOCS.rglob("*.md"))


@pytest.mark.parametrize("path", pages(), ids=lambda path: str(path.relative_to(DOCS)))
def test_examples_run_and_print_what_the_page_says(path: Path, tmp_path: Path) -> None:
    page = Page(path, tmp_path)
    written = [block for block in page.blocks() if block.language in ("sh", "python")]
    assert page.run() == len(written)
