"""Files that appear only once they are whole."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ka2nlp.errors import InputError

__all__ = ["drafted"]


@contextmanager
def drafted(target: Path) -> Iterator[Path]:
    """Give the name of a draft beside a file, which takes its place once it is whole.

    Raises
    ------
    InputError
        When it cannot be written.
    """
    draft = target.with_name(f".{target.name}.part")
    try:
        yield draft
        draft.replace(target)
    except OSError as error:
        raise InputError(f"got the output {target}, which cannot be written: {error}") from error
    finally:
        draft.unlink(missing_ok=True)
