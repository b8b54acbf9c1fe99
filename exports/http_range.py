"""A file over HTTP, whole or from where a download broke off (RFC 9110, one range)."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from django.http import HttpRequest, HttpResponse

from exports.leaving import FileStream, Part, Taken

_RANGE = re.compile(r"bytes=([0-9]*)-([0-9]*)", re.IGNORECASE)
_BLOCK = 1 << 17
_DIGITS = 18  # of a number that is worth reading: no file is longer


def asked(request: HttpRequest, size: int, tag: str) -> Part:
    """What is to be sent; of length 0 where the file has nothing of what was asked for.

    A header that says nothing, several ranges, and a part of another content than `tag` all mean the whole file.
    """
    whole = Part(0, size - 1, size, is_whole=True)
    match = _RANGE.fullmatch(request.headers.get("Range", "").strip())
    if match is None or request.method != "GET" or request.headers.get("If-Range", _etag(tag)) != _etag(tag):
        return whole
    first, last = (_number(digits) for digits in match.groups())
    if first is None:  # the last so many bytes
        return whole if last is None else Part(max(0, size - last), size - 1, size)
    if last is not None and last < first:
        return whole
    return Part(first, size - 1 if last is None else min(last, size - 1), size)


def _number(digits: str) -> int | None:
    """None where there is none; one with more digits than any file has bytes is beyond every end."""
    plain = digits.lstrip("0") or digits[:1]
    return (int(plain) if len(plain) <= _DIGITS else sys.maxsize) if plain else None


def answer(part: Part, path: Path, tag: str, taken: Taken) -> HttpResponse | FileStream:
    """The bytes of this part; `tag` names the content."""
    if not part.length:
        refused = HttpResponse(status=416)
        refused.headers["Content-Range"] = f"bytes */{part.size}"
        return refused
    response = FileStream(_bytes(path, part), taken=taken, content_type="application/zip")
    if not part.is_whole:
        response.status_code = 206
        response.headers["Content-Range"] = f"bytes {part.first}-{part.last}/{part.size}"
    response.headers["Accept-Ranges"], response.headers["ETag"] = "bytes", _etag(tag)
    response.headers["Content-Length"] = str(part.length)
    return response


def _etag(tag: str) -> str:
    return f'"{tag}"'


def _bytes(path: Path, part: Part) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(part.first)
        left = part.length
        while left > 0 and (block := file.read(min(_BLOCK, left))):
            left -= len(block)
            yield block
