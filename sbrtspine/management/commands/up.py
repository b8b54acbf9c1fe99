import os
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from sbrtspine import env
from sbrtspine.devserver.processes import CannotStart
from sbrtspine.devserver.supervisor import Failed, Supervisor


class Command(BaseCommand):
    """Start PostgreSQL, Valkey, web, worker and beat, and keep them running until Ctrl-C or SIGTERM."""

    help = "Start everything and keep it running. PORT and SBRTSPINE_STATE say where."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        port = os.environ.get("PORT") or "8000"
        if not port.isdecimal() or not 0 < int(port) < 65536:
            raise CommandError(f"PORT is {port}; it must be a number from 1 to 65535.")
        try:
            Supervisor(self._say, int(port), env.state()).run()
        except (Failed, CannotStart) as error:
            raise CommandError(str(error)) from error

    def _say(self, sentence: str) -> None:
        self.stdout.write(sentence)
        self.stdout.flush()
