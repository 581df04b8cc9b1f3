"""What a program gives as a text turns into a document, or into one that says why it cannot."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from ka2nlp.errors import InputError
from ka2nlp.records import Document, is_missing, whole

__all__ = ["as_document", "as_documents"]

_FRAMES: Final = ("DataFrame", "LazyFrame", "Table")
_SEVERAL: Final = ("list", "tuple", "set", "ndarray", "Series", "Index", "generator")


def as_document(given: object, *, title: object = "", id: str = "1") -> Document:
    """Take a document as it is, and make one of a text.

    Halves of surrogate pairs, which neither models nor files take, become U+FFFD.

    Parameters
    ----------
    given
        A text, or a document.
    title
        Of the document that is made of a text; a missing value is no title.
    id
        Of the document that is made of a text.

    Raises
    ------
    InputError
        When it is neither, when a title is no text, or when a document is given a second title.
    """
    title = _title(title)
    if isinstance(given, Document):
        if title:
            raise InputError(
                f"got a Document and the title {title!r}, expected a title for a text only; "
                "a Document has its own"
            )
        if not isinstance(given.text, str):
            raise InputError(f"got a Document whose text is {_name(given.text)}, expected a str")
        return _mended(given)
    if isinstance(given, str):
        return Document(id, whole(title), whole(str(given)))
    raise InputError(f"got {_name(given)}, expected a text (str) or a Document{_remedy(given)}")


def as_documents(given: Iterable[object]) -> Iterator[Document]:
    """Turn many texts and documents into documents, lazily and in order.

    A text has its position, from 1, as identifier. What is neither a text nor a document becomes a
    document without text, whose ``problems`` say what was got.

    Raises
    ------
    InputError
        When this is a single text or document, a table, or nothing that has members.
    """
    if isinstance(given, (str, bytes, Document)):
        raise InputError(
            f"got {_name(given)}, expected an iterable of texts or Documents; "
            "put it in a list, or use tag()"
        )
    if type(given).__name__ in _FRAMES:
        raise InputError(
            f"got {_name(given)}, expected an iterable of texts or Documents; "
            "use to_frame(), or give the column of the texts"
        )
    if isinstance(given, Mapping):
        raise InputError(
            f"got {_name(given)}, expected an iterable of texts or Documents; use its values()"
        )
    if not isinstance(given, Iterable):
        raise InputError(f"got {_name(given)}, expected an iterable of texts or Documents")
    return (_kept(one, str(number)) for number, one in enumerate(given, start=1))


def _kept(given: object, id: str) -> Document:
    try:
        return as_document(given, id=id)
    except InputError as error:
        known = whole(str(given.id)) if isinstance(given, Document) else id
        return Document(known, "", "", problems=(str(error),))


def _mended(given: Document) -> Document:
    """Replace halves of surrogate pairs in all that a report shows; file names may bring some."""
    return replace(
        given,
        id=whole(str(given.id)),
        title=whole(_title(given.title)),
        text=whole(given.text),
        problems=tuple(map(whole, given.problems)),
    )


def _title(given: object) -> str:
    if isinstance(given, str):
        return given
    if is_missing(given):
        return ""
    raise InputError(f"got a title that is {_name(given)}, expected a str")


def _name(given: object) -> str:
    """Say what something is: ``a list``; a missing value by its own name."""
    kind = type(given).__name__
    if is_missing(given):
        return f"a missing value ({given})"
    if isinstance(given, (str, bytes)):
        return "one text (str)" if isinstance(given, str) else "bytes"
    return f"{'an' if kind[0].lower() in 'aeiou' else 'a'} {kind}"


def _remedy(given: object) -> str:
    if type(given).__name__ in _SEVERAL:
        return "; use tag_many() for several"
    if type(given).__name__ in _FRAMES:
        return "; use to_frame() for a table"
    if type(given).__name__.endswith("Scalar"):
        return "; use to_pylist() of the column"
    return "; decode it first" if isinstance(given, bytes) else ""
