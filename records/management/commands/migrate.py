from typing import Any

from django.core.management.commands.migrate import Command as Django
from django.db import connections

from records.operations import AuditingAutodetector
from records.rights import grant


class Command(Django):
    """migrate, then give the application's role its rights and no more; run it as the owner."""

    autodetector = AuditingAutodetector

    def handle(self, *args: Any, **options: Any) -> None:
        super().handle(*args, **options)
        grant(connections[options["database"]])
