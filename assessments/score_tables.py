"""Look-up tables of licensed instruments: loaded by the site that has the licence, never shipped (study.md 2.7)."""

import csv
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import IO

from django.db import models, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from protocol import numbers
from protocol.study import STUDY
from records.model.score import Score

COLUMNS = ["scale", "raw", "score"]
PLACES = 2


class ScoreTableRow(models.Model):
    """The score that an official table gives to a raw sum of one scale."""

    table = models.CharField(max_length=100)
    scale = models.CharField(max_length=60)
    raw = models.PositiveSmallIntegerField()
    score = models.DecimalField(max_digits=5, decimal_places=PLACES)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["scale", "raw"], name="score_table_once")]

    def __str__(self) -> str:
        return f"{self.scale}: {self.raw} → {self.score}"


class RefusedTable(ValueError):
    """A table that is not loaded at all, with the row that is wrong."""


def read(file: IO[str], table: str) -> list[ScoreTableRow]:
    """Read scale, raw, score; a wrong, doubled or unknown row refuses the whole file (RefusedTable)."""
    lines = csv.DictReader(file)
    if lines.fieldnames != COLUMNS:
        raise RefusedTable(_("The first line must be: scale,raw,score"))
    rows: dict[tuple[str, int], ScoreTableRow] = {}
    for number, line in enumerate(lines, start=2):
        scale, raw, score = line["scale"] or "", line["raw"] or "", _score(line["score"] or "")
        if scale not in STUDY.eortc["tables"] or not raw.isdecimal() or score is None:
            raise RefusedTable(_("Line %(number)s is not a scale, a raw sum and a score.") % {"number": number})
        if (scale, int(raw)) in rows:
            raise RefusedTable(_("Line %(number)s gives a raw sum a second time.") % {"number": number})
        rows[scale, int(raw)] = ScoreTableRow(table=table, scale=scale, raw=int(raw), score=score)
    if missing := _missing(rows):
        raise RefusedTable(_("There is no score for %(what)s.") % {"what": missing})
    return list(rows.values())


def _score(text: str) -> Decimal | None:
    """0 to 100 with the decimals that are kept; None for anything else."""
    score = numbers.plain(text)
    if score is None or not 0 <= score <= 100 or len(set(numbers.neighbours(score, PLACES))) > 1:
        return None
    return score


def _missing(rows: Iterable[tuple[str, int]]) -> str:
    """The first raw sum that a scale of the file lacks."""
    pairs = set(rows)
    for scale in {scale for scale, _raw in pairs}:
        items = len(STUDY.eortc["tables"][scale]["items"])
        for raw in range(items, 4 * items + 1):
            if (scale, raw) not in pairs:
                return f"{scale}, {raw}"
    return "" if pairs else _("any scale")


def load(rows: Sequence[ScoreTableRow]) -> None:
    """Replace the scales that the file holds, all or nothing."""
    with transaction.atomic():
        ScoreTableRow.objects.filter(scale__in={row.scale for row in rows}).delete()
        ScoreTableRow.objects.bulk_create(rows)


def looked_up(scale: str, answers: Sequence[int | None]) -> Score:
    """A shortened scale by its official table; without the table it is not improvised."""
    if None in answers:
        return Score(scale, "", gettext_lazy("every item is needed"))
    raw = sum(answer for answer in answers if answer is not None)
    row = ScoreTableRow.objects.filter(scale=scale, raw=raw).first()
    if row is None:
        return Score(scale, "", gettext_lazy("the EORTC's look-up table has not been loaded"))
    return Score(scale, f"{float(row.score):g}", f"{' + '.join(str(answer) for answer in answers)} = {raw}", row.table)
