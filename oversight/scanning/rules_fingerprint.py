"""Which rules judge: when they are other ones than at the last scan, everybody is judged again."""

import hashlib
from functools import cache
from pathlib import Path

from oversight.checks import rules

_ROOT = Path(__file__).resolve().parent.parent.parent
_JUDGES = ("protocol", "records", "enrollment", "procedures", "assessments", "adverse_events", "oversight")


def fingerprint() -> str:
    """SHA-256 of the code and the numbers that judge, and of which rules are on."""
    switched = "\n".join(f"{rule.name} {rule.codes} {rule.on}" for rule in rules.RULES)
    return hashlib.sha256(f"{_of_the_code()} {switched}".encode()).hexdigest()


@cache
def _of_the_code() -> str:
    """A process judges by the code that it was started with."""
    digest = hashlib.sha256()
    for folder in _JUDGES:
        for path in sorted((_ROOT / folder).rglob("*.*")):
            if path.suffix in (".py", ".toml", ".csv") and "migrations" not in path.parts:
                digest.update(path.read_bytes())
    return digest.hexdigest()
