"""How long the values of a column can be, in bytes of UTF-8, which is how SAS and SPSS count."""

from exports.data.columns import Column
from exports.reading import codebook
from records.model.fields import MultiChoice

MAX_BYTES = 32767  # bytes of one value in SAS and SPSS
_LETTER = 4  # bytes that one letter takes at most
_PLAIN = {"key": 80 * _LETTER, "code": 40 * _LETTER, "codes": 1000, "label": 1000, "instant": 40, "partial date": 10}


def most_bytes(column: Column) -> int:
    """At least as many as any value has; what nothing limits, as the trail's old and new values, gets all there are."""
    words = [len(text.encode()) for pair in codebook.codes_of(column).items() for text in pair]
    if column.kind == "missing":
        return max(words)
    if column.kind == "text":
        letters = getattr(column.about, "max_length", None)
        return min(MAX_BYTES, letters * _LETTER) if letters else MAX_BYTES
    several = column.kind == "codes" or isinstance(column.about, MultiChoice)
    listed = sum(words) + 2 * len(words) if several else max(words, default=0)
    return min(MAX_BYTES, max(_PLAIN[column.kind], listed))


def cut(text: str, most: int) -> str:
    """The beginning of a text in at most so many bytes, no letter of it in two."""
    return text.encode()[:most].decode(errors="ignore")
