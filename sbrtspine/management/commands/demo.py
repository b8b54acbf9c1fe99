import os
import secrets
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from records.models import Participant
from sbrtspine import demo, env


class Command(BaseCommand):
    """Seed the fictional demo study and its accounts; refused outside demo mode."""

    help = "Seed the fictional demo study (--if-empty: only once), or print its accounts (--accounts)."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--if-empty", action="store_true", help="do nothing where there are participants")
        parser.add_argument("--accounts", action="store_true", help="print the demo accounts and their password")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("Demo accounts and data exist in demo mode only (SBRTSPINE_DEMO=1).")
        if options["accounts"]:
            self.stdout.write(f"Accounts: {' '.join(demo.ACCOUNTS)}\nPassword of each: {_password()}")
            return
        people = demo.accounts(_password())
        if Participant.objects.exists():
            if not options["if_empty"]:
                raise CommandError("There are participants already; the demo is only seeded into an empty study.")
            return
        with transaction.atomic():  # all thirteen or none: a start that is cut off begins again
            codes = demo.seed(people, now=timezone.now())
        self.stdout.write(f"Seeded {len(codes)} fictional participants, {codes[0]} to {codes[-1]}.")


def _password() -> str:
    """DEMO_PASSWORD, else one made once and kept beside the demo's data."""
    if password := os.environ.get("DEMO_PASSWORD"):
        return password
    path = env.state() / "demo-password"
    if not path.exists():
        with os.fdopen(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600), "w") as file:
            file.write("-".join(secrets.token_hex(2) for _ in range(4)))
    return path.read_text()
