"""What the environment says: where the servers are, which role we are, whether this is the demo."""

import json
import os
import secrets
import sys
from pathlib import Path

import environ

ROOT = Path(__file__).resolve().parent.parent
env = environ.Env()


def state() -> Path:
    """The folder in which the embedded servers and the demo's secrets live."""
    return Path(os.environ.get("SBRTSPINE_STATE") or ROOT / ".local").resolve()


def _local_servers() -> dict[str, str]:
    """The addresses that a running `manage.py up` left for the commands beside it."""
    try:
        servers: dict[str, str] = json.loads((state() / "servers.json").read_text())
        return servers
    except FileNotFoundError:
        return {}


def address(name: str) -> str:
    """DATABASE_URL, DATABASE_OWNER_URL, BACKUP_DATABASE_URL or REDIS_URL: given, else of the embedded servers."""
    if value := os.environ.get(name):
        return value
    if name == "DATABASE_OWNER_URL" and os.environ.get("DATABASE_URL"):  # never the owner of another database
        return ""
    return _local_servers().get(name.lower(), "")


def demo() -> bool:
    """Demo mode: fictional data, demo accounts, plain HTTP on this machine."""
    return bool(env.bool("SBRTSPINE_DEMO", default=False))


def developing() -> bool:
    """The demo for who changes code: Django's reloader, tracebacks in the browser. Never without the demo."""
    return demo() and bool(env.bool("SBRTSPINE_DEV", default=False))


def testing() -> bool:
    """Set by the test suite before settings load."""
    return bool(env.bool("SBRTSPINE_TESTING", default=False))


def reads_everything() -> bool:
    """Whether this process works for the study as a whole (accounts/site_scope.py): a command does, the web never."""
    return os.environ.get("SBRTSPINE_READS") == "everything" and "runserver" not in sys.argv


def secret_key() -> str:
    """SECRET_KEY; in the demo and the tests one is made and kept beside the servers' data."""
    if value := os.environ.get("SECRET_KEY"):
        return value
    if not (demo() or testing()):
        if {"runserver", "up", "demo"} & set(sys.argv) or "gunicorn" in sys.argv[0]:
            raise SystemExit("Set SECRET_KEY (a long random text), or SBRTSPINE_DEMO=1 for the demo.")
        return secrets.token_urlsafe(50)
    path = state() / "secret-key"
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(50))
    except FileExistsError:
        pass
    return path.read_text()
