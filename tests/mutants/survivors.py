"""What is written about mutants that survive: docs/mutants.md, a table with the key of each and a word."""

import re

from tests.environment import ROOT

FILE = ROOT / "docs" / "mutants.md"
_LINE = re.compile(r"^\| `([0-9a-f]{8})` \|.*\| ([^|]+) \|$", re.MULTILINE)


def words() -> dict[str, str]:
    """Key -> why no test kills it."""
    return {key: word.strip() for key, word in _LINE.findall(FILE.read_text())} if FILE.exists() else {}
