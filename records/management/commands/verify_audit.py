import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from records.audit import verification


class Command(BaseCommand):
    """Prove the audit trail; exit 1, naming participant, record and field, where it contradicts itself."""

    help = "Prove every audit row, every link, every chain's end, and each record against its own history."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        findings = verification.verify()
        counted = verification.counts()
        if options["json"]:
            summary = {
                "verdict": "broken" if findings else "proved",
                **counted,
                "forms": verification.forms(),
                "findings": [f.as_dict() for f in findings],
            }
            self.stdout.write(json.dumps(summary, indent=1))
        else:
            for finding in findings:
                self.stdout.write(str(finding))
            for sentence in verification.forms():
                self.stdout.write(sentence)
            self.stdout.write(f"{counted['rows']} audit rows in {counted['chains']} chains: {len(findings)} findings")
        if findings:
            raise CommandError("The audit trail contradicts itself or the records.")
