"""How much the heavy tests try: little on each run, all of it in `make test-long`.

The long run has no list of its own to forget something on: it takes every module that imports this one, whole.
"""

import os
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TypeVar

import pytest

T = TypeVar("T")
LONG = os.environ.get("SBRTSPINE_LONG") == "1"
long = pytest.mark.long  # a test for the long run alone


def examples(short: int, long: int) -> int:
    """How many, in this run."""
    return long if LONG else short


def some(rows: Iterable[T], one_in: int) -> list[T]:
    """The rows that this run tries, every so many; of two columns it meets every value where it divides neither."""
    return list(rows) if LONG else list(rows)[::one_in]


def is_in_this_run(item: pytest.Item, is_long: bool = LONG) -> bool:
    """The long run leaves out what has one size; the short one what is for the long run alone."""
    return _has_sizes(item.path) if is_long else item.get_closest_marker("long") is None


@cache
def _has_sizes(path: Path) -> bool:
    return "from tests.sizes import " in path.read_text()
