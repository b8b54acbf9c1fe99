from typing import Any

from django.core.management.commands.migrate import Command as Django
from django.db import connections

from records.audit.operations import AuditingAutodetector
from records.audit.policies_sql import make
from records.audit.rights_sql import grant


class Command(Django):
    """migrate, then the application's rights and no more, and each site its own rows; run it as the owner."""

    autodetector = AuditingAutodetector

    def handle(self, *args: Any, **options: Any) -> None:
        super().handle(*args, **options)
        grant(connections[options["database"]])
        make(connections[options["database"]])
