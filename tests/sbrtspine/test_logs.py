"""What is printed where something goes wrong: named facts, never an address, a secret or what somebody typed."""

import ast
import json
import logging
from pathlib import Path

import pytest
from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation
from django.http import Http404
from django.test import Client

from sbrtspine import logs, views
from tests.environment import ROOT
from tests.test_architecture import FILES

CANARY = "Kanarie4711"
LOGGERS = [
    "", "root", "sbrtspine", "request", "scan", "mail", "exports",
    "django", "django.request", "django.server", "django.security", "django.security.DisallowedHost",
    "django.security.csrf", "django.db.backends", "django.db.backends.schema", "django.template", "django.dispatch",
    "django.utils.autoreload", "py.warnings", "asyncio", "concurrent.futures", "multiprocessing",
    "celery", "celery.task", "celery.app.trace", "celery.worker", "celery.worker.strategy", "celery.beat",
    "celery.redirected", "billiard", "kombu", "kombu.connection", "amqp", "redis", "valkey",
    "gunicorn", "gunicorn.error", "gunicorn.access", "psycopg", "psycopg.pool", "urllib3.connectionpool",
    "allauth", "allauth.account", "fido2", "whitenoise", "csp", "structlog", "an.invented.one",
]  # fmt: skip


class Speaking:
    """Something that tells what it holds, however it is put into words."""

    def __str__(self):
        return CANARY

    __repr__ = __str__


class Failing:
    def __str__(self):
        raise ValueError(CANARY)

    __repr__ = __str__


def raised(within=None):
    try:
        try:
            if within:
                raise KeyError(CANARY)
        except KeyError as cause:
            raise (ValueError(CANARY) if within == "context" else LookupError(CANARY)) from (
                cause if within == "cause" else cause.__context__
            )
        raise ValueError(CANARY)
    except (ValueError, LookupError) as error:
        return error


def in_an_except_block(log):
    try:
        raise ValueError(CANARY)
    except ValueError:
        log.exception("Failed with %s", CANARY)


def in_what_was_typed(log):
    """Frames of `<string>`, and of a file whose name is somebody's."""
    for name in ("<string>", f"<{CANARY}>", f"/home/{CANARY}", CANARY):
        try:
            exec(compile(f"raise ValueError('{CANARY}')", name, "exec"), {})  # noqa: S102 - what is tried
        except ValueError as error:
            log.error("x", exc_info=error)


WAYS = {
    "the message": lambda log: log.error(f"Not Found: {CANARY}"),
    "an argument": lambda log: log.error("Not Found: %s", CANARY),
    "named arguments": lambda log: log.error("Not Found: %(path)s", {"path": CANARY}),
    "an object": lambda log: log.error(Speaking()),
    "a dictionary": lambda log: log.error({"event": CANARY, "path": CANARY}),
    "an object as argument": lambda log: log.error("%r", Speaking()),
    "an object that cannot be put into words": lambda log: log.error("%s", Failing()),
    "too many arguments": lambda log: log.error("none", CANARY),
    "too few arguments": lambda log: log.error("%s %s", CANARY),
    "bytes": lambda log: log.error(CANARY.encode()),
    "extra": lambda log: log.error("x", extra={"request": CANARY, "status_code": CANARY, "data": CANARY, "_logger": 1}),
    "the exception": in_an_except_block,
    "an exception given": lambda log: log.error("x", exc_info=raised()),
    "its cause": lambda log: log.error("x", exc_info=raised("cause")),
    "its context": lambda log: log.error("x", exc_info=raised("context")),
    "its notes": lambda log: log.error("x", exc_info=noted()),
    "a group": lambda log: log.error("x", exc_info=grouped()),
    "a name of an exception": lambda log: log.error("x", exc_info=type(f"{CANARY} x", (Exception,), {})()),
    "no exception": lambda log: log.error(CANARY, exc_info=True),
    "the stack": lambda log: log.error(CANARY, stack_info=True),
    "the code": in_what_was_typed,
    "critical": lambda log: log.critical(CANARY),
    "a level of its own": lambda log: log.log(45, CANARY),
}


def noted():
    error = ValueError("x")
    error.__notes__ = [CANARY]
    return error


def grouped():
    return ExceptionGroup(CANARY, [ValueError(CANARY)])


