"""All forms in one zip, with the dictionary and a manifest that says what is in it."""

import hashlib
import io
import json
import zipfile
from datetime import datetime
from typing import IO

from accounts.models import Person
from exports import datasets, dictionary, query_log
from protocol.study import STUDY


def write(to: IO[bytes], person: Person, now: datetime, at: datetime | None = None) -> dict[str, int]:
    """Write the zip, as of an instant if one is given; answers the number of records of each form."""
    counts: dict[str, int] = {}
    sums: dict[str, str] = {}
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as bundle:
        for model in dictionary.models():
            name, digest, count = f"{model.slug}.csv", hashlib.sha256(), -1
            with bundle.open(name, "w") as file:
                for line in datasets.lines(model, person, at):
                    count += 1
                    digest.update(line.encode())
                    file.write(line.encode())
            counts[model.slug], sums[name] = count, digest.hexdigest()
        others = {"data-dictionary.csv": dictionary.as_csv(), "queries.csv": "".join(query_log.lines(person, at))}
        for name, words in others.items():
            bundle.writestr(name, words)
            sums[name] = hashlib.sha256(words.encode()).hexdigest()
        manifest = {
            "study": STUDY.name,
            "protocol_version": STUDY.version,
            "made_at": now.isoformat(),
            "as_of": at.isoformat() if at else None,
            "records": counts,
            "sha256": sums,
        }
        bundle.writestr("manifest.json", json.dumps(manifest, indent=1))
    return counts


def as_bytes(person: Person, now: datetime, at: datetime | None = None) -> bytes:
    """The zip of a study this small, whole."""
    made = io.BytesIO()
    write(made, person, now, at)
    return made.getvalue()
