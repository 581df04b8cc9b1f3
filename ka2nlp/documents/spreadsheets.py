"""Excel workbooks (.xlsx, .xls), the platform's search exports among them: a row, a document."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import BinaryIO

from ka2nlp.documents.archives import check_workbook
from ka2nlp.documents.columns import HEADER_WITHIN, Columns, find_columns
from ka2nlp.documents.options import ReadingOptions
from ka2nlp.documents.streams import seekable
from ka2nlp.errors import InputError
from ka2nlp.records import Document

__all__ = ["read_spreadsheet"]


def read_spreadsheet(stream: BinaryIO, name: str, options: ReadingOptions) -> Iterator[Document]:
    """Read the first sheet that has a header row with a text column, and all others like it.

    An export may go on over several sheets. Those count whose identifier or title, and text, have
    the same names; others, such as notes or lists of codes, are left out.
    """
    from python_calamine import CalamineError, CalamineWorkbook

    with seekable(stream) as file:
        check_workbook(file)
        try:
            workbook = CalamineWorkbook.from_filelike(file)
            sheets = [workbook.get_sheet_by_name(sheet) for sheet in workbook.sheet_names]
        except CalamineError as error:
            raise InputError(
                f"got a file that is not a workbook ({error}); save it as .xlsx or .csv"
            ) from error
    reasons = []
    known: tuple[str, ...] | None = None
    is_empty = True
    for sheet in sheets:
        rows = sheet.iter_rows()  # those above the first cell too, empty
        for number, cells in enumerate(islice(rows, HEADER_WITHIN), start=1):
            headers = [str(cell) for cell in cells]
            try:
                columns = find_columns(headers, options)
            except InputError as error:
                reasons.append(str(error))
                continue
            names = columns.names(headers)
            if known is None or (names == known and any(names[:2])):
                known = names
                for document in _documents(rows, columns, f"{name}:{sheet.name}", number + 1):
                    is_empty = False
                    yield document
            break
    if known is None:
        raise InputError(
            reasons[0] if reasons else "got a workbook without a row, expected a table"
        )
    if is_empty:
        raise InputError("got a table without a row, expected one row a description")


def _documents(
    rows: Iterator[Sequence[object]], columns: Columns, place: str, first: int
) -> Iterator[Document]:
    for number, cells in enumerate(rows, start=first):
        if any(str(cell).strip() for cell in cells):
            yield columns.document(cells, f"{place}:{number}")
