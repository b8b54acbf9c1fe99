"""The demo's letters, as Django's file backend writes them: read again for /mailbox/."""

import email
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.policy import default
from email.utils import parsedate_to_datetime
from pathlib import Path

from django.conf import settings

NEWEST = 100
_BETWEEN = b"\n" + b"-" * 79 + b"\n"  # what the backend writes after each letter


@dataclass(frozen=True)
class Letter:
    """One mail as it left."""

    to: str
    subject: str
    at: datetime
    body: str
    repeat: bool


def is_used() -> bool:
    """Whether mail goes here; with EMAIL_URL it goes to a real server."""
    return settings.EMAIL_BACKEND.endswith("filebased.EmailBackend")


def letters(folder: Path) -> list[Letter]:
    """The newest letters."""
    files = sorted(folder.glob("*.log"), reverse=True) if folder.is_dir() else []
    newest_first = (letter for path in files for letter in reversed(list(_read(path))))
    return [letter for _number, letter in zip(range(NEWEST), newest_first, strict=False)]


def _read(path: Path) -> Iterator[Letter]:
    for text in path.read_bytes().split(_BETWEEN):
        if not text.strip():
            continue
        read = email.message_from_bytes(text.lstrip(), policy=default)
        at = parsedate_to_datetime(read["Date"])
        body = read.get_content()
        yield Letter(read["To"], read["Subject"], at, body.strip(), read["X-Possible-Repeat"] is not None)
