from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from sbrtspine.generated_docs import pages


class Command(BaseCommand):
    """Write the generated pages of docs/; --check only says whether they are fresh."""

    help = "Write docs/data-dictionary.csv, protocol.md, record-states.md and roles.md."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--check", action="store_true", help="exit 1, naming what is stale")

    def handle(self, *args: Any, **options: Any) -> None:
        folder = settings.BASE_DIR / "docs"
        files = {folder / name: text for name, text in pages().items()}
        stale = [path.name for path, text in files.items() if not path.exists() or path.read_text() != text]
        if options["check"]:
            if stale:
                raise CommandError(f"Stale: {', '.join(stale)}. Run: make docs")
            return
        folder.mkdir(exist_ok=True)
        for path, text in files.items():
            path.write_text(text)
