"""Load an official look-up table of a questionnaire's shortened scales; a wrong file is refused whole."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from assessments import score_tables


class Command(BaseCommand):
    """`load_score_table FILE --name "EORTC addendum 2006"`"""

    help = "Load a look-up table (scale, raw, score) for shortened scales."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--name", required=True, help="how the table is called beside each score")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            with options["file"].open(encoding="utf-8-sig", newline="") as file:
                rows = score_tables.read(file, options["name"][:100])
        except (OSError, UnicodeDecodeError, score_tables.RefusedTable) as error:
            raise CommandError(str(error)) from error
        score_tables.load(rows)
        self.stdout.write(f"{len(rows)} rows loaded.")
