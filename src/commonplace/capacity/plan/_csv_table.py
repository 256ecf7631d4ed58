"""A CSV file as columns of text, whatever program wrote it; an ambiguous file is refused.

Notable: polars reads it (a million rows in 0.1 s). What polars refuses, Python's slower reader
reads again, so that the problem can name the row. Rows are counted as a spreadsheet does.
"""

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING

from commonplace.capacity.plan.problems import Problems, did_you_mean
from commonplace.capacity.plan.tables import REQUIRED, Table

if TYPE_CHECKING:
    import polars

LARGEST_FILE = 512 * 2**20  # bytes
_SEPARATORS = ";\t"  # besides the comma: spreadsheets write ; where a comma is the decimal point


def read_table(path: Path, table: Table, problems: Problems) -> "polars.DataFrame | None":
    """The table's columns as stripped text (null: empty), and `row`; None if there is nothing."""
    data = read_bytes(path, problems)
    if data is None or (separator := _separator(data, table, problems)) is None:
        return None
    frame = _parsed(data, separator, table.file, problems)
    return None if frame is None else _named(frame, table, problems)


def read_bytes(path: Path, problems: Problems, largest: int = LARGEST_FILE) -> bytes | None:
    """The file's UTF-8 text as bytes, without a byte order mark, with newlines between lines."""
    try:
        if not path.is_file():  # a named pipe would be waited for without end
            raise OSError("it is not a file")
        if path.stat().st_size > largest:
            raise OSError(f"it is larger than {largest} bytes, the most that is read")
        data = path.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        problems.add(path.name, expected=f"cannot be read: {reason}")
        return None
    data = data.removeprefix(b"\xef\xbb\xbf")
    try:
        data.decode("utf-8")  # polars would not say which row is wrong
    except UnicodeDecodeError as error:
        row, byte = data.count(b"\n", 0, error.start) + 1, f"byte 0x{data[error.start]:02x}"
        expected = "expected UTF-8; save it as 'CSV UTF-8'"
        problems.add(path.name, row, found=byte, expected=expected)
        return None
    return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in data else data


def _separator(data: bytes, table: Table, problems: Problems) -> str | None:
    """A comma; in a header without one, the semicolon or tab between the columns' names."""
    header = data.partition(b"\n")[0].decode("utf-8")
    if not header.strip():
        problems.add(table.file, 1, expected=f"expected a header: {_names(table)}")
        return None
    others = [separator for separator in _SEPARATORS if separator in header]
    if "," not in header and len(others) == 1:
        return others[0]
    if others:
        expected = "expected columns separated by commas, and nothing else"
        problems.add(table.file, 1, found=header, expected=expected)
        return None
    return ","


def _parsed(
    data: bytes, separator: str, file: str, problems: Problems
) -> "polars.DataFrame | None":
    """All rows as text; the first is the header."""
    import polars

    try:
        return polars.read_csv(  # the header as a row: polars renames a column that is there twice
            io.BytesIO(data), has_header=False, separator=separator, infer_schema=False
        )
    except polars.exceptions.PolarsError:
        return _parsed_slowly(data.decode("utf-8"), separator, file, problems)


def _parsed_slowly(
    text: str, separator: str, file: str, problems: Problems
) -> "polars.DataFrame | None":
    """All rows as text by Python's reader, which can say which row is wrong."""
    import polars

    rows: list[list[str]] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        rows.extend(reader)  # one by one: after an error their number says where it happened
    except csv.Error as error:
        expected = f"expected quotes that are closed, and doubled within a cell ({error})"
        problems.add(file, len(rows) + 1, expected=expected)
        return None
    width = len(rows[0])
    for number, row in enumerate(rows, 1):
        if len(row) > width and any(row[width:]):  # empty cells beyond the header lose nothing
            cells = f"{len(row)} cells"
            problems.add(file, number, found=cells, expected=f"expected {width} at most")
    padded = [(row + [""] * width)[:width] for row in rows]
    schema = [f"column_{place}" for place in range(width)]
    return polars.DataFrame(padded, dict.fromkeys(schema, polars.String), orient="row")


def _named(
    frame: "polars.DataFrame", table: Table, problems: Problems
) -> "polars.DataFrame | None":
    """The table's columns by name, and `row`; empty rows are left out."""
    import polars

    header = ["" if name is None else str(name).strip() for name in frame.row(0)]
    frame = frame.slice(1).with_columns(polars.all().str.strip_chars().replace("", None))
    names = {column.name for column in table.columns}
    at: dict[str, str] = {}
    for place, name in enumerate(header):
        cells = frame.columns[place]
        if name in names and name not in at:
            at[name] = cells
        elif name or frame[cells].null_count() < frame.height:
            expected = _expected_header(name, place, table)
            problems.add(table.file, 1, found=name or None, expected=expected)
    for column in table.columns:
        if column.default is REQUIRED and column.name not in at:
            expected = "this column is missing; expected " + _names(table)
            problems.add(table.file, column=column.name, expected=expected)
    if not at:
        return None
    rows = polars.int_range(2, frame.height + 2, eager=True).alias("row")  # the header is row 1
    columns = frame.select([polars.col(cells).alias(name) for name, cells in at.items()])
    filled = polars.any_horizontal([polars.col(name).is_not_null() for name in at])
    return columns.with_columns(rows).filter(filled)


def _expected_header(name: str, place: int, table: Table) -> str:
    """What is wrong with a column that the table does not have, or has already."""
    names = [column.name for column in table.columns]
    if name in names:
        return "this column is there twice"
    if not name:
        return f"column {place + 1} has cells but no name in row 1"
    return f"there is no such column; expected {_names(table)}{did_you_mean(name, names)}"


def _names(table: Table) -> str:
    return ", ".join(column.name for column in table.columns)
