"""What `manage.py up` does: servers, migrations, demo, then web, worker and beat, watched until a signal ends it."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from sbrtspine import env
from sbrtspine.devserver import embedded_servers
from sbrtspine.devserver.processes import CannotStart, ends_with_parent, is_held, try_lock

HEALTHY_WITHIN = 90.0  # seconds
LEFTOVERS_END_WITHIN = 5.0  # seconds that programs of a killed start get before they are killed as well
TOO_OFTEN, IN_SECONDS = 12, 600.0  # so many ends in so short a time, and it is given up
MAX_WAIT = 30.0  # seconds between two restarts of something that keeps ending
_LOOK = 0.2  # seconds between two looks


class Failed(RuntimeError):
    """It cannot go on; the message says what to do."""


class Ended(Exception):
    """Somebody asked us to stop while we were still starting."""


class ManagedProcess:
    """One program that is kept running. All its processes hold its lock, which names their process group."""

    def __init__(self, name: str, command: list[str], environment: dict[str, str], state: Path) -> None:
        self.name, self.command, self.environment = name, command, environment
        self.lock, self.log = state / f"{name}.lock", state / "log" / f"{name}.log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, after the last of an earlier one has ended."""
        self.end_leftovers()
        lock = try_lock(self.lock)
        if lock is None:
            raise CannotStart(f"An earlier {self.name} does not end. Its process group: {self.lock.read_text()}")
        os.truncate(lock, 0)
        try:
            with self.log.open("ab") as log:
                self.process = subprocess.Popen(
                    self.command,
                    cwd=env.ROOT,
                    env=self.environment,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    pass_fds=[lock],
                    start_new_session=True,
                    preexec_fn=ends_with_parent(signal.SIGTERM),
                )
            self.lock.write_text(str(self.process.pid))
        finally:
            os.close(lock)

    def end_leftovers(self) -> None:
        """Wait for the programs of a start that was killed; while the lock is held, the group in it is theirs."""
        end = time.monotonic() + LEFTOVERS_END_WITHIN
        while is_held(self.lock) and time.monotonic() < end + LEFTOVERS_END_WITHIN:
            if time.monotonic() > end:
                _kill_group(self.lock.read_text())
            time.sleep(0.05)

    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def stop(self) -> None:
        """SIGTERM, and SIGKILL for the whole group where that does not help."""
        if not self.process:
            return
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            _kill_group(str(self.process.pid))
            self.process.wait()


