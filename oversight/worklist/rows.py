"""The first rows of several lists in one statement: whole those that are drawn, of the counted ones their place.

A list of thousands is read to its five hundredth row, because the number of its lines is said and two lines may lead to
one page. What it costs to read a row is mostly its way into Python, so the rows that nobody sees come as one text.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet

Part = tuple[list[QuerySet[Any]], bool]  # the tables of one list, merged by time; whether it is for who asks
_ROW, _CELL = "\x1e", "\x1f"


@dataclass(frozen=True)
class Wanted:
    """What is asked of each list: its order (an instant), the columns that place a line, and those that say it."""

    order: str
    columns: tuple[str, ...]
    texts: tuple[str, ...]
    most: int
    drawn: int | None

    def rows(self, parts: list[Part]) -> tuple[list[dict[str, Any]], bool]:
        """The rows, and whether a list goes on. Each has `mine`, `at` in seconds, and `unread` where its texts lack."""
        rows: list[dict[str, Any]] = []
        sizes: Counter[int] = Counter()
        for part, rest, *cells in self._fetched([tables for tables, _mine in parts]):
            new = [self._read(cells)] if rest is None else list(self._unread(rest))
            for row in new:
                row["mine"] = parts[part][1]
            rows += new
            sizes[part] += len(new)
        return rows, any(size > self.most for size in sizes.values())

    def _fetched(self, lists: list[list[QuerySet[Any]]]) -> list[tuple[Any, ...]]:
        parts, values = [], []
        for number, tables in enumerate(lists):
            if (one := self._list(tables)) is not None:
                numbered = f"{number} AS part, {self._place} AS place, t.*"
                parts.append(f"SELECT {numbered} FROM ({one[0]}) AS t")  # noqa: S608 -- names of columns alone
                values += one[1]
        if not parts:
            return []
        with connection.cursor() as cursor:
            cursor.execute(self._whole(parts) if self.drawn is None else self._folded(parts), values)
            rows: list[tuple[Any, ...]] = cursor.fetchall()
            return rows

    def _list(self, tables: list[QuerySet[Any]]) -> tuple[str, list[Any]] | None:
        """One list as SQL: of each table its first rows, of all these the first."""
        parts, values = [], []
        for table in tables:
            cut = table.order_by(self.order).values(*self.columns, *self.texts)[: self.most + 1]
            try:
                sql, params = cut.query.get_compiler(connection=connection).as_sql()
            except EmptyResultSet:  # somebody without a site
                continue
            parts.append(f"({sql})")
            values += params
        if not parts:
            return None
        end = f' ORDER BY "{self.order}" LIMIT {self.most + 1}' if len(parts) > 1 else ""
        return " UNION ALL ".join(parts) + end, values

    @property
    def _place(self) -> str:
        """What is of one instant goes by participant, as on the page."""
        return f'row_number() OVER (ORDER BY t."{self.order}", t."participant__code" COLLATE "C")'

    @property
    def _placing(self) -> tuple[str, ...]:
        """Codes, numbers and parts of addresses: none holds what parts the cells."""
        return tuple(name for name in self.columns if name != self.order)

    @property
    def _all(self) -> str:
        return ", ".join(f'"{name}"' for name in (*self.columns, *self.texts))

    def _whole(self, lists: list[str]) -> str:
        lines = " UNION ALL ".join(lists)
        return f"SELECT part, NULL, {self._all} FROM ({lines}) AS line ORDER BY part, place"  # noqa: S608 -- names of columns alone

    def _folded(self, lists: list[str]) -> str:
        cells = f", '{_CELL}', ".join(f'"{name}"' for name in self._placing)
        nothing = ", ".join("NULL" for _name in (*self.columns, *self.texts))
        folded = (
            f"string_agg(concat(extract(epoch FROM \"{self.order}\"), '{_CELL}', {cells}), '{_ROW}' ORDER BY place)"
        )
        lines, drawn = " UNION ALL ".join(lists), self.drawn
        return f"""
            WITH line AS MATERIALIZED ({lines})
            SELECT part, NULL, {self._all} FROM line WHERE place <= {drawn}
            UNION ALL SELECT part, {folded}, {nothing} FROM line WHERE place > {drawn} GROUP BY part
        """  # noqa: S608 -- names of columns and numbers alone

    def _read(self, cells: list[Any]) -> dict[str, Any]:
        row = dict(zip((*self.columns, *self.texts), cells, strict=True))
        return row | {"at": row[self.order].timestamp(), "unread": False}

    def _unread(self, rest: str) -> Iterator[dict[str, Any]]:
        placing = self._placing
        for line in rest.split(_ROW):
            at, *cells = line.split(_CELL)
            yield dict(zip(placing, cells, strict=True)) | {self.order: None, "at": float(at), "unread": True}
