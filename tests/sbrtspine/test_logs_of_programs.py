"""What the programs print, as they are really started: commands, web server, worker and beat."""

import json
import os
import socket
import subprocess
import sys
import urllib.request

import pytest

from tests.environment import ROOT
from tests.sbrtspine.canary import CANARY
from tests.stack.running import free_port, until

FORMATTED = [["root", "Formatter"]]


def run(*words, **changed):
    """A program to its end: status, stdout, stderr."""
    done = subprocess.run([sys.executable, *words], **as_child(changed), timeout=90)
    return done.returncode, done.stdout, done.stderr


def as_child(changed):
    environment = {**os.environ, "PYTHONWARNINGS": "always", "PYTHONPATH": str(ROOT), **changed}
    return {"cwd": ROOT, "env": environment, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}


def facts(err):
    return [json.loads(line) for line in err.splitlines()]


def test_a_command_prints_no_value(db):
    status, out, err = run("manage.py", "shell", "--no-imports", "-c", "import tests.sbrtspine.canary.command")

    assert CANARY not in out + err
    assert (status, json.loads(out)) == (1, FORMATTED)
    lines = facts(err)
    assert {line["level"] for line in lines} == {"warning", "error", "critical"}
    assert {line["where"] for line in lines if "where" in line} == {"main", "thread", "where nobody can catch it"}
    kinds = {line.get("error") for line in lines}
    assert {"ValueError", "LookupError", "DataError", "SyntaxError", "OSError"} <= kinds, kinds
    assert {line["category"] for line in lines if line.get("event") == "warned"} >= {"UserWarning"}
    [database] = [line for line in lines if line.get("error") == "DataError"]
    assert database["because"][0]["code"] == "22P02"
    assert "code" in [line for line in lines if line.get("error") == "OSError"][-1]


def test_what_a_command_says_to_people_stays_readable():
    status, out, err = run("manage.py", "scan", "--now", "yesterday")

    sentence = "“yesterday” is not a day or a time, such as 2016-03-08 or 2016-03-08 14:05."
    assert (status, out, err) == (1, "", f"CommandError: {sentence}\n")


def test_somebody_at_a_prompt_sees_what_went_wrong():
    code = "from sbrtspine import guard; guard.begin(); import code; code.interact(readfunc=lambda _: lines.pop())"
    typed = ["exit()", f"int({CANARY!r})"]
    _, _, err = run("-c", f"lines = {typed}; {code}")

    assert f"invalid literal for int() with base 10: '{CANARY}'" in err


WORKER = ["-m", "celery", "-A", "sbrtspine", "worker", "-Q", "canary", "--pool", "solo"]
PROGRAMS = {
    "a command": ["manage.py", "check"],
    "a worker": WORKER,
    "beat": ["-m", "celery", "-A", "sbrtspine", "beat", "--schedule", os.devnull, "--pidfile="],
    "a look at the workers": ["-m", "celery", "-A", "sbrtspine", "inspect", "active"],
    "web": ["-m", "gunicorn", "sbrtspine.wsgi", "--bind", "127.0.0.1:0", "--workers", "1"],
    "web, loaded first": ["-m", "gunicorn", "sbrtspine.wsgi", "--bind", "127.0.0.1:0", "--preload"],
}


@pytest.mark.parametrize("program", PROGRAMS)
def test_settings_that_are_wrong_are_told_by_their_line(program):
    status, out, err = run(*PROGRAMS[program], PROXY_HOPS=CANARY)

    assert status
    assert CANARY not in out + err
    assert any("sbrtspine/settings.py:<module>:" in place for line in facts(err) for place in line.get("at", []))


