import hashlib
import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from adverse_events import ctcae, ctcae_loading
from adverse_events.ctcae_loading import Refused, Sentence
from adverse_events.ctcae_models import CtcaeSentence

SHOWN = 10  # faults printed; the rest are counted


class Command(BaseCommand):
    """Load the NCI's CTCAE 4.03 sentences: the whole file or nothing. Running it again replaces them all."""

    help = "Load the official CTCAE 4.03 sentences from the NCI's table (.xlsx or CSV); a wrong file is refused whole."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("file", type=Path, help="the NCI's spreadsheet, or a CSV of it")
        parser.add_argument("--json", action="store_true", help="report as one JSON object")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            sentences = ctcae_loading.read(file)
        except Refused as refused:
            if options["json"]:
                self.stdout.write(json.dumps({"verdict": "refused", "faults": refused.faults}, indent=1))
            raise CommandError(_first(refused.faults)) from refused
        replace(sentences)
        summary = {
            "verdict": "loaded",
            "version": ctcae.VERSION,
            "terms": len({code for code, _grade, _text in sentences}),
            "sentences": sum(grade > 0 for _code, grade, _text in sentences),
            "definitions": sum(grade == 0 for _code, grade, _text in sentences),
            "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
        }
        if options["json"]:
            self.stdout.write(json.dumps(summary, indent=1))
        else:
            self.stdout.write(
                "CTCAE {version}: {terms} terms, {sentences} grade texts, {definitions} definitions".format(**summary)
            )


def _first(faults: list[str]) -> str:
    more = [f"… and {len(faults) - SHOWN} more."] if len(faults) > SHOWN else []
    return "\n".join(["Refused, nothing was loaded:", *faults[:SHOWN], *more])


@transaction.atomic
def replace(sentences: list[Sentence]) -> None:
    """Put these sentences in place of all that were there."""
    CtcaeSentence.objects.all().delete()
    CtcaeSentence.objects.bulk_create(
        [CtcaeSentence(code=code, grade=grade, text=text) for code, grade, text in sentences], batch_size=1000
    )
