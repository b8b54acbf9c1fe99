import json
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts import instants
from oversight.notifications import outbox
from oversight.scanning import scan
from protocol.study import STUDY
from records.models import Participant


class Command(BaseCommand):
    """One deadline scan, as Celery does it. --dry-run writes nothing and prints what would be raised."""

    help = "Judge who changed, raise what is due, mail what is owed."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--dry-run", action="store_true")
        parser.add_argument("--now", metavar="ISO", help="2016-03-08T14:05+01:00 (default: now)")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        now = self._instant(options["now"]) if options["now"] else timezone.now()
        if options["now"] and not options["dry_run"]:
            raise CommandError("--now is for --dry-run: a real scan happens now.")
        report = (scan.rehearse if options["dry_run"] else scan.scan)(now)
        if not options["dry_run"]:
            outbox.send(now)
        codes = dict(Participant.objects.values_list("pk", "code"))
        raised = [
            {**alert, "participant": codes[alert["participant"]], "due_at": alert["due_at"].isoformat()}
            for alert in report.raised
        ]
        if options["json"]:
            summary = {"judged": report.judged, "failed": report.failed, "skipped": report.skipped, "raised": raised}
            self.stdout.write(json.dumps(summary, indent=1))
            return
        for alert in raised:
            self.stdout.write(f"{alert['participant']} {alert['kind']} {alert['subject']} due {alert['due_at']}")
        self.stdout.write(f"{report.judged} judged, {report.failed} failed, {len(raised)} raised")

    def _instant(self, text: str) -> datetime:
        try:
            return instants.read(text, ZoneInfo(STUDY.zone))
        except ValidationError as refused:
            raise CommandError(refused.messages[0]) from refused
