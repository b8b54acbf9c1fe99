"""Logs: one JSON object a line, named facts only, never what a form contained (docs/adr/0074).

One formatter for every logger. Of our own calls it prints the facts that they name; of a library's, whose sentences and
exceptions quote addresses, rows and secrets, who said it, how grave it is, where in the code, and what was raised.
"""

import errno
import json
import logging
import logging.config
import re
import sys
import traceback
from collections.abc import MutableMapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

import structlog

from sbrtspine import env

_DEEP = 6  # frames of an exception that are told whoever they belong to, counted from where it was raised
_OURS = 12  # frames altogether, with those of our own code
_FOREIGN = ("site-packages", "dist-packages", f"python3.{sys.version_info.minor}/", "<")
_CAUSES = 4
_NAME = re.compile(r"[A-Za-z_<][\w.>]{0,99}")
_FILE = re.compile(r"[\w.-]+(/[\w.-]+)?\.py|<(string|stdin|frozen [\w.]+)>")
_ROUTE = re.compile(r"[\w:.-]{1,99}")
# Sentences of gunicorn's that say what happens to its processes; printed as they stand in its code, without arguments.
_LIFE = {
    "Starting gunicorn %s",
    "Listening at: %s (%s)",
    "Connection in use: %s",
    "Can't connect to %s",
    "Invalid address: %s",
    "Booting worker with pid: %s",
    "Exception in worker process",
    "Worker exiting (pid: %s)",
    "Worker (pid:%s) exited with code %s.",
    "Worker (pid:%s) was sent %s!",
    "WORKER TIMEOUT (pid:%s)",
    "Handling signal: %s",
    "Shutting down: %s",
}


class Facts(dict[str, Any]):
    """What one call of ours names: only this is printed as it is."""


