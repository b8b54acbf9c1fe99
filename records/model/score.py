"""A score: derived from the answers beside it, shown with its arithmetic, never typed and never stored."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Score:
    """What is shown beside the questions. An empty value: it cannot be told yet, and `because` says what is missing."""

    label: str
    value: str
    because: str = ""
    table: str = ""
    url: str = ""
    offer: str = ""
