"""Reports as a page for the terminal: by level, with a bar and the best sentence a tag.

In a pipe, or where the terminal cannot show them, bars and quotes become plain ASCII and colours
go; the words stay the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import cycle
from typing import TYPE_CHECKING, Final, TextIO

from ka2nlp.records import TO_CHECK, Report, Tag
from ka2nlp.reports.ranking import rank_tags
from ka2nlp.taxonomy import Level, Taxonomy

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["count", "write_table"]

MAX_WIDTH: Final = 100
_BAR: Final = 10
_INDENT: Final = 8
_LINES: Final = 2.9
_REPEATED_LINES: Final = 0.85
_LIKELY: Final = 0.1
_EIGHTHS: Final = " ▏▎▍▌▋▊▉█"
_COLOURS: Final = ("cyan", "green", "magenta", "blue")
"""Of the levels of outcomes, in turn."""

_FRAMING: Final = "yellow"
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
"""What a terminal obeys instead of showing it: colours, a cleared screen, a new window title."""


def write_table(reports: Iterable[Report], stream: TextIO, taxonomy: Taxonomy) -> None:
    """Write a page a document."""
    from rich.console import Console

    console = Console(file=stream, highlight=False, soft_wrap=False, emoji=False)
    console.width = min(console.width, MAX_WIDTH)
    for number, report in enumerate(reports):
        if number:
            console.print()
        _Page(console, taxonomy).show(report)


class _Page:
    """One report on one console."""

    def __init__(self, console: Console, taxonomy: Taxonomy) -> None:
        self._console = console
        self._taxonomy = taxonomy
        outcomes = (level.key for level in taxonomy.levels if not level.framing)
        self._colours = dict(zip(outcomes, cycle(_COLOURS), strict=False))
        self._width = max(map(len, taxonomy.codes)) + 1
        self._plain = not console.is_terminal or "utf" not in console.encoding.lower()

    def show(self, report: Report) -> None:
        from rich.text import Text

        print_ = self._console.print
        print_(Text(_line(report.title or report.id), style="bold"))
        if report.title:
            print_(Text(_line(report.id), style="dim"))
        size = f"{count(report.n_words, 'word')}, {count(report.n_sentences, 'sentence')}"
        print_(Text(f"{size}; model {report.model}", style="dim"))
        for warning in report.warnings:
            print_(Text(f"! {_line(warning)}", style="yellow"))
        if not report.tags:
            print_()
            print_("No aim of the taxonomy is addressed.")
        for level in self._taxonomy.levels:
            tags = [tag for tag in report.tags if tag.level == level.key]
            if tags:
                print_()
                self._show_level(level, tags)
        self._show_doubts(report)

    def _show_level(self, level: Level, tags: list[Tag]) -> None:
        from rich.text import Text

        heading = Text(level.label.upper(), style=f"bold {self._colours.get(level.key, _FRAMING)}")
        if level.definition and len(level.label + level.definition) + 2 <= self._console.width:
            heading.append(f"  {level.definition}", style="not bold dim")
        self._console.print(heading)
        shown: set[str] = set()
        for tag in rank_tags(tags, self._taxonomy):
            self._show_tag(tag, level.key)
            if not level.framing:
                place = tag.evidence[0].place if tag.evidence else ""
                self._show_evidence(tag.best_sentence, place, repeated=tag.best_sentence in shown)
            shown.add(tag.best_sentence)

    def _show_doubts(self, report: Report) -> None:
        """List the codes that are to be checked, tagged or not."""
        from rich.padding import Padding
        from rich.text import Text

        doubts = report.answered(TO_CHECK)
        if not doubts:
            return
        self._console.print()
        heading = Text("TO CHECK", style="bold")
        heading.append("  not sure enough to say yes or no", style="not bold dim")
        self._console.print(heading)
        ranked = sorted(doubts, key=lambda code: -report.scores[code])
        likely = [code for code in ranked if report.scores[code] >= _LIKELY]
        named = [
            f"{code} {self._taxonomy[code].label} {report.scores[code]:.0%}" for code in likely
        ]
        if len(likely) < len(ranked):
            named.append(f"{len(ranked) - len(likely)} more, each under {_LIKELY:.0%}")
        for line in Text("; ".join(named)).wrap(self._console, self._console.width - 2):
            line.rstrip()
            self._console.print(Padding(line, (0, 0, 0, 2), expand=False))

    def _show_tag(self, tag: Tag, level: str) -> None:
        from rich.text import Text

        facet = self._taxonomy[tag.code].broader is not None
        line = Text(f"{'    ' if facet else '  '}{tag.code:<{self._width}}")
        line.append(tag.label, style="" if facet else "bold")
        room = self._console.width - _BAR - 8
        line.truncate(room, overflow="ellipsis")
        line.append(" " * (room - line.cell_len + 1))
        line.append(self._bar(tag.probability), style=self._colours.get(level, _FRAMING))
        line.append(f" {tag.probability:>4.0%}")
        if tag.answer == TO_CHECK:
            line.append("?", style="bold")
        self._console.print(line)

    def _show_evidence(self, sentence: str, place: str, *, repeated: bool) -> None:
        """Show the best sentence of a tag; only its beginning where it was shown before."""
        from rich.padding import Padding
        from rich.text import Text

        if not sentence:
            return
        lines = _REPEATED_LINES if repeated else _LINES
        quote = Text(self._quote(_line(sentence), int(lines * (self._console.width - _INDENT))))
        quote.stylize("dim italic")
        if remark := "above" if repeated else place:
            quote.append(f" ({remark})", style="dim")
        for line in quote.wrap(self._console, self._console.width - _INDENT):
            line.rstrip()
            self._console.print(Padding(line, (0, 0, 0, _INDENT), expand=False))

    def _bar(self, probability: float) -> str:
        if self._plain:
            full = round(probability * _BAR)
            return "#" * full + "-" * (_BAR - full)
        eighths = round(probability * _BAR * 8)
        full, rest = divmod(eighths, 8)
        return ("█" * full + (_EIGHTHS[rest] if rest else "")).ljust(_BAR)

    def _quote(self, sentence: str, room: int) -> str:
        """Shorten a sentence to some characters and put it in quotes."""
        if len(sentence) > room - 6:
            sentence = sentence[: room - 10].rsplit(" ", 1)[0] + " ..."
        return f'"{sentence}"' if self._plain else f"“{sentence}”"


def _line(text: str) -> str:
    """Put a text on one line, without characters that a terminal would obey."""
    return " ".join(_CONTROL.sub(" ", text).split())


def count(number: int, noun: str) -> str:
    """Say how many there are: ``1 word``, ``1,200 words``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
