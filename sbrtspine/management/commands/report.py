from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone, translation

from accounts import instants
from accounts.models import Person
from oversight.figures import report
from protocol.study import STUDY
from sbrtspine import report_sources


class Command(BaseCommand):
    """Write the report as PDF and as HTML into a folder, as a person who may see what is in it."""

    help = "Write report.pdf and report.html into FOLDER, with the sight of one person."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("folder")
        parser.add_argument("--as", dest="person", required=True, metavar="USERNAME")
        parser.add_argument("--as-of", metavar="INSTANT", help="2016-03-08 or 2016-03-08 14:05; now without it")
        parser.add_argument("--snapshot", metavar="NUMBER", help="from a snapshot, proved against its seal first")

    def handle(self, *args: Any, **options: Any) -> None:
        person = Person.objects.filter(username=options["person"]).first()
        if person is None:
            raise CommandError(f"There is nobody called {options['person']}.")
        try:
            at = instants.read(options["as_of"], ZoneInfo(STUDY.zone)) if options["as_of"] else None
            source = report_sources.of_snapshot(person, options["snapshot"]) if options["snapshot"] else None
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        folder = Path(options["folder"])
        folder.mkdir(parents=True, exist_ok=True)
        with translation.override("en"):
            document = report.build(person, timezone.now(), at, source)
            (folder / "report.pdf").write_bytes(report.as_pdf(document))
            (folder / "report.html").write_text(report.as_html(document))
        self.stdout.write(f"{folder / 'report.pdf'}\n{folder / 'report.html'}")
