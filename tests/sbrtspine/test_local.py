"""The embedded servers: start, adopt, survive kill -9 of everything, also where a killed one stays a zombie."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import closing, suppress
from pathlib import Path

import psycopg
import pytest
import redis

from sbrtspine.devserver import embedded_servers
from tests.environment import ROOT
from tests.stack.running import until

# A process of its own that starts the servers, says where they are, and waits to be told to end.
STARTER = """
import json, sys
from pathlib import Path
from sbrtspine.devserver import embedded_servers
servers = embedded_servers.ensure(Path(sys.argv[1]))
print(json.dumps({"url": servers.superuser_url, "started": len(servers.started)}), flush=True)
sys.stdin.readline()
servers.stop()
"""


@pytest.fixture
def state(tmp_path):
    """A folder with spaces and a long path."""
    folder = tmp_path / "a folder with spaces" / ("long" * 30)
    yield folder
    shutil.rmtree(embedded_servers.socket_folder(folder), ignore_errors=True)


def starter(state, user=()):
    return subprocess.Popen(
        [*user, sys.executable, "-c", STARTER, str(state)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def state_of(process):
    line = process.stdout.readline()
    assert line, "the starter ended without a word"
    return json.loads(line)


def end(process):
    process.communicate("\n", timeout=30)


def ask(url, question, *values):
    with psycopg.connect(url, autocommit=True) as server:
        answer = server.execute(question, values or None)
        return answer.fetchall() if answer.description else None


def postmaster(state):
    return int((state / "pg" / "postmaster.pid").read_text().split()[0])


def test_it_starts_with_its_roles_and_stops_without_a_trace(state):
    process = starter(state)
    url = state_of(process)["url"]
    roles = dict(ask(url, "SELECT rolname, rolsuper FROM pg_roles WHERE rolname LIKE 'sbrtspine%'"))
    pid = postmaster(state)
    end(process)

    assert roles == {"sbrtspine_owner": False, "sbrtspine_app": False, "sbrtspine_backup": False}
    assert not Path(f"/proc/{pid}").exists()
    assert not (state / "servers.json").exists()


def test_two_starts_at_once_one_starts_and_one_adopts(state):
    first, second = starter(state), starter(state)
    answers = [state_of(first), state_of(second)]

    assert sorted(answer["started"] for answer in answers) == [0, 2]
    assert answers[0]["url"] == answers[1]["url"]
    adopter = first if answers[0]["started"] == 0 else second
    end(adopter)
    assert ask(answers[0]["url"], "SELECT 1") == [(1,)]
    end(second if adopter is first else first)


@pytest.mark.parametrize("victim", ["starter", "postgres", "both"])
def test_after_kill_9_the_next_start_loses_nothing(state, victim):
    process = starter(state)
    url = state_of(process)["url"]
    ask(url, "CREATE TABLE kept (n int)")
    ask(url, "INSERT INTO kept VALUES (42)")
    pid = postmaster(state)
    if victim in ("postgres", "both"):
        os.kill(pid, signal.SIGKILL)
    if victim == "postgres":
        process.terminate()
    else:
        process.kill()
    process.communicate(timeout=30)

    again = starter(state)
    url = state_of(again)["url"]
    kept = ask(url, "SELECT n FROM kept")
    end(again)

    assert kept == [(42,)]


def test_a_zombie_holds_nobody_up(state):
    """The parent of the killed server lives and does not reap it: its process id and files are still there."""
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import os, sys\n"
            "from pathlib import Path\n"
            "from sbrtspine.devserver import embedded_servers\n"
            "state = Path(sys.argv[1])\n"
            "state.mkdir(parents=True)\n"
            "postgres = embedded_servers.Postgres(state)\n"
            "postgres.start()\n"
            "os.kill(postgres.process.pid, 9)\n"
            "print(postgres.process.pid, flush=True)\n"
            "sys.stdin.readline()\n",
            str(state),
        ],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    pid = int(holder.stdout.readline())
    until(lambda: Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z", "a zombie")

    process = starter(state)
    answer = ask(state_of(process)["url"], "SELECT 1")
    end(process)
    holder.communicate("\n")

    assert answer == [(1,)]


def test_as_an_ordinary_user_too():
    """As root: as the user nobody, keeping only the right to read this installation."""
    folder = Path(tempfile.mkdtemp())
    user = ()
    if os.geteuid() == 0:
        os.chown(folder, 65534, 65534)
        reading = ("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search")
        user = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *reading)

    process = starter(folder / "state", user)
    answer = ask(state_of(process)["url"], "SELECT 1")
    end(process)
    shutil.rmtree(folder)

    assert answer == [(1,)]


def test_what_fails_says_what_to_do(state, monkeypatch):
    monkeypatch.setattr(embedded_servers.importlib.util, "find_spec", lambda name: None)

    with pytest.raises(embedded_servers.CannotStart, match="make setup"):
        embedded_servers.ensure(state)


def all_after(words, text):
    """Whether these stand in the text, each after the one before it."""
    for word in words:
        if word not in text:
            return False
        text = text.partition(word)[2]
    return True


SAYS_A_ROW = {
    "a value that is none": "SELECT 'Kanarie4711'::int",
    "a row that is refused": "INSERT INTO kept VALUES ('Kanarie4711'), ('Kanarie4711')",
    "a sentence of a trigger": "DO $$ BEGIN RAISE EXCEPTION 'Kanarie4711' USING DETAIL = 'Kanarie4711'; END $$",
    "a warning": "DO $$ BEGIN RAISE WARNING 'Kanarie4711'; END $$",
    "what is no statement": "Kanarie4711",
    "a slow one": "SELECT 'Kanarie4711', pg_sleep(0.3)",
    "one that asks to be logged": "SET log_statement = 'all'; SELECT 'Kanarie4711'",
}


def test_the_servers_write_nothing_of_what_they_keep(state):
    process = starter(state)
    url = state_of(process)["url"]
    ask(url, "CREATE TABLE kept (word text UNIQUE)")
    ask(url, "CREATE ROLE somebody LOGIN; GRANT ALL ON kept TO somebody")
    somebody = url.replace("postgres@", "somebody@")
    for statement in SAYS_A_ROW.values():
        with suppress(psycopg.Error):
            ask(somebody, statement)
        with suppress(psycopg.Error), psycopg.connect(somebody) as database:
            database.execute("SELECT %s::int", ["Kanarie4711"])
    with closing(psycopg.connect(somebody)) as database:  # killed at work, the server tells which
        killed = database.info.backend_pid
        database.pgconn.send_query(b"SELECT 'Kanarie4711', pg_sleep(60)")
        until(lambda: ask(url, "SELECT 1 FROM pg_stat_activity WHERE pid = %s AND state = 'active'", killed), "work")
        os.kill(killed, signal.SIGKILL)
    valkey = redis.Redis(unix_socket_path=str(embedded_servers.socket_folder(state) / "valkey.sock"))
    valkey.set("Kanarie4711", "Kanarie4711")
    with suppress(redis.RedisError):
        valkey.execute_command("Kanarie4711", "Kanarie4711")
    assert valkey.config_get("hide-user-data-from-log") == {"hide-user-data-from-log": "yes"}
    valkey.close()
    again = "all server processes terminated; reinitializing", "database system is ready to accept connections"
    until(lambda: all_after(again, (state / "log" / "postgresql.log").read_text()), "a server that works again")
    end(process)

    written = "".join(file.read_text() for file in (state / "log").iterdir())
    assert "Kanarie4711" not in written
    assert "database system is ready" in written
