"""Tables as spreadsheets save them (CSV, RFC 4180), whatever their encoding and delimiter."""

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import StringIO

from supervision.domain.csv_files import csv_file, unguarded
from supervision.errors import N_, Invalid

MOST_BYTES = 1_000_000
MOST_ROWS = 5_000
# Far more than there are names for; a cell may hold five hundred addresses.
MOST_CELLS, LONGEST_CELL = 100, 30_000
# Spreadsheets may save rows that hold nothing.
MOST_LINES = 20_000
DELIMITERS = ",;\t"
MAGIC = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"%PDF", b"RIFF", b"{\\rtf")
SPREADSHEETS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f]")
# What a column may be called, letters and figures alone.
NAMES = {
    "title": ("title", "roster", "rostertitle", "name", "group"),
    "kind": ("kind", "type", "rosterkind"),
    "zone": ("zone", "timezone", "tz"),
    "capacity": ("capacity", "places", "seats", "size"),
    "minutes": ("minutes", "length", "duration", "usuallength"),
    "address": ("address", "place", "location"),
    "meeting_link": ("meetinglink", "link", "url", "videolink"),
    "members": ("members", "member", "email", "emails", "mail", "people", "participants"),
    "role": ("role", "roles"),
    "problem": ("problem", "problems"),
}
COLUMNS = tuple(NAMES)
# All but the one that we write ourselves, for whoever corrects a file.
SAYING = COLUMNS[:-1]
NEEDED = ("title", "kind")
_CALLED = {called: column for column, names in NAMES.items() for called in names}

NOT_CSV = N_("This is not a CSV file. Save the table as CSV, then choose that file.")
SPREADSHEET = N_("This is a spreadsheet. Open it, save it as CSV, then choose that file.")
TOO_LARGE = N_("This file is too large. Choose one of at most 1 MB, or split it.")


@dataclass(frozen=True)
class Row:
    """One row: its `number` as a spreadsheet counts, its trimmed cells by column."""

    number: int
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")


@dataclass(frozen=True)
class Table:
    """The columns of a file that are known, in its order, and its rows that hold something."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]


def read_table(body: bytes) -> Table:
    """The table in a file.

    Raises Invalid, beside the field `file`, for what is no CSV, too large, empty or without the
    columns that are needed, for columns that nobody knows, and for cells without a column.
    """
    records = list(_records(_text(body)))
    if not records:
        raise Invalid("file", N_("This file is empty."))
    (_first, header), *rest = records
    columns = _columns(header)
    if not rest:
        raise Invalid("file", N_("This file has a first row of names, and no other row."))
    rows = tuple(_row(number, cells, columns) for number, cells in rest)
    return Table(tuple(column for column in columns if column), rows)


def _text(body: bytes) -> str:
    if len(body) > MOST_BYTES:
        raise Invalid("file", TOO_LARGE)
    if body.startswith(SPREADSHEETS):
        raise Invalid("file", SPREADSHEET)
    if body.startswith(MAGIC):
        raise Invalid("file", NOT_CSV)
    text = _decoded(body)
    if text is None or _CONTROL.search(text):
        raise Invalid("file", NOT_CSV)
    return text


def _decoded(body: bytes) -> str | None:
    """Excel writes UTF-16 or Windows-1252 where others write UTF-8."""
    marked = body.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if marked else ("utf-8-sig", "cp1252"):
        try:
            return body.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


def _records(text: str) -> Iterator[tuple[int, list[str]]]:
    """Rows that are not empty, with their numbers; none is read beyond what a file can have."""
    found = 0
    reader = csv.reader(StringIO(text, newline=""), delimiter=_delimiter(text))
    try:
        for number, cells in enumerate(reader, 1):
            if len(cells) > MOST_CELLS or any(len(cell) > LONGEST_CELL for cell in cells):
                raise Invalid("file", N_("Row %(row)s holds too much."), row=number)
            trimmed = [cell.strip() for cell in cells]
            if any(trimmed):
                yield number, trimmed
                found += 1
            if found > MOST_ROWS + 1 or number > MOST_LINES:
                raise Invalid("file", N_("A file can have %(most)s rows at most."), most=MOST_ROWS)
    except csv.Error:
        raise Invalid("file", NOT_CSV) from None


def _delimiter(text: str) -> str:
    """The one that the row of names has most of."""
    first = text.lstrip().partition("\n")[0]
    return max(DELIMITERS, key=first.count)


def _columns(header: list[str]) -> list[str]:
    """Our name of each column, empty for one without a name."""
    unknown = [name for name in header if name and _plain(name) not in _CALLED]
    if unknown:
        raise Invalid(
            "file",
            N_("These columns are not known: %(names)s. Rename them, or take them out."),
            names=_listed(unknown),
        )
    columns = [_CALLED.get(_plain(name), "") for name in header]
    twice = [
        name for name, column in zip(header, columns, strict=True) if columns.count(column) > 1
    ]
    if any(twice):
        raise Invalid(
            "file",
            N_("These columns mean the same: %(names)s."),
            names=_listed(filter(None, twice)),
        )
    missing = [column for column in NEEDED if column not in columns]
    if missing:
        raise Invalid("file", N_("A column is missing: %(names)s."), names=", ".join(missing))
    return columns


def _plain(name: str) -> str:
    return re.sub(r"[\W_]", "", name.casefold())


def _listed(names: Iterable[str]) -> str:
    return ", ".join(name[:40] for name in list(names)[:10])


def _row(number: int, cells: list[str], columns: list[str]) -> Row:
    given = {place: cell for place, cell in enumerate(cells) if cell}
    if any(place >= len(columns) or not columns[place] for place in given):
        raise Invalid(
            "file",
            N_("Row %(row)s has more cells than there are columns. Put its texts into quotes."),
            row=number,
        )
    return Row(number, {columns[place]: unguarded(cell) for place, cell in given.items()})


def written(columns: Iterable[str], rows: Iterable[Row]) -> bytes:
    """Rows as a file that spreadsheets open rightly, and that reads back to the same words."""
    names = list(columns)
    return csv_file(names, ([row[name] for name in names] for row in rows))
