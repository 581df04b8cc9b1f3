"""Give MkDocs the pages that stand elsewhere in the repository or are made from the code."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import click
from mkdocs.structure.files import File, Files

from ka2nlp.cli.main import verbs
from ka2nlp.tagger import Tagger
from ka2nlp.taxonomy import Concept, Taxonomy

__all__ = ["on_files", "on_page_content", "on_page_markdown"]

ROOT: Final = Path(__file__).resolve().parent.parent
INCLUDED: Final = {
    "CHANGELOG.md": "changelog.md",
    "corpus/README.md": "explanation/corpus.md",
    "corpus/priorities/README.md": "explanation/priorities.md",
    "models/ka2-fast/card.md": "explanation/ka2-fast.md",
    "models/ka2-minilm/card.md": "explanation/ka2-minilm.md",
    "notebooks/README.md": "how-to/notebooks.md",
}
"""Files of the repository, and where they stand in the site."""

PICTURES: Final = {
    f"models/{model}/reliability.png": f"explanation/{model}-reliability.png"
    for model in ("ka2-fast", "ka2-minilm")
}
_GUIDE: Final = 'Erasmus+ Programme Guide, Key Action 2, "What are the aims of this key action?", '
_SECTION: Final = re.compile(r"^<!-- README: (.+) -->$", re.MULTILINE)
_REPORT: Final = re.compile(r"<!-- report: (\S+) (\S+) -->")
_WIDE: Final = "---\nhide: [toc]\n---\n\n"
"""For pages with broad tables."""

_ROLE: Final = re.compile(r":(?:class|func|meth|mod):(?=<code>)")
"""Of Sphinx, in docstrings, before a name that stands well enough by itself."""

_LINK: Final = re.compile(r"(!?)\[([^\]]*)\]\(([^)#:\s]+)([^)]*)\)")
"""An exclamation mark where it is a picture, words, path, and what follows: anchor or title."""


def on_files(files: Files, config: Any) -> Files:  # noqa: ANN401
    """Add the pages that are not written by hand, and the pictures of the model cards."""
    made = {
        "reference/command-line.md": command_line(),
        "reference/labels.md": labels(Taxonomy.load()),
    }
    for source, target in INCLUDED.items():
        content = (ROOT / source).read_text(encoding="utf-8")
        made[target] = _WIDE + redirect_links(content, source, target)
    for target, content in made.items():
        files.append(File.generated(config, target, content=content))
    for source, target in PICTURES.items():
        files.append(File.generated(config, target, abs_src_path=str(ROOT / source)))
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


def on_page_content(html: str, **unused: Any) -> str:  # noqa: ANN401
    """Tag the description that a page asks for, which stands in a block of a page; drop roles."""

    def report(match: re.Match[str]) -> str:
        page = (ROOT / "docs" / match[1]).read_text(encoding="utf-8")
        block = rf'^```text title="{re.escape(match[2])}"\n(.*?)^```$'
        found = re.search(block, page, re.MULTILINE | re.DOTALL)
        if found is None:
            raise ValueError(f"{match[1]} has no block with the title {match[2]!r}")
        title, _, text = found[1].partition("\n")
        return Tagger.load().tag(text.strip(), title=title)._repr_html_()

    return _ROLE.sub("", _REPORT.sub(report, html))


def redirect_links(markdown: str, source: str, target: str) -> str:
    """Point links to files of the repository at their places in the site; unlink other files."""
    places = INCLUDED | PICTURES

    def redirect(match: re.Match[str]) -> str:
        picture, words, path, rest = match.groups()
        file = ((ROOT / source).parent / path).resolve().relative_to(ROOT).as_posix()
        place = places.get(file) or (file.removeprefix("docs/") if file.startswith("docs/") else "")
        if place:
            return f"{picture}[{words}]({'../' * target.count('/')}{place}{rest})"
        return words if (ROOT / file).exists() and not picture else match[0]

    return _LINK.sub(redirect, markdown)


def command_line() -> str:
    """Describe every command with its options, as click knows them."""
    return "\n".join(["# Command line", "", *_describe(verbs, None, "ka2nlp")]) + "\n"


def _describe(command: click.Command, parent: click.Context | None, name: str) -> Iterator[str]:
    context = click.Context(command, parent, name, **command.context_settings)
    path = context.command_path
    if parent is not None:
        yield from (f"{'#' * (path.count(' ') + 1)} {path}", "")
    usage = " ".join([path, *command.collect_usage_pieces(context)])
    yield from (inspect.cleandoc(command.help or ""), "", "```text", usage, "```", "")
    for option in command.get_params(context):
        if isinstance(option, click.Option) and (record := option.get_help_record(context)):
            words = record[1].replace("[", "\\[").replace("<", "&lt;") or "As it says."
            yield from (f"`{record[0]}`", f":   {words}", "")
    if isinstance(command, click.Group):
        for verb in command.list_commands(context):
            if child := command.get_command(context, verb):
                yield from _describe(child, context, verb)


def labels(taxonomy: Taxonomy) -> str:
    """Describe every label, by level."""
    lines = [f"# The labels\n\n{len(taxonomy)} labels, fingerprint `{taxonomy.fingerprint}`.\n"]
    for level in taxonomy.levels:
        lines.append(f"## {level.label}\n\n{level.definition}\n")
        lines += [_label(taxonomy[code]) for code in level.codes]
    return "\n".join(lines)


def _label(concept: Concept) -> str:
    heading = "####" if concept.broader else "###"
    source = concept.source.removeprefix(_GUIDE)
    words = [concept.definition, concept.note, f"*{source[:1].upper()}{source[1:]}.*"]
    return f"{heading} {concept.code} {concept.label}\n\n" + "  \n".join(filter(None, words)) + "\n"
