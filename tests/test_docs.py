from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import click
import pytest
from conftest import EXAMPLES, ROOT
from doc_examples import Page, same_output
from lxml import html

import ka2nlp
from ka2nlp.cli.main import verbs

DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))


def with_examples() -> list[Path]:
    return [path for path in PAGES if re.search(r"^```(sh|python)", path.read_text(), re.MULTILINE)]


@pytest.mark.parametrize("path", with_examples(), ids=lambda path: str(path.relative_to(DOCS)))
def test_examples_run_and_print_what_the_page_says(path: Path, tmp_path: Path) -> None:
    page = Page(path, tmp_path)
    written = [block for block in page.blocks() if block.language in ("sh", "python")]
    assert page.run() == len(written)


@pytest.mark.parametrize(
    ("printed", "expected", "same"),
    [
        ("S1 Quality   0.52\n", "S1 Quality 0.54", True),
        ("S1 Quality 0.52", "S1 Quality 0.61", False),
        ("S1 ########-- 81%", "S1 ##########  79%", True),
        ("S1 81%", "S1 70%", False),
        ("wrote /x/run-1: 4 documents", "wrote ...: 4 documents", True),
        ("wrote /x/run-1: 5 documents", "wrote ...: 4 documents", False),
        ("something else", "", False),
    ],
)
def test_outputs_are_compared(printed: str, expected: str, same: bool) -> None:
    assert same_output(printed, expected) is same


def test_the_methods_paragraph_states_what_the_readme_states() -> None:
    paragraph = (DOCS / "how-to" / "cite.md").read_text()
    readme = (ROOT / "README.md").read_text()
    for figure in ("0.881", "0.858 to 0.904", "0.016", "3,435"):
        assert figure in paragraph
        assert figure in readme


def test_the_readme_shows_what_comes_out(
    call: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    blocks = Page(ROOT / "README.md", tmp_path).blocks()
    example = EXAMPLES / "repair-cafes.txt"
    table = next(block.text for block in blocks if block.language == "text")
    assert same_output(call("tag", example)[1], table)
    shown = json.loads(next(block.text for block in blocks if block.language == "json"))
    found = json.loads(call("tag", example, "--format", "jsonl")[1])
    assert shown.keys() == found.keys()
    for key in ("id", "model", "taxonomy", "warnings"):
        assert shown[key] == found[key]
    (tag,) = shown["tags"]
    same = next(one for one in found["tags"] if one["code"] == tag["code"])
    assert tag["answer"] == same["answer"]
    assert tag["probability"] == pytest.approx(same["probability"], abs=0.03)
    quote, best = tag["evidence"][0], same["evidence"][0]
    assert best["text"].startswith(quote["text"].removesuffix("..."))
    assert (quote["start"], quote["end"]) == (best["start"], best["end"])
    assert shown["answers"]["S1"] == found["answers"]["S1"]


def test_the_citation_names_this_version() -> None:
    citation = (ROOT / "CITATION.cff").read_text()
    assert re.search(r"^version: (.+)$", citation, re.MULTILINE)[1] == ka2nlp.__version__  # type: ignore[index]
    assert f"(version {ka2nlp.__version__})" in (DOCS / "how-to" / "cite.md").read_text()


def test_every_extra_is_explained() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    explained = (DOCS / "how-to" / "index.md").read_text()
    for extra in set(project["optional-dependencies"]) - {"docs", "test"}:
        assert f"| `{extra}` |" in explained


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("mkdocs", reason="MkDocs comes with the docs extra: scripts/test --docs")
    folder = tmp_path_factory.mktemp("site")
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
    )
    assert built.returncode == 0, built.stderr
    return folder


def commands(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    yield name, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for verb in command.list_commands(context):
            child = command.get_command(context, verb)
            assert child is not None
            yield from commands(child, f"{name} {verb}")


def test_every_command_and_option_is_in_the_reference(site: Path) -> None:
    page = html.parse(site / "reference" / "command-line.html").getroot()
    headings = {node.text.strip() for node in page.iter("h1", "h2", "h3") if node.text}
    terms = {word.strip(",") for node in page.iter("dt") for word in node.text_content().split()}
    for name, command in commands(verbs, "ka2nlp"):
        assert name == "ka2nlp" or name in headings
        for option in command.params:
            if isinstance(option, click.Option) and not option.hidden:
                assert terms.issuperset(option.opts), f"{name} {option.opts}"


def test_links_lead_somewhere_and_nothing_is_fetched_from_elsewhere(site: Path) -> None:
    written = set(site.rglob("*.html")) - {site / "404.html"}  # a server's, with its own paths
    pages = {path: html.parse(path).getroot() for path in written}
    anchors = {
        path: {*page.xpath("//@id"), *page.xpath("//a/@name")} for path, page in pages.items()
    }
    assert len(pages) > 20
    for path, page in pages.items():
        fetched = page.xpath("//script/@src | //img/@src | //link[@rel!='canonical']/@href")
        for link in fetched + page.xpath("//a/@href"):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                assert link not in fetched, f"{path} fetches {link}"
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            target = target / "index.html" if target.is_dir() else target
            assert target.exists(), f"{path.relative_to(site)}: {link}"
            if parts.fragment and target in anchors:
                assert unquote(parts.fragment) in anchors[target], (
                    f"{path.relative_to(site)}: {link}"
                )


def test_styles_fetch_nothing_from_elsewhere(site: Path) -> None:
    for path in site.rglob("*.css"):
        assert not re.search(r"(url\(|@import)\s*['\"]?(https?:)?//", path.read_text()), path
