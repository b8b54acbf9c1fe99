"""A spreadsheet that a file was not written for: it splits at any separator, and trims what stands around a cell."""

import re
import unicodedata

NUMBER = re.compile(r"[-+]?\d+(\.\d+)?")


def formulas(text: str) -> list[str]:
    """The cells that it would run, whatever it splits at; a number is none."""
    lines = re.split("[\r\n]", text)
    cells = [cell for separator in ",;\t|" for line in lines for cell in line.split(separator)]
    bare = [unicodedata.normalize("NFKC", re.sub(r"^[\s\"\u200b\ufeff]+", "", cell)) for cell in cells]
    return [cell for cell in bare if cell.startswith(("=", "+", "-", "@")) and not NUMBER.fullmatch(cell)]
