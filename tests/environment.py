"""Loaded before Django's settings (pytest -p): real servers of the tests' own, stopped when the tests end."""

import atexit
import fcntl
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")  # gw0, gw1 … where the run is shared out, one a core
DATABASE = f"test_sbrtspine_{WORKER}" if WORKER else "test_sbrtspine"
_OURS = "SBRTSPINE_TEST_SERVERS"  # said to the workers: the servers they inherit are the first process's own


def begin() -> None:
    """Start the servers and say where they are; called before Django's settings are read."""
    os.environ["SBRTSPINE_TESTING"] = "1"
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # half of what a program does to start is compiling its modules
    sys.dont_write_bytecode = False
    os.environ["SBRTSPINE_READS"] = "everything"  # what a test asks the ORM; a request reads as its person
    os.environ.pop("SBRTSPINE_DEMO", None)
    os.environ.setdefault("SBRTSPINE_STATE", str(ROOT / ".local" / "test"))
    os.environ["DJANGO_SETTINGS_MODULE"] = "sbrtspine.settings"
    if WORKER:
        os.environ["SBRTSPINE_STATE"] = str(Path(os.environ["SBRTSPINE_STATE"]) / WORKER)
    if "TEST_SUPERUSER_URL" not in os.environ or _OURS in os.environ:
        _start()
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "BACKUP_DATABASE_URL"):
        if name in os.environ:
            os.environ[name] = _on(os.environ[name])


def _start() -> None:
    """A PostgreSQL and a Redis of our own from wheels, without fsync.

    One of each a worker: the horizon of the audit trail is the whole server's, so that what one worker leaves
    uncommitted would hold back the others' scans.
    """
    from sbrtspine.devserver import embedded_servers

    if WORKER or _OURS not in os.environ:  # else a run within a run, on its servers
        _alone(Path(os.environ["SBRTSPINE_STATE"]))
    servers = embedded_servers.ensure(Path(os.environ["SBRTSPINE_STATE"]), durable=False)
    atexit.register(servers.stop)
    os.environ[_OURS] = "1"
    os.environ["TEST_SUPERUSER_URL"] = servers.superuser_url
    os.environ["DATABASE_URL"] = servers.database_url
    os.environ["DATABASE_OWNER_URL"] = servers.database_owner_url
    os.environ["BACKUP_DATABASE_URL"] = servers.backup_database_url
    os.environ["REDIS_URL"] = servers.redis_url


def _alone(state: Path) -> None:
    """Two runs on one folder would drop each other's database and stop each other's servers."""
    state.mkdir(parents=True, exist_ok=True)
    mine = (state / "run.lock").open("w")
    try:
        fcntl.flock(mine, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit(f"Another run of tests is using {state}. Wait for it, or set SBRTSPINE_STATE to another folder.")
    atexit.register(mine.close)  # held until this process ends


def _on(url: str) -> str:
    """The same server and role, in the tests' own database."""
    head, _, options = url.partition("?")
    return head.rsplit("/", 1)[0] + f"/{DATABASE}" + (f"?{options}" if options else "")
