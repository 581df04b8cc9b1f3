"""Give MkDocs the pages that stand elsewhere in the repository or are made from the code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import click
from mkdocs.structure.files import File, Files

from ka2nlp.cli.main import verbs
from ka2nlp.taxonomy import Concept, Taxonomy

__all__ = ["on_files", "on_page_markdown"]

ROOT: Final = Path(__file__).resolve().parent.parent
INCLUDED: Final = {
    "CHANGELOG.md": "changelog.md",
    "corpus/README.md": "explanation/corpus.md",
    "models/ka2-fast/card.md": "explanation/ka2-fast.md",
    "models/ka2-minilm/card.md": "explanation/ka2-minilm.md",
    "notebooks/README.md": "how-to/notebooks.md",
}
"""Files of the repository, and where they stand in the site."""

_SECTION: Final = re.compile(r"^<!-- README: (.+) -->$", re.MULTILINE)
_LINK: Final = re.compile(r"(\]\()([^)#:]+)(#[^)]*)?(\))")


def on_files(files: Files, config: Any) -> Files:  # noqa: ANN401
    """Add the pages that are not written by hand, and the pictures of the model cards."""
    made = {
        "reference/command-line.md": command_line(),
        "reference/labels.md": labels(Taxonomy.load()),
    }
    for source, target in INCLUDED.items():
        made[target] = redirect_links((ROOT / source).read_text(encoding="utf-8"), source, target)
    for target, content in made.items():
        files.append(File.generated(config, target, content=content))
    for model in ("ka2-fast", "ka2-minilm"):
        picture = str(ROOT / "models" / model / "reliability.png")
        target = f"explanation/{model}-reliability.png"
        files.append(File.generated(config, target, abs_src_path=picture))
    return files


def on_page_markdown(markdown: str, page: Any, **unused: Any) -> str:  # noqa: ANN401
    """Put sections of the README where a page asks for them."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")

    def section(match: re.Match[str]) -> str:
        found = re.search(rf"^## {match[1]}\n(.*?)(?=^## |\Z)", readme, re.MULTILINE | re.DOTALL)
        if found is None:
            raise ValueError(f"{page.file.src_uri}: the README has no section {match[1]!r}")
        return redirect_links(found[1].strip(), "README.md", page.file.src_uri)

    return _SECTION.sub(section, markdown)


def redirect_links(markdown: str, source: str, target: str) -> str:
    """Point the links of a file of the repository at pages of the site; drop those to elsewhere."""
    depth = target.count("/")

    def redirect(match: re.Match[str]) -> str:
        path = (ROOT / source).parent.joinpath(match[2]).resolve().relative_to(ROOT).as_posix()
        page = INCLUDED.get(path) or picture(path)
        return f"{match[1]}{'../' * depth}{page}{match[3] or ''}{match[4]}" if page else match[0]

    redirected = _LINK.sub(redirect, markdown)
    return redirected


def picture(path: str) -> str:
    """Name the place of a card's picture in the site; nothing for other files."""
    found = re.fullmatch(r"models/([^/]+)/(reliability\.png)", path)
    return f"explanation/{found[1]}-{found[2]}" if found else ""


def command_line() -> str:
    """Describe every command with its options, as click knows them."""
    return "\n".join(["# Command line", "", *_describe(verbs, None, "ka2nlp")]) + "\n"


def _describe(command: click.Command, parent: click.Context | None, name: str) -> Iterator[str]:
    context = click.Context(command, parent=parent, info_name=name)
    path = context.command_path
    if parent is not None:
        yield from (f"{'#' * (path.count(' ') + 1)} {path}", "")
    usage = " ".join(command.collect_usage_pieces(context))
    yield from ("```text", f"{path} {usage}", "```", "")
    yield from (re.sub(r"\s*\n(?!\n)", "\n", (command.help or "").strip()), "")
    for parameter in command.get_params(context):
        if record := parameter.get_help_record(context):
            yield from (f"`{record[0]}`", f":   {_sentence(record[1])}", "")
    if isinstance(command, click.Group):
        for verb in command.list_commands(context):
            child = command.get_command(context, verb)
            if child is not None:
                yield from _describe(child, context, verb)


def _sentence(words: str) -> str:
    return words.replace("[", "\\[").replace("<", "&lt;") or "No more is to be said."


def labels(taxonomy: Taxonomy) -> str:
    """Describe every label, by level."""
    lines = ["# The labels", "", f"{len(taxonomy)} labels, fingerprint `{taxonomy.fingerprint}`.", ""]
    for level in taxonomy.levels:
        lines += [f"## {level.label}", "", level.definition, ""]
        for code in level.codes:
            lines += _label(taxonomy[code])
    return "\n".join(lines)


def _label(concept: Concept) -> list[str]:
    heading = "####" if concept.broader else "###"
    words = [concept.definition, concept.note and f"*{concept.note}*", f"Source: {concept.source}"]
    return [f"{heading} {concept.code} {concept.label}", "", "  \n".join(filter(None, words)), ""]
