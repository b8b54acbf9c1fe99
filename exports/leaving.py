"""Answers that take data away, and say what: who sends one leaves a line in the log (exports.log)."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse, StreamingHttpResponse


@dataclass(frozen=True)
class Part:
    """The bytes that are sent, of how many; `is_whole` where no part was asked for."""

    first: int
    last: int
    size: int
    is_whole: bool = False

    @property
    def length(self) -> int:
        return max(0, self.last - self.first + 1)


@dataclass(frozen=True)
class Taken:
    """What an answer takes away; `part` is unknown where the file is written while it is sent."""

    what: str
    name: str
    sites: list[int]
    parameters: dict[str, Any]
    part: Part | None = None
    records: int | None = None
    sha256: str = ""


class FileResponse(HttpResponse):
    """A file that is sent in one piece."""

    def __init__(self, content: bytes, *, taken: Taken, **options: Any) -> None:
        super().__init__(content, **options)
        self.taken = taken


class FileStream(StreamingHttpResponse):
    """A file that is read or written while it is sent."""

    def __init__(self, blocks: Any, *, taken: Taken, **options: Any) -> None:
        super().__init__(blocks, **options)
        self.taken = taken