class Formatter(logging.Formatter):
    """The only one. It cannot fail: what it cannot print is a line that says so."""

    def format(self, record: logging.LogRecord) -> str:
        try:
            facts = record.msg if isinstance(record.msg, Facts) else _of_a_library(record)
            line = {**_plain(facts), "logger": _checked(_NAME, record.name), "level": _level(record)}
            return json.dumps({**line, "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat()})
        except Exception:
            return '{"event": "a line that cannot be printed"}'


class WorthALine(logging.Filter):
    """Of a library only what is wrong: without its sentence the rest says nothing. Of a request only what was raised:
    its answer has a line already (sbrtspine.middleware.RequestLog).
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name == "django.request" and not record.exc_info:
            return False
        return record.levelno >= logging.WARNING or isinstance(record.msg, Facts) or _life(record) is not None


def _of_a_library(record: logging.LogRecord) -> dict[str, Any]:
    """Who, where, and what was raised; of a request the route and the status."""
    facts: dict[str, Any] = {"place": place(record.pathname, record.funcName, record.lineno)}
    if sentence := _life(record):
        facts["event"] = sentence
    if status := _status(record):
        facts["status"] = status
    match = getattr(getattr(record, "request", None), "resolver_match", None)
    if match is not None:
        facts["route"] = _checked(_ROUTE, getattr(match, "view_name", ""))
    error = record.exc_info[1] if record.exc_info else None
    return facts | (raised(error) if isinstance(error, BaseException) else {})


def _life(record: logging.LogRecord) -> str | None:
    known = record.name == "gunicorn.error" and isinstance(record.msg, str) and record.msg in _LIFE
    return record.msg if known else None


def _status(record: logging.LogRecord) -> int | None:
    status = getattr(record, "status_code", None)
    return status if type(status) is int else None


def _level(record: logging.LogRecord) -> str:
    """A request that was refused is no error of ours, whatever Django calls it."""
    refused = (_status(record) or 500) < 500
    level = min(record.levelno, logging.WARNING) if refused else record.levelno
    known = {logging.DEBUG: "debug", logging.INFO: "info", logging.WARNING: "warning", logging.ERROR: "error"}
    return {**known, logging.CRITICAL: "critical"}.get(level, str(level))


def raised(error: BaseException) -> dict[str, Any]:
    """What was raised, where, and because of what: kinds, codes and places, never the words."""
    chain: list[BaseException] = []
    following: BaseException | None = error
    while following is not None and len(chain) <= _CAUSES and all(following is not cause for cause in chain):
        chain.append(following)
        following = following.__cause__ or (None if following.__suppress_context__ else following.__context__)
    first, *causes = [_one(cause) for cause in chain]
    return first | ({"because": causes} if causes else {})


def _one(error: BaseException) -> dict[str, Any]:
    summary: dict[str, Any] = {"error": _checked(_NAME, type(error).__name__), "at": _frames(error.__traceback__)}
    code = getattr(error, "sqlstate", None)
    if isinstance(error, OSError):
        code = errno.errorcode.get(error.errno) if type(error.errno) is int else None
    if isinstance(code, str) and re.fullmatch("[0-9A-Z]{3,15}", code):
        summary["code"] = code
    return summary


def _frames(trace: TracebackType | None) -> list[str]:
    """The last ones, and before them those of our own code: which task, which page."""
    frames = [(frame.f_code, line) for frame, line in traceback.walk_tb(trace)]
    ours = [frame for frame in frames[:-_DEEP] if not any(word in frame[0].co_filename for word in _FOREIGN)]
    return [place(code.co_filename, code.co_name, line) for code, line in (ours + frames[-_DEEP:])[-_OURS:]]


def place(file: str, function: str | None, line: int | None) -> str:
    """`folder/file.py:function:line`; a name that no file or function of a program has is not printed."""
    short = "/".join(file.split("/")[-2:])
    return f"{_checked(_FILE, short)}:{_checked(_NAME, function)}:{line or 0:d}"


def _checked(pattern: re.Pattern[str], name: Any) -> str:
    return name if isinstance(name, str) and pattern.fullmatch(name) else "?"


def _plain(value: Any) -> Any:
    """What JSON knows; of anything else its kind, for its own words may quote what it holds."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, dict):
        return {str(name): _plain(part) for name, part in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [_plain(part) for part in value]
    return f"a {_checked(_NAME, type(value).__name__)}"


def _facts(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> tuple[tuple[Facts], dict[str, Any]]:
    """structlog's last step: what one of our calls names, with what was raised in kinds and places."""
    info = event.pop("exc_info", None)
    event.pop("stack_info", None)
    error = info if isinstance(info, BaseException) else (info if isinstance(info, tuple) else sys.exc_info())[1]
    return (Facts({**event, **(raised(error) if info and error else {})}),), {}


structlog.configure(
    processors=[_facts], logger_factory=structlog.stdlib.LoggerFactory(), cache_logger_on_first_use=True
)


def settings() -> dict[str, Any]:
    """For settings.LOGGING, and for the time before there are settings."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": "sbrtspine.logs.Formatter"}},
        "filters": {"worth a line": {"()": "sbrtspine.logs.WorthALine"}},
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "stream": "ext://sys.__stderr__",
                "formatter": "json",
                "filters": ["worth a line"],
            }
        },
        "root": {"handlers": ["stderr"], "level": "WARNING" if env.testing() else "INFO"},
        # A page that is not there is no error.
        "loggers": {"django.request": {"level": "ERROR"}, "django.server": {"level": "ERROR"}},
    }


def configure(wanted: dict[str, Any]) -> None:
    """For settings.LOGGING_CONFIG: one handler, at the root; what libraries and Django bring along is taken away."""
    logging.config.dictConfig(wanted)
    for logger in logging.root.manager.loggerDict.values():
        if isinstance(logger, logging.Logger):
            logger.handlers.clear()
            logger.propagate = True
    # Of a handler that somebody adds without one; Python has no public name for it.
    logging._defaultFormatter = Formatter()  # type: ignore[attr-defined]
    logging.lastResort = None
    logging.raiseExceptions = False
