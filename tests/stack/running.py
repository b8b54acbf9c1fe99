"""The whole system as `make run` starts it: PostgreSQL, Redis, web, worker and beat, in a folder of its own."""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg

from sbrtspine.devserver import embedded_servers
from tests.environment import ROOT

PASSWORD = "a fictional demo passphrase"
NOT_OURS = (
    "DATABASE_URL",
    "DATABASE_OWNER_URL",
    "BACKUP_DATABASE_URL",
    "REDIS_URL",
    "SBRTSPINE_TESTING",
    "TEST_SUPERUSER_URL",
    "SBRTSPINE_TEST_SERVERS",
)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def until(true: Callable[[], Any], what: str, seconds: float = 60) -> Any:
    """Wait, bounded, for something to become true; what it answers."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if answer := true():
            return answer
        select.select([], [], [], 0.1)
    raise AssertionError(f"{what} did not come true in {seconds} s")


class Running:
    """One running system."""

    def __init__(self, state: Path, **environment: str) -> None:
        self.state, self.port = state, free_port()
        self.environment = {
            **{name: value for name, value in os.environ.items() if name not in NOT_OURS},
            "SBRTSPINE_STATE": str(state),
            "SBRTSPINE_DEMO": "1",
            "DEMO_PASSWORD": PASSWORD,
            "PORT": str(self.port),
            "SCAN_EVERY_SECONDS": "2",
            "SPT_NOENV": "1",  # who writes a title over its command line leaves its environment, by which it is known
            **environment,
        }
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> "Running":
        """Start it and wait until it says that all is well."""
        with (self.state / "up.out").open("ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "up"],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            until(self.well_or_dead, "a healthy system", seconds=300)
        except AssertionError as error:
            self.stop()  # else it takes the machine from the next, and its folder
            raise AssertionError(f"{error}; it had come to:\n{self.output()[-500:]}") from error
        return self

    def well_or_dead(self) -> bool:
        if self.process.poll() is not None:
            raise AssertionError(f"`up` ended with {self.process.returncode}:\n{self.output()}")
        return self.health()[0] == 200

    def output(self) -> str:
        return (self.state / "up.out").read_text()

    def health(self) -> tuple[int, dict[str, Any]]:
        """Status and body of /health/; status 0 where nothing listens."""
        try:
            with urllib.request.urlopen(f"{self.url}/health/", timeout=10) as answer:  # noqa: S310 - our own address
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)
        except OSError:
            return 0, {}

    def stop(self) -> None:
        """SIGTERM, as a service manager does; everything it started ends with it."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=60)

    def manage(self, *command: str) -> str:
        """A management command beside it."""
        done = subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    def servers(self) -> dict[str, str]:
        return json.loads((self.state / "servers.json").read_text())

    def sql(self, question: str, *values: Any) -> list[tuple[Any, ...]]:
        """Ask the database as its superuser."""
        with psycopg.connect(self.servers()["superuser_url"], autocommit=True) as server:
            server.execute("SET search_path = public")
            answer = server.execute(question, values)
            return answer.fetchall() if answer.description else []

    def processes(self, *words: str) -> list[int]:
        """The process ids below this system whose command line holds all these words."""
        processes = []
        sockets, marked = str(embedded_servers.socket_folder(self.state)), f"SBRTSPINE_STATE={self.state}"
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                state = (folder / "stat").read_text().rsplit(")", 1)[1].split()[0]
                environ = (folder / "environ").read_bytes().decode(errors="replace")
            except OSError:
                continue
            # Valkey writes its own title over command line and environment: it is known by its socket.
            mine = any(word in command for word in (str(self.state), sockets)) or marked in environ
            if mine and state != "Z" and all(word in command for word in words):
                processes.append(int(folder.name))
        return processes
