"""Files elsewhere, by their address: ``s3://``, ``gs://``, ``https://`` and more."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import BinaryIO, Final, cast

from ka2nlp.documents.extras import needs
from ka2nlp.documents.formats import format_of, load_reader
from ka2nlp.documents.options import ReadingOptions
from ka2nlp.documents.urls import show_url
from ka2nlp.errors import InputError
from ka2nlp.records import Document

__all__ = ["read_remote"]

_LIBRARIES: Final = {"s3": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "az": "adlfs", "abfs": "adlfs"}


def read_remote(url: str, format: str | None, options: ReadingOptions) -> Iterator[Document]:
    """Read one file, with the credentials that its library finds in the environment.

    Raises
    ------
    InputError
        When the library for this kind of address is missing, the file cannot be opened, has an
        unknown ending, or cannot be read. Secrets in the address are in no message.
    """
    shown = show_url(url)
    path = PurePosixPath(shown)
    reader = load_reader(format or format_of(path, shown))
    stream = _open(url, shown)
    try:
        with stream:
            yield from reader(stream, path.stem, options)
    except OSError as error:
        raise InputError(_refusal(url, shown, error)) from None
    except InputError as error:
        raise InputError(f"{shown}: {error}") from error


def _open(url: str, shown: str) -> BinaryIO:
    with needs(f"the address {shown}", "fsspec", "remote"):
        import fsspec
    scheme = url.partition("://")[0].lower()
    try:
        return cast("BinaryIO", fsspec.open(url, "rb").open())
    except ImportError as error:
        library = _LIBRARIES.get(scheme, "library for it")
        raise InputError(
            f"got {shown} but no {library} to read it ({error}); install: pip install {library}"
        ) from error
    except Exception as error:  # each library has errors of its own
        raise InputError(_refusal(url, shown, error)) from None


def _refusal(url: str, shown: str, error: Exception) -> str:
    reason = " ".join(str(error).replace(url, shown).split()) or type(error).__name__
    return f"got {shown}, which cannot be opened ({reason}); check the address and the credentials"
