from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from sbrtspine import backups


class Command(BaseCommand):
    """Make one encrypted backup; exit 1, saying why, where none was made."""

    help = "Back up database and seals into BACKUPS, encrypted with BACKUP_KEY_FILE, and let go of what is old."

    def handle(self, *args: Any, **options: Any) -> None:
        backup = backups.run(timezone.now())
        if backup is None:
            raise CommandError("Another process is making a backup.")
        if not backup.good:
            raise CommandError(" ".join(backup.sentences))
        self.stdout.write(f"{backups.folder() / backup.file}: {backup.figures['bytes']} bytes in {backup.seconds} s")
