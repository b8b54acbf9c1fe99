from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from sbrtspine import restore_drill


class Command(BaseCommand):
    """Restore the newest backup on a fresh server, prove and compare it there; exit 1 where it is not equal."""

    help = "Restore the newest backup (or FILE) on a fresh server, run verify_audit there, compare, remove it again."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("file", nargs="?", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        done = restore_drill.run(timezone.now(), options["file"])
        if done is None:
            raise CommandError("Another process is at a drill.")
        if not done.good:
            raise CommandError("\n".join([f"The drill with {done.file or 'no backup'} failed:", *done.sentences]))
        counted = done.figures
        self.stdout.write(
            f"{done.file}: restored in {done.seconds} s; {counted['rows']} rows, {counted['audit_rows']} audit rows"
            f" and {counted['chains']} chains are equal, and the trail is proved."
        )
