"""Puts the functions of a changed module in the place of those that were imported, in this process.

Nothing is imported again: every live function whose code came from the module gets the code of its changed twin, be it
decorated, a method, or a closure that a decorator made. What was remembered (`functools.cache`) is forgotten.
"""

import functools
import gc
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FunctionType

from tests.environment import ROOT

Place = tuple[str, str, int]


class NothingChanged(Exception):
    """No function that is alive has the code that was changed."""


class Alive:
    """The functions of ours, and what remembers results, as they are in this process now.

    Looked up once, before there are forks: a fork that walks through all objects copies all of their memory.
    """

    def __init__(self) -> None:
        self.functions: dict[Place, list[FunctionType]] = {}
        self.caches = []
        gc.unfreeze()  # what was set aside is not among the objects otherwise
        for candidate in gc.get_objects():
            if type(candidate) is FunctionType and candidate.__code__.co_filename.startswith(str(ROOT)):
                self.functions.setdefault(_place(candidate.__code__), []).append(candidate)
            elif type(candidate) is functools._lru_cache_wrapper:
                self.caches.append(candidate)

    def swap(self, path: str, source: str) -> None:
        """Let this process run `source` where it ran the functions of the module at `path`."""
        file = str(ROOT / path)
        old, new = (compile(text, file, "exec", dont_inherit=True) for text in (Path(file).read_text(), source))
        twins = [(one, other) for one, other in _pairs(old, new) if one != other]
        swapped = 0
        for one, other in twins:
            for function in self.functions.get(_place(one), ()):
                function.__code__ = other
                swapped += 1
        if not swapped:
            raise NothingChanged(path)
        for cached in self.caches:
            cached.cache_clear()


def _place(code: CodeType) -> Place:
    return code.co_filename, code.co_qualname, code.co_firstlineno


def _pairs(old: CodeType, new: CodeType) -> Iterator[tuple[CodeType, CodeType]]:
    """Each function of the one with its twin of the other; where one was removed those inside have no twin."""
    inside = [[const for const in code.co_consts if isinstance(const, CodeType)] for code in (old, new)]
    if len(inside[0]) == len(inside[1]):
        for one, other in zip(*inside, strict=True):
            yield one, other
            yield from _pairs(one, other)