@pytest.mark.parametrize("way", WAYS)
def test_a_library_says_nothing_but_who_where_and_what_kind(way, capfd):
    for logger in LOGGERS:
        WAYS[way](logging.getLogger(logger))

        printed = capfd.readouterr()
        assert CANARY not in printed.out + printed.err, logger
        lines = [json.loads(line) for line in printed.err.splitlines()]
        if logger == "django.request" and not lines:  # each answer has a line of its own
            assert way not in ("the exception", "an exception given", "its cause", "its context")
            continue
        assert lines, logger
        for line in lines:
            assert line["logger"] == (logger or "root")
            assert line["level"] in ("error", "critical", "45")
            assert line["place"].startswith("sbrtspine/test_logs.py:")
        if way in ("the exception", "an exception given", "its cause", "its context"):
            assert lines[0]["error"].endswith("Error")
            assert lines[0]["at"][-1].startswith("sbrtspine/test_logs.py:")


def test_what_was_raised_is_told_by_its_kinds_and_places(capfd):
    logging.getLogger("somebody").error("x", exc_info=raised("cause"))

    line = json.loads(capfd.readouterr().err)
    assert line["error"] == "LookupError"
    assert line["at"][0].startswith("sbrtspine/test_logs.py:raised:")
    assert [cause["error"] for cause in line["because"]] == ["KeyError"]


def test_our_own_lines_keep_their_facts_and_lose_what_was_raised(capfd):
    log = logs.structlog.get_logger("scan")
    log.error("not judged", participant_id=7, parts=["a", 1, None], exc_info=raised())
    try:
        raise ValueError(CANARY)
    except ValueError as error:
        log.exception("failed", job=8, stack_info=True, what=error, of={"an": Speaking()})

    printed = capfd.readouterr().err
    first, second = [json.loads(line) for line in printed.splitlines()]
    assert CANARY not in printed
    assert (first["event"], first["participant_id"], first["parts"]) == ("not judged", 7, ["a", 1, None])
    assert (first["error"], first["logger"], first["level"]) == ("ValueError", "scan", "error")
    assert (second["event"], second["job"], second["what"], second["of"]) == (
        "failed",
        8,
        "a ValueError",
        {"an": "a Speaking"},
    )
    assert second["error"] == "ValueError"


def test_a_name_of_a_logger_that_is_no_name_is_not_printed(capfd):
    logging.getLogger(f"/participants/{CANARY}/").error("x")

    assert json.loads(capfd.readouterr().err)["logger"] == "?"


def test_a_library_has_no_line_where_nothing_is_wrong(capfd, caplog):
    caplog.set_level("DEBUG")
    logging.getLogger("kombu").info(CANARY)
    logging.getLogger("gunicorn.error").info("Booting worker with pid: %s", CANARY)

    printed = capfd.readouterr().err
    assert CANARY not in printed
    assert [json.loads(line)["event"] for line in printed.splitlines()] == ["Booting worker with pid: %s"]


def test_our_own_calls_name_facts_and_no_values():
    """The event is a constant, and each fact is one of those that were looked at."""
    known = {"method", "route", "status", "ms", "person", "job", "error", "snapshot", "rule", "mail", "tries",
             "participant_id", "exc_info", "place", "category", "where"}  # fmt: skip
    for path in FILES:
        tree = ast.parse(path.read_text())
        logger = {
            target.id
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign) and "get_logger" in ast.unparse(node.value)
            for target in node.targets
        }
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            if isinstance(call.func, ast.Attribute) and ast.unparse(call.func.value) in logger:
                assert [type(argument) for argument in call.args] == [ast.Constant], ast.unparse(call)
                assert {keyword.arg for keyword in call.keywords} <= known, ast.unparse(call)


ADDRESSES = [
    f"/participants/{CANARY}/",
    "/participants/BLEND-4711/",
    f"/welcome/{CANARY}/",
    f"/welcome/{CANARY}/?again={CANARY}",
    f"/find/?q={CANARY}",
    f"/nowhere/{CANARY}%0a{CANARY}",
    f"/audit/reads/?participant={CANARY}",
    f"/people/{CANARY}/",
]


@pytest.fixture
def browser(people, caplog):
    """The nurse's, whose requests leave their line; a server's error is answered, not raised."""
    caplog.set_level("INFO", "request")
    client = Client(raise_request_exception=False)
    client.force_login(people["nurse"])
    return client


def printed_lines(capfd):
    printed = capfd.readouterr()
    assert CANARY not in printed.out + printed.err
    assert "BLEND-4711" not in printed.out + printed.err
    return [json.loads(line) for line in printed.err.splitlines()]


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_address_is_printed_and_a_page_that_is_not_there_is_no_error(address, browser, capfd):
    browser.get(address)
    browser.post(address, {"word": CANARY})
    Client().get(address)

    lines = printed_lines(capfd)
    assert {line["logger"] for line in lines} == {"request"}
    assert {line["level"] for line in lines} == {"info"}
    assert {line["status"] for line in lines} <= {200, 302, 400, 403, 404, 405, 410}


