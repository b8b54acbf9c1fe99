from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from sbrtspine import backups, database_programs, encrypted


class Command(BaseCommand):
    """Restore a backup into an empty database, whole or not at all, and compare it with what was backed up."""

    help = "Restore an encrypted backup into an empty database (an address of its owner or a superuser)."
    requires_system_checks: list[str] = []  # works where the study's own database is lost

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--into", required=True, metavar="URL", help="postgres://owner@host/empty_database")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            manifest = backups.restore(options["file"], options["into"])
            laid = backups.put_seals(manifest, Path(settings.SEALS))
        except (encrypted.Refused, backups.Failed, database_programs.NoProgram) as error:
            raise CommandError(str(error)) from error
        except psycopg.OperationalError as error:
            raise CommandError(f"That database cannot be reached: {str(error).partition(chr(10))[0]}") from error
        except psycopg.Error as error:  # its own words may quote an address with its password, or a row
            raise CommandError(f"--into is no address of a database, or it refused: {type(error).__name__}") from error
        rows = manifest["likeness"]["rows"]
        self.stdout.write(
            f"Restored as of {manifest['made_at']}: {sum(rows.values())} rows in {len(rows)} tables, all equal."
        )
        self.stdout.write(f"Seals: {'laid in' if laid else 'there are some already, untouched, in'} {settings.SEALS}")
        self.stdout.write("Now: migrate (as the owner), then verify_audit.")
