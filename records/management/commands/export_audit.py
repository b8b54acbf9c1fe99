from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from records.audit import trail_bundle


class Command(BaseCommand):
    """Write the audit trail as a bundle that anybody can prove with the verify.py inside it."""

    help = "Write the audit trail, the records and the seals as a zip with its own verifier."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("file")

    def handle(self, *args: Any, **options: Any) -> None:
        with Path(options["file"]).open("w+b") as out:
            counts = trail_bundle.write(out, timezone.now())
        self.stdout.write(f"{counts['audit.jsonl']} audit rows, {counts['seals.jsonl']} seals: {options['file']}")
