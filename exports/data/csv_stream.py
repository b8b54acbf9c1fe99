"""COPY … TO STDOUT: the database writes the CSV, and it passes through in blocks, whatever its size."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from django.db import connection

from exports.data import sql_format
from exports.data.columns import Column
from exports.selection import Selection

BLOCK = 1 << 17
MARK = "\ufeff".encode()  # by which a spreadsheet knows that a file is UTF-8


def file(selection: Selection, columns: list[Column], sql: str, params: Mapping[str, Any]) -> Iterator[bytes]:
    """One file, marked as UTF-8 where a spreadsheet is to read it."""
    if selection.spreadsheet:
        yield MARK
    yield from blocks([column.name for column in columns], sql, params)


def defused(columns: list[Column], selection: Selection) -> list[Column]:
    """The same columns, their text with no formula in it where a spreadsheet is to read it."""
    if not selection.spreadsheet:
        return columns
    return [replace(column, sql=sql_format.no_formula(column.sql)) if column.is_text else column for column in columns]


def cells(columns: list[Column]) -> str:
    return ", ".join(column.sql for column in columns)


class Block(bytes):
    """Some whole lines of a file, which know how many records they hold."""

    records = 0


def blocks(header: list[str], sql: str, params: Mapping[str, Any]) -> Iterator[Block]:
    """CSV as RFC 4180 has it: UTF-8, lines that end in CR LF, of the answer to one question."""
    lines, size = [",".join(header).encode()], 0
    with connection.cursor() as cursor, cursor.copy(f"COPY ({sql}) TO STDOUT (FORMAT csv)", params) as copy:
        yield _block(lines, 0)
        lines = []
        for row in copy:  # PostgreSQL sends one message a row, which ends in LF
            lines.append(bytes(row)[:-1])
            size += len(row)
            if size >= BLOCK:
                yield _block(lines, len(lines))
                lines, size = [], 0
    if lines:
        yield _block(lines, len(lines))


def _block(lines: list[bytes], records: int) -> Block:
    block = Block(b"\r\n".join(lines) + b"\r\n")
    block.records = records
    return block
