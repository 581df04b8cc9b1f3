"""The options by which commands read their inputs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial, update_wrapper
from pathlib import Path
from typing import Any, Final

import click

from ka2nlp.documents import READERS, read_documents
from ka2nlp.records import Document

__all__ = ["PROBABILITY", "Read", "device_option", "reading_options", "taxonomy_option"]

Read = Callable[[Path | str], Iterator[Document]]

_OPTIONS = (
    click.option(
        "--input-format",
        type=click.Choice(list(READERS)),
        help="Default: by file ending.",
    ),
    click.option("--encoding", default="utf-8", show_default=True, help="Of the input files."),
    click.option("--text-column", metavar="NAME", help="Column of a table that holds the text."),
    click.option("--id-column", metavar="NAME", help="Column of a table that identifies a row."),
    click.option("--title-column", metavar="NAME", help="Column of a table that holds the title."),
    click.option(
        "--sql", metavar="QUERY", help="Read the rows of this query; INPUT is the database."
    ),
)


class _Probability(click.FloatRange):
    """A number in [0, 1]; NaN, which lies outside no range, is none."""

    def convert(
        self,
        value: Any,  # noqa: ANN401  (as click has it)
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> float:
        number = super().convert(value, param, ctx)
        if math.isnan(number):
            self.fail(f"{number} is not in the range 0<=x<=1.", param, ctx)
        return number


PROBABILITY: Final = _Probability(0, 1)
"""What ``--threshold`` takes."""


def device_option(command: Callable[..., None]) -> Callable[..., None]:
    """Add the option that says where the encoder is computed."""
    return click.option(
        "--device",
        type=click.Choice(["cpu", "cuda"]),
        default="cpu",
        show_default=True,
        help="Where the encoder is computed; cuda needs ka2nlp[train].",
    )(command)


def reading_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options to a command, which gets ``read``: a source to its documents."""

    def run(
        input_format: str | None,
        encoding: str,
        text_column: str | None,
        id_column: str | None,
        title_column: str | None,
        sql: str | None,
        **others: Any,  # noqa: ANN401
    ) -> None:
        read: Read = partial(
            read_documents,
            format=input_format,
            encoding=encoding,
            text_column=text_column,
            id_column=id_column,
            title_column=title_column,
            sql=sql,
        )
        command(read=read, **others)

    wrapped: Callable[..., None] = update_wrapper(run, command)
    for option in reversed(_OPTIONS):
        wrapped = option(wrapped)
    return wrapped


def taxonomy_option(command: Callable[..., None]) -> Callable[..., None]:
    """Add the option to a command, which gets ``taxonomy``: a path, or None."""
    return click.option(
        "--taxonomy",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        help="A vocabulary of your own (SKOS in Turtle), or one that ships, such as priorities.",
    )(command)