class Supervisor:
    """Starts everything in order, restarts what dies, stops everything in the opposite order."""

    def __init__(self, say: Callable[[str], None], port: int, state: Path) -> None:
        self.say, self.port, self.state = say, port, state
        self.environment = dict(os.environ)
        self.servers: embedded_servers.Servers | None = None
        self.parts: list[ManagedProcess] = []
        self.ending = False
        self.ends: dict[str, list[float]] = {}

    def run(self) -> None:
        """Until SIGINT or SIGTERM; Failed and CannotStart carry a sentence for the person."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._end)
        (self.state / "log").mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = try_lock(self.state / "up.lock")
        if lock is None:
            running = (self.state / "up.lock").read_text()
            raise Failed(
                f"sbrtspine is already running on {self.state} (process {running}). "
                "Stop it first (Ctrl-C there), or set SBRTSPINE_STATE to another folder."
            )
        os.truncate(lock, 0)
        os.write(lock, str(os.getpid()).encode())
        try:
            self._start()
            while not self.ending:
                self._watch()
                time.sleep(_LOOK)
        except Ended:
            pass  # as asked
        finally:
            self._stop()
            os.close(lock)

    def _end(self, _number: int, _frame: object) -> None:
        self.ending = True

    def _start(self) -> None:
        parts = self._programs()
        for part in parts:
            part.end_leftovers()
        self._port_is_free()
        self._start_servers()
        self.say("Bringing the database up to date …")
        self._command("migrate", "--verbosity", "0", SBRTSPINE_ROLE="owner")
        self._command("collectstatic", "--no-input", "--verbosity", "0")
        if env.demo():
            self.say("Looking after the fictional demo study …")
            self._command("demo", "--if-empty", "--skip-checks")
        self.say("Starting web, worker and beat …")
        self.environment.pop("DATABASE_OWNER_URL", None)  # web and worker are the application's role, nothing more
        for part in parts:
            self.parts.append(part)
            part.start()
        self._until_healthy()
        self.say(f"\nsbrtspine is running at http://127.0.0.1:{self.port}/")
        if env.demo():
            self.say(self._command("demo", "--accounts", "--skip-checks"))
        self.say("Ctrl-C stops everything.")

    def _port_is_free(self) -> None:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", self.port))
            except OSError as error:
                raise Failed(
                    f"Port {self.port} cannot be used ({error.strerror}). "
                    f"Stop what uses it, or choose another: PORT={self.port % 65535 + 1} make run"
                ) from error

    def _start_servers(self) -> None:
        """The embedded servers, for what the environment does not give."""
        environment = self.environment
        if environment.get("DATABASE_URL") and environment.get("REDIS_URL"):
            return
        self.say("Starting PostgreSQL and Valkey …")
        self.servers = embedded_servers.ensure(self.state)
        if not environment.get("DATABASE_URL"):
            # never the owner of one database beside the application's role of another
            environment["DATABASE_URL"] = self.servers.database_url
            environment["DATABASE_OWNER_URL"] = self.servers.database_owner_url
            environment["BACKUP_DATABASE_URL"] = self.servers.backup_database_url
        if not environment.get("REDIS_URL"):
            environment["REDIS_URL"] = self.servers.redis_url

    def _command(self, *words: str, **changed: str) -> str:
        """A management command in a process of its own; its complaint is ours, and it ends when we are asked to."""
        if self.ending:
            raise Ended
        process = subprocess.Popen(
            [sys.executable, "manage.py", *words],
            cwd=env.ROOT,
            env={**self.environment, **changed},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            preexec_fn=ends_with_parent(signal.SIGTERM),
        )
        while True:
            try:
                output, complained = process.communicate(timeout=_LOOK)
                break
            except subprocess.TimeoutExpired:
                if self.ending:
                    process.terminate()
        if self.ending:
            raise Ended
        if process.returncode:
            raise Failed(f"`manage.py {words[0]}` failed:\n{complained.strip()[-2000:]}")
        return output.strip()

    def _programs(self) -> list[ManagedProcess]:
        python = [sys.executable, "-m"]
        celery = [*python, "celery", "-A", "sbrtspine"]
        calm = ["--loglevel", "WARNING"]
        at = f"127.0.0.1:{self.port}"
        web = [*python, "gunicorn", "sbrtspine.wsgi", "--bind", at, "--workers", "2"]
        threads = ["--threads", "4", "--worker-class", "gthread"]
        beat = [*celery, "beat", "--schedule", str(self.state / "beat-schedule"), "--pidfile=", *calm]
        commands = {
            "worker": [*celery, "worker", "--concurrency", "2", *calm],
            "safety": [*celery, "worker", "-Q", "safety", "-n", "safety@%h", *calm, "--pool", "threads", "-c", "1"],
            "beat": beat,
            "web": [sys.executable, "manage.py", "runserver", at] if env.developing() else [*web, *threads],
        }
        return [ManagedProcess(name, command, self.environment, self.state) for name, command in commands.items()]

    def _until_healthy(self) -> None:
        end = time.monotonic() + HEALTHY_WITHIN
        while (well := self._health()) != "":
            if self.ending:
                raise Ended
            if time.monotonic() > end:
                raise Failed(f"It does not become healthy: {well}\nThe logs say why: {self.state / 'log'}")
            self._watch()
            time.sleep(_LOOK)

    def _health(self) -> str:
        """Empty when all is well, else what /health/ says."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health/", timeout=5):
                return ""
        except urllib.error.HTTPError as error:
            return error.read(1000).decode(errors="replace")
        except OSError as error:
            return str(error)

    def _watch(self) -> None:
        """Start again what has ended, each time a little later; give up, with a sentence, on what keeps ending."""
        servers = self.servers.started if self.servers else []
        watched: list[embedded_servers.Server | ManagedProcess] = [*servers, *self.parts]
        for kept in watched:
            if self.ending or kept.alive():
                continue
            now = time.monotonic()
            ends = [end for end in self.ends.get(kept.name, []) if now - end < IN_SECONDS]
            if len(ends) >= TOO_OFTEN:
                raise Failed(f"{kept.name} keeps ending, {len(ends)} times now. Its log says why: {kept.log}")
            if ends and now - ends[-1] < min(2.0 ** len(ends) / 2, MAX_WAIT):
                continue
            self.ends[kept.name] = [*ends, now]
            self.say(f"{kept.name} ended unexpectedly; starting it again.")
            try:
                kept.start()
            except CannotStart as error:
                self.say(str(error))

    def _stop(self) -> None:
        if not (self.parts or self.servers):
            return
        self.say("Stopping …")
        for part in reversed(self.parts):
            part.stop()
        if self.servers:
            self.servers.stop()


def _kill_group(leader: str) -> None:
    try:
        os.killpg(int(leader), signal.SIGKILL)
    except (ProcessLookupError, ValueError):
        return  # it has ended meanwhile, or was never begun
