"""The entry point: finds the verb, imports only what it needs, and turns errors into one line."""

from __future__ import annotations

import errno
import io
import os
import sys
from importlib import import_module
from typing import Final

import click

from ka2nlp import __version__
from ka2nlp.errors import Ka2nlpError

__all__ = ["main", "run"]

_COMMANDS: Final = {
    "tag": ("ka2nlp.cli.tag", "Report which aims each description addresses, with evidence."),
    "archive": ("ka2nlp.cli.archive", "Tag any number of descriptions; stop and go on at will."),
    "taxonomy": ("ka2nlp.cli.taxonomy", "Print or export the labels."),
    "evaluate": ("ka2nlp.cli.evaluate", "Score a model on labelled descriptions."),
    "report": ("ka2nlp.cli.report", "Count what the projects of an archive are for, on a page."),
    "corpus": ("ka2nlp.cli.corpus", "Check, join, describe and compare labelled data."),
    "train": ("ka2nlp.cli.train", "Train a model on an annotated corpus."),
    "serve": ("ka2nlp.cli.serve", "Serve the review desk: pages and a REST interface."),
    "users": ("ka2nlp.cli.users", "Add and change the users of a review desk."),
    "review": ("ka2nlp.cli.review", "Fill the review desk, and take out what was decided."),
}


_OPTIONAL: Final = {
    "alembic": ("Alembic", "serve"),
    "argon2": ("argon2-cffi", "serve"),
    "fastapi": ("FastAPI", "serve"),
    "krippendorff": ("krippendorff", "learn"),
    "matplotlib": ("matplotlib", "learn"),
    "prometheus_client": ("prometheus-client", "serve"),
    "scipy": ("SciPy", "learn"),
    "sklearn": ("scikit-learn", "learn"),
    "sqlalchemy": ("SQLAlchemy", "serve"),
    "uvicorn": ("uvicorn", "serve"),
}
"""Libraries of extras, by the name they are imported by, with the extra that brings them."""


_FULL: Final = (errno.ENOSPC, errno.EDQUOT)


class _Verbs(click.Group):
    """Imports a verb when it is called; the help needs only its summary."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, _ = _COMMANDS[cmd_name]
        command: click.Command = import_module(module).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in _COMMANDS.items()])


@click.group(cls=_Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="ka2nlp")
def verbs() -> None:
    """Read what a funded project is for.

    ka2nlp reads a project description and reports which aims of Erasmus+ Key Action 2 it
    addresses, each with a probability and the sentences that show it.
    """


def run() -> None:
    """Run the command that the process was given, and end the process with its code."""
    sys.exit(main())


def main(arguments: list[str] | None = None) -> int:
    """Run a command.

    Parameters
    ----------
    arguments
        Words after the program's name; those of the process when left out.

    Returns
    -------
    int
        0 when all went well, 2 when the input or the call was wrong, 130 when interrupted.
    """
    try:
        _print_any_letter()
        result = verbs.main(args=arguments, prog_name="ka2nlp", standalone_mode=False)
        sys.stdout.flush()  # at the end of the process it would be too late to tell
        return result if isinstance(result, int) else 0
    except click.ClickException as error:
        error.show()
        return 2
    except ModuleNotFoundError as error:
        library, extra = _OPTIONAL.get((error.name or "").split(".")[0], ("", ""))
        if not library:
            raise
        click.echo(
            f"ka2nlp: got an installation without {library}, which this command needs; "
            f"install it with: pip install 'ka2nlp[{extra}]'",
            err=True,
        )
        return 2
    except Ka2nlpError as error:
        click.echo(f"ka2nlp: {error}", err=True)
        return 2
    except (KeyboardInterrupt, click.Abort):
        click.echo("ka2nlp: interrupted", err=True)
        return 130
    except BrokenPipeError:
        _discard_output()
        return 0
    except OSError as error:
        if error.errno not in _FULL:
            raise
        _discard_output()
        click.echo(
            "ka2nlp: got a full disk, expected room for the output; make room, or write elsewhere",
            err=True,
        )
        return 2


def _discard_output() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _print_any_letter() -> None:
    """Let a pipe take UTF-8, and a console what it can: not every one takes any letter."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        encoding = sys.stdout.encoding if sys.stdout.isatty() else "utf-8"
        sys.stdout.reconfigure(encoding=encoding, errors="replace")
