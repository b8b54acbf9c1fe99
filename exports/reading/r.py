"""read.R: base R, no packages."""

from exports.data.columns import Column
from exports.data.export_tables import Table
from exports.reading import codebook

FILE = "read.R"
_HEAD = r"""# Reads this export into a list of typed data frames. Base R; run it in the folder of the CSV files:
#   source("read.R"); study$surgery
# Codes are factors with the codes as levels; their words are in the column beside, and in attr(x, "codes").
# An instant is POSIXct; where only the day is known it is NA, and the column <name>_as_written has the day.
# <name>_t beside it is the date and time on the site's own clock, said to be UTC, so that R shows it as it is.

as_instant <- function(x) as.POSIXct(sub("([+-][0-9]{2}):([0-9]{2})$", "\\1\\2", x), tz = "UTC",
                                     format = "%Y-%m-%dT%H:%M:%OS%z")

local_clock <- function(x) as.POSIXct(substr(x, 1, 19), tz = "UTC", format = "%Y-%m-%dT%H:%M:%S")

whole <- function(x) if (all(abs(x) <= .Machine$integer.max, na.rm = TRUE)) as.integer(x) else x

typed <- function(x, kind, codes) switch(kind,
  "integer" = whole(as.numeric(x)), "decimal" = as.numeric(x), "date" = as.Date(x), "instant" = as_instant(x),
  "code" = , "missing" = factor(x, levels = unique(c(names(codes), x[!is.na(x)]))),
  "codes" = lapply(strsplit(x, "|", fixed = TRUE), function(each) each[!is.na(each)]),
  x)

read_table <- function(file, columns) {
  text <- read.csv(file, colClasses = "character", na.strings = "", check.names = FALSE,
                   encoding = "UTF-8", comment.char = "", strip.white = FALSE)
  stopifnot(identical(names(text), vapply(columns, function(c) c$name, "")))
  for (column in columns) {
    x <- typed(text[[column$name]], column$kind, column$codes)
    attr(x, "label") <- column$label
    attr(x, "codes") <- column$codes
    if (column$kind == "instant") {
      text[[paste0(column$name, "_as_written")]] <- text[[column$name]]
      text[[paste0(column$name, "_t")]] <- local_clock(text[[column$name]])
    }
    text[[column$name]] <- if (column$kind == "codes") I(x) else x
  }
  text
}

study <- list()
"""


def script(tables: list[Table]) -> str:
    return _HEAD + "".join(_table(table) for table in tables)


def _table(table: Table) -> str:
    columns = ",\n".join(f"  {_column(column)}" for column in table.columns)
    return f"\nstudy[[{_text(table.name)}]] <- read_table({_text(table.name + '.csv')}, list(\n{columns}))\n"


def _column(column: Column) -> str:
    codes = codebook.codes_of(column)
    listed = ", ".join(f"{_text(code)} = {_text(words)}" for code, words in codes.items())
    named = f", codes = c({listed})" if codes else ""
    attributes = {"name": column.name, "kind": column.kind, "label": codebook.label(column)}
    return f"list({', '.join(f'{key} = {_text(words)}' for key, words in attributes.items())}{named})"


def _text(text: str) -> str:
    """In plain ASCII, so that no encoding of a session changes a label."""
    plain = " ".join(text.replace("\\", "\\\\").replace('"', '\\"').splitlines())
    return '"' + "".join(character if character.isascii() else f"\\U{ord(character):08x}" for character in plain) + '"'
