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

from sbrtspine import env, local

HEALTHY_WITHIN = 90.0  # seconds
_RETRY = 1.0  # seconds between restarts of something that keeps dying
_TOO_OFTEN = 30  # restarts after which it is given up


class Failed(RuntimeError):
    """It cannot go on; the message says what to do."""


class Part:
    """One program that is kept running."""

    def __init__(self, name: str, command: list[str], environment: dict[str, str], log: Path) -> None:
        self.name, self.command, self.environment, self.log = name, command, environment, log
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                cwd=env.ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=lambda: local.die_with_parent(signal.SIGTERM),
            )

    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def stop(self) -> None:
        """SIGTERM, and SIGKILL for the whole group where that does not help."""
        if not self.process or not self.alive():
            return
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


class Supervisor:
    """Starts everything in order, restarts what dies, stops everything in the opposite order."""

    def __init__(self, say: Callable[[str], None], port: int, state: Path) -> None:
        self.say, self.port, self.state = say, port, state
        self.servers: local.Servers | None = None
        self.parts: list[Part] = []
        self.ending = False
        self.restarts: dict[str, int] = {}

    def run(self) -> None:
        """Until SIGINT or SIGTERM; Failed and CannotStart carry a sentence for the person."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._end)
        self.state.mkdir(parents=True, exist_ok=True)
        lock = local.try_lock(self.state / "up.lock")
        if lock is None:
            raise Failed(f"sbrtspine is already running on {self.state}. Stop it first, or set SBRTSPINE_STATE.")
        try:
            self._port_is_free()
            self._start()
            while not self.ending:
                self._watch()
                time.sleep(0.2)
        finally:
            self._stop()
            os.close(lock)

    def _end(self, _number: int, _frame: object) -> None:
        self.ending = True

    def _port_is_free(self) -> None:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", self.port))
            except OSError as error:
                raise Failed(f"Port {self.port} is in use. Choose another: PORT={self.port + 1} make run") from error

    def _start(self) -> None:
        environment = dict(os.environ)
        if "DATABASE_URL" not in environment or "REDIS_URL" not in environment:
            self.say("Starting PostgreSQL and Valkey …")
            self.servers = local.ensure(self.state)
            environment.setdefault("DATABASE_URL", self.servers.database_url)
            environment.setdefault("DATABASE_OWNER_URL", self.servers.database_owner_url)
            environment.setdefault("REDIS_URL", self.servers.redis_url)
        self.say("Bringing the database up to date …")
        self._command({**environment, "SBRTSPINE_ROLE": "owner"}, "migrate", "--verbosity", "0")
        self._command(environment, "collectstatic", "--no-input", "--verbosity", "0")
        if env.demo():
            self.say("Looking after the fictional demo study …")
            self._command(environment, "demo", "--if-empty")
        self._start_parts(environment)
        self._until_healthy()
        self.say(f"\nsbrtspine is running at http://127.0.0.1:{self.port}/")
        if env.demo():
            self.say(self._command(environment, "demo", "--accounts"))
        self.say("Ctrl-C stops everything.")

    def _command(self, environment: dict[str, str], *words: str) -> str:
        """A management command in a process of its own; its complaint is ours."""
        done = subprocess.run(
            [sys.executable, "manage.py", *words], cwd=env.ROOT, env=environment, capture_output=True, text=True
        )
        if done.returncode:
            raise Failed(f"`manage.py {words[0]}` failed:\n{done.stderr.strip()[-2000:]}")
        return done.stdout.strip()

    def _start_parts(self, environment: dict[str, str]) -> None:
        self.say("Starting web, worker and beat …")
        logs = self.state / "log"
        logs.mkdir(exist_ok=True)
        python = [sys.executable, "-m"]
        celery = [*python, "celery", "-A", "sbrtspine"]
        web = [*python, "gunicorn", "sbrtspine.wsgi", "--bind", f"127.0.0.1:{self.port}", "--workers", "2"]
        beat = [*celery, "beat", "--schedule", str(self.state / "beat-schedule"), "--pidfile="]
        for name, command in (
            ("web", [*web, "--threads", "4", "--worker-class", "gthread", "--access-logfile", "/dev/null"]),
            ("worker", [*celery, "worker", "--concurrency", "2", "--loglevel", "WARNING"]),
            ("beat", [*beat, "--loglevel", "WARNING"]),
        ):
            part = Part(name, command, environment, logs / f"{name}.log")
            part.start()
            self.parts.append(part)

    def _until_healthy(self) -> None:
        end = time.monotonic() + HEALTHY_WITHIN
        while not self.ending:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health/", timeout=5) as answer:
                    if answer.status == 200:
                        return
            except OSError:
                pass  # not listening yet, or 503: the loop asks again
            if time.monotonic() > end:
                raise Failed(f"It does not become healthy. The logs say why: {self.state / 'log'}")
            self._watch()
            time.sleep(0.2)

    def _watch(self) -> None:
        """Start again what has died; give up, with a sentence, on what keeps dying."""
        for kept in [*(self.servers.started if self.servers else []), *self.parts]:
            if self.ending or kept.process is None or kept.alive():
                continue
            times = self.restarts[kept.name] = self.restarts.get(kept.name, 0) + 1
            if times > _TOO_OFTEN:
                raise Failed(f"{kept.name} keeps ending. Its log says why: {kept.log}")
            self.say(f"{kept.name} ended unexpectedly; starting it again.")
            kept.start()
            if times > 1:
                time.sleep(_RETRY)

    def _stop(self) -> None:
        self.say("Stopping …")
        for part in self.parts:
            part.stop()
        if self.servers:
            self.servers.stop()
