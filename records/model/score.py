"""A score: derived from the answers beside it, shown with its arithmetic, never typed and never stored."""

from dataclasses import dataclass

from accounts.lazy_text import StrOrPromise


@dataclass(frozen=True)
class Score:
    """What is shown beside the questions. An empty value: it cannot be told yet, and `because` says what is missing."""

    label: StrOrPromise
    value: StrOrPromise
    because: StrOrPromise = ""
    table: StrOrPromise = ""
    url: str = ""
    offer: StrOrPromise = ""
