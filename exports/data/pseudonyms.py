"""The de-identified profile: another name and a number of days for each participant, from a key outside the data.

The same key gives the same names and shifts again, so that two exports fit together; without it nobody gets back.
"""

import hashlib
import hmac
import os
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings

from records.models import Participant

MAX_SHIFT_DAYS = 364  # back in time, at least one: no shifted date lies in the future


@dataclass
class Pseudonyms:
    """Four lists side by side, as a statement takes them."""

    ids: list[int] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    sites: list[str] = field(default_factory=list)
    shifts: list[int] = field(default_factory=list)

    @classmethod
    def of(cls, participants: Iterable[Participant]) -> "Pseudonyms":
        secret, pseudonyms = key(), cls()
        for participant in participants:
            pseudonyms.ids.append(participant.pk)
            pseudonyms.names.append("P-" + _digest(secret, "participant", participant.code)[:10])
            pseudonyms.sites.append("S-" + _digest(secret, "site", participant.site.code)[:6])
            pseudonyms.shifts.append(-1 - int(_digest(secret, "shift", participant.code)[:12], 16) % MAX_SHIFT_DAYS)
        return pseudonyms

    def parameters(self) -> dict[str, list[Any]]:
        return {"ids": self.ids, "names": self.names, "pseudosites": self.sites, "shifts": self.shifts}


JOIN = (
    " JOIN unnest(%(ids)s::bigint[], %(names)s::text[], %(pseudosites)s::text[], %(shifts)s::int[])"
    " AS d(participant, pseudonym, site, shift) ON d.participant = p.id"
)


def key() -> bytes:
    """The secret of this installation; made once, readable by its own user alone."""
    path = Path(settings.EXPORT_KEY_FILE)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            file.write(secrets.token_bytes(32))
    except FileExistsError:
        pass
    return path.read_bytes()


def _digest(secret: bytes, what: str, of: str) -> str:
    return hmac.new(secret, f"{what}:{of}".encode(), hashlib.sha256).hexdigest()
