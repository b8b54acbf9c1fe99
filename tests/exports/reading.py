"""Reading what was exported: bytes of a file to rows, telling an empty text from nothing."""

from exports.reading import read_sbrtspine


def table(content: bytes) -> list[dict[str, str | None]]:
    """Rows of column -> text, as the reader that ships with the data splits them; None is an empty cell."""
    header, *rows = read_sbrtspine.split(content.decode("utf-8"))
    return [dict(zip(header, row, strict=True)) for row in rows]
