import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.models import Person
from exports import log
from exports.bundle import Bundle
from exports.purposes import PURPOSES
from exports.selection import Selection


class Command(BaseCommand):
    """Write the zip of all forms to a file, as a person who may see what is in it."""

    help = "Write all forms, the dictionary and a manifest to FILE, with the sight of one person."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("file")
        parser.add_argument("--as", dest="person", required=True, metavar="USERNAME")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        person = Person.objects.filter(username=options["person"]).first()
        if person is None:
            raise CommandError(f"There is nobody called {options['person']}.")
        bundle = Bundle(Selection(person, without=PURPOSES[0].without), timezone.now())
        log.note(bundle.selection, "command", Path(options["file"]).name[:100], bundle.now, bundle.purpose)
        try:
            with Path(options["file"]).open("xb") as file:
                file.writelines(bundle.blocks())
        except FileExistsError as error:
            raise CommandError(f"{options['file']} exists already; nothing was overwritten.") from error
        output = (
            json.dumps({"file": options["file"], "records": bundle.records})
            if options["json"]
            else f"{sum(bundle.records.values())} records"
        )
        self.stdout.write(output)
