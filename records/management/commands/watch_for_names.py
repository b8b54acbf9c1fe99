import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import Site
from records import personal_data


class Command(BaseCommand):
    """Watch for the names on standard input, one a line, in whatever is typed; only keyed digests of them are kept."""

    help = "Warn when one of these names is typed: read from standard input, one a line, and not kept."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--site", required=True, metavar="CODE", help="the site whose participants these are")

    def handle(self, *args: Any, **options: Any) -> None:
        site = Site.objects.filter(code=options["site"]).first()
        if site is None:
            raise CommandError(f"There is no site {options['site']}.")
        new = personal_data.watch_for(site, sys.stdin.read().splitlines())
        self.stdout.write(f"{new} new parts of names are watched for.")
