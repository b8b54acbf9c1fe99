"""A file over HTTP, whole or from where a download broke off (RFC 9110, one range)."""

import re
from collections.abc import Iterator
from pathlib import Path

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_BLOCK = 1 << 17


def answer(request: HttpRequest, path: Path, tag: str) -> HttpResponse | StreamingHttpResponse:
    """The bytes that were asked for; `tag` names this content: with another one the whole file is given."""
    size, etag = path.stat().st_size, f'"{tag}"'
    first, last = 0, size - 1
    asked = _RANGE.fullmatch(request.headers.get("Range", "")) if _same(request, etag) else None
    if asked and any(asked.groups()):
        first, last = _bounds(asked[1], asked[2], size)
        if first > last:
            refused = HttpResponse(status=416)
            refused.headers["Content-Range"] = f"bytes */{size}"
            return refused
    given = StreamingHttpResponse(_bytes(path, first, last), content_type="application/zip")
    if asked and any(asked.groups()):
        given.status_code = 206
        given.headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    given.headers["Accept-Ranges"], given.headers["ETag"] = "bytes", etag
    given.headers["Content-Length"] = str(last - first + 1)
    return given


def begins(request: HttpRequest) -> bool:
    """Whether this asks for the beginning of the file, and not for a later part."""
    return not request.headers.get("Range") or request.headers["Range"].startswith("bytes=0-")


def _same(request: HttpRequest, etag: str) -> bool:
    return request.headers.get("If-Range", etag) == etag


def _bounds(first: str, last: str, size: int) -> tuple[int, int]:
    if not first:  # the last so many bytes
        return max(0, size - int(last)), size - 1
    return int(first), min(int(last), size - 1) if last else size - 1


def _bytes(path: Path, first: int, last: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(first)
        left = last - first + 1
        while left > 0 and (block := file.read(min(_BLOCK, left))):
            left -= len(block)
            yield block
