"""The checks that need Django: migrations complete, generated pages fresh, settings safe, imports downwards, names.

`make check` runs it; exit 1 at the first that fails, with what it says.
"""

import os
import subprocess
import sys

from tests import environment

PRODUCTION = {
    "SECRET_KEY": "only-for-this-check-" + "0123456789abcdefghijklmnopqrstuvwxyz" * 2,
    "ALLOWED_HOSTS": "edc.example.org",
    "DATABASE_URL": "postgres://app@db.example.org/sbrtspine",
    "DATABASE_OWNER_URL": "postgres://owner@db.example.org/sbrtspine",
    "REDIS_URL": "redis://redis.example.org/0",
}


def manage(*words: str, **changed: str) -> None:
    """A management command that must succeed."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SBRTSPINE_") or not changed}
    done = subprocess.run([sys.executable, "manage.py", *words], cwd=environment.ROOT, env={**kept, **changed})
    if done.returncode:
        sys.exit(f"`manage.py {' '.join(words)}` does not pass.")


def main() -> None:
    manage("check", "--deploy", "--fail-level", "WARNING", **PRODUCTION)
    environment.begin()
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL"):  # the tests make their own database when they run
        os.environ[name] = os.environ[name].replace(environment.DATABASE, "sbrtspine")
    manage("makemigrations", "--check", "--dry-run")
    manage("write_docs", "--check")
    tests = ["-m", "pytest", "-q", "tests/test_architecture.py", "tests/test_names.py"]
    sys.exit(subprocess.run([sys.executable, *tests], cwd=environment.ROOT).returncode)


if __name__ == "__main__":
    main()