REFUSALS = {
    Http404: 404,
    PermissionDenied: 403,
    BadRequest: 400,
    SuspiciousOperation: 400,
}


@pytest.mark.parametrize("kind", REFUSALS)
def test_a_refusal_is_no_error(kind, browser, monkeypatch, capfd):
    monkeypatch.setattr(views.oversight_health, "check", raising(kind(CANARY)))

    answer = browser.get(f"/health/?{CANARY}", headers={"referer": CANARY, "user-agent": CANARY, "cookie": CANARY})

    lines = printed_lines(capfd)
    assert answer.status_code == REFUSALS[kind]
    assert {line["level"] for line in lines} <= {"info", "warning"}
    assert [line["route"] for line in lines if line["logger"] == "request"] == ["health"]


def raising(error):
    def check(**_):
        raise error

    return check


def test_what_breaks_a_page_is_told_by_route_kind_and_place(browser, monkeypatch, capfd):
    monkeypatch.setattr(views.oversight_health, "check", raising(raised("cause")))

    answer = browser.get(f"/health/?{CANARY}={CANARY}", headers={"x-forwarded-for": CANARY})

    [error] = [line for line in printed_lines(capfd) if line["level"] == "error"]
    assert answer.status_code == 500
    assert (error["route"], error["status"], error["error"]) == ("health", 500, "LookupError")
    assert any("sbrtspine/views.py:health:" in place for place in error["at"])


def test_health_that_is_bad_is_an_answer_and_no_error(browser, monkeypatch, capfd):
    monkeypatch.setattr(views.oversight_health, "check", lambda **_: {"status": "fail"})

    assert browser.get("/health/").status_code == 503
    [line] = printed_lines(capfd)
    assert (line["event"], line["status"], line["level"]) == ("answered", 503, "info")


def test_what_breaks_between_the_pages_is_told_too(browser, monkeypatch, capfd):
    def note(*_):
        raise ValueError(CANARY)

    monkeypatch.setattr("records.audit.read_log.note", note)

    assert browser.get("/participants/").status_code == 500
    [error] = [line for line in printed_lines(capfd) if line["level"] == "error"]
    assert (error["route"], error["error"]) == ("participants", "ValueError")


def test_what_a_browser_says_of_itself_is_not_printed(browser, capfd):
    browser.generic("KANARIE4711", "/health/")
    browser.generic(CANARY, "/nowhere/")
    browser.get("/health/", headers={"host": CANARY + ".example.org"})
    browser.get("/health/", headers={"host": "a b " + CANARY})
    browser.post("/login/", {f"field{number}": CANARY for number in range(2100)})
    browser.post("/login/", CANARY.encode() + b"\xff", content_type=f"text/{CANARY}")
    browser.post("/login/", b"x", content_type=f"multipart/form-data; boundary={CANARY}")
    Client(enforce_csrf_checks=True).post("/login/", {"csrfmiddlewaretoken": CANARY}, headers={"referer": CANARY})

    lines = printed_lines(capfd)
    assert {line["level"] for line in lines} <= {"info", "warning"}
    methods = [line["method"] for line in lines if line["logger"] == "request"]
    assert methods[:2] == ["other", "other"]
    assert "POST" in methods
    assert "KANARIE4711" not in str(lines)


def test_the_settings_send_every_record_to_one_handler_with_one_formatter():
    handlers = {
        handler
        for logger in [logging.root, *logging.root.manager.loggerDict.values()]
        for handler in getattr(logger, "handlers", [])
        if not type(handler).__module__.startswith("_pytest") and not isinstance(handler, logging.NullHandler)
    }

    assert [(handler, type(handler.formatter)) for handler in handlers] == [(next(iter(handlers)), logs.Formatter)]
    assert logging.lastResort is None
    assert not logging.raiseExceptions
    for name, logger in logging.root.manager.loggerDict.items():
        assert getattr(logger, "propagate", True), name


def test_a_handler_that_somebody_adds_without_a_formatter_has_ours(capfd):
    logger, handler = logging.getLogger("added"), logging.StreamHandler()
    logger.addHandler(handler)
    try:
        logger.error("%s", CANARY)
    finally:
        logger.removeHandler(handler)

    assert CANARY not in capfd.readouterr().err


def test_every_logger_of_ours_is_made_by_structlog():
    for path in (Path(file) for file in FILES if file.parent != ROOT / "sbrtspine"):
        assert "logging" not in path.read_text().replace("structlog", ""), path