@pytest.mark.parametrize(
    "wrong",
    [
        {"DATABASE_URL": f"odd://user:{CANARY}@host/db"},
        {"DATABASE_URL": f"postgres://user:pass@host:{CANARY}/db"},
        {"BACKUPS_KEPT": CANARY},
        {"EMAIL_URL": f"{CANARY}://user:{CANARY}@host"},
        {"IDLE_MINUTES": CANARY},
    ],
    ids=lambda wrong: "-".join(wrong),
)
def test_no_setting_is_printed(wrong):
    status, out, err = run("manage.py", "check", **wrong)

    assert status
    assert CANARY not in out + err


@pytest.mark.parametrize("pool", ["solo", "prefork", "threads"])
def test_a_worker_prints_no_value(pool, db, tmp_path):
    words = ["-m", "celery", "-A", "tests.sbrtspine.canary.worker", "worker", "-Q", "canary", "--loglevel", "DEBUG"]
    seen = tmp_path / "handlers"
    worker = subprocess.Popen(
        [sys.executable, *words, "--pool", pool, "--concurrency", "1"], **as_child({"CANARY_SEEN": str(seen)})
    )
    try:
        until(lambda: (tmp_path / "handlers.end").exists() or worker.poll() is not None, "the last task")
    finally:
        worker.terminate()
        out, err = worker.communicate(timeout=60)

    lines = facts("\n".join(line for line in err.splitlines() if line.startswith("{")))  # "worker: Warm shutdown"
    assert CANARY not in out + err
    assert json.loads(seen.read_text()) == FORMATTED
    assert any("canary/worker.py:fails:" in line["at"][-1] for line in lines if line.get("error") == "LookupError")
    assert "printed" in {line.get("event") for line in lines}


@pytest.mark.parametrize("started_in", ["the project's folder", "another folder"])
def test_the_web_server_prints_no_value(started_in, db, tmp_path):
    """In another folder gunicorn does not see gunicorn.conf.py: its first lines are its own, and nothing later is."""
    ours = started_in == "the project's folder"
    port = free_port()
    words = ["--bind", f"127.0.0.1:{port}", "--workers", "1", "--threads", "2", "--log-level", "debug"]
    web = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "tests.sbrtspine.canary.web", *words, "--access-logfile", "-"],
        **as_child({}) | ({} if ours else {"cwd": tmp_path}),
    )
    try:
        until(lambda: asked(port, f"GET /handlers/?{CANARY} HTTP/1.1\r\nHost: x"), "an answer")
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/handlers/") as answer:
            formatters = json.load(answer)
        for request in (
            f"GET /raise/{CANARY} HTTP/1.1\r\nHost: localhost",
            f"GET /welcome/{CANARY}/ HTTP/1.1\r\nHost: localhost",
            f"GET /welcome/{CANARY}/ HTTP/1.1\r\nHost: {CANARY}",
            f"{CANARY}!! /{CANARY} HTTP/1.1\r\nHost: localhost",
            f"GET /{CANARY} {CANARY}/1.1\r\nHost: localhost",
            CANARY,
            f"GET /x HTTP/1.1\r\n{CANARY} {CANARY}",
            f"POST /{CANARY} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {CANARY}",
            f"POST /{CANARY} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: {CANARY}",
            f"GET /{CANARY * 900} HTTP/1.1\r\nHost: localhost",
        ):
            asked(port, request)
    finally:
        web.terminate()
        out, err = web.communicate(timeout=60)

    lines = facts("\n".join(line for line in err.splitlines() if ours or line.startswith("{")))
    assert formatters == FORMATTED
    assert CANARY not in out + err
    assert any("canary/web.py:application:" in line["at"][-1] for line in lines if line.get("error") == "ValueError")
    assert not ours or "Booting worker with pid: %s" in {line.get("event") for line in lines}
    assert {line["logger"] for line in lines} >= {"gunicorn.error", "an.invented.one", "sbrtspine"}


def asked(port, request):
    """What the server answers, if anything; the request is one that no browser sends."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            connection.sendall(f"{request}\r\nConnection: close\r\n\r\n".encode())
            return connection.recv(65536)
    except OSError:
        return b""
