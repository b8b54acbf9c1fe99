"""What Python itself prints, past every logger: what nobody caught, warnings, and in a service whatever is printed."""

import io
import json
import logging
import sys
import threading
import warnings
from contextlib import suppress
from types import TracebackType
from typing import Any, TextIO

import structlog

from sbrtspine import logs

log = structlog.get_logger("sbrtspine")


def begin(*, service: bool = False) -> None:
    """Called first, before the settings, which may be wrong. A service has nobody who reads what it prints."""
    logs.configure(logs.settings())
    sys.excepthook = _uncaught
    threading.excepthook = _uncaught_in_a_thread
    sys.unraisablehook = _unraisable
    logging.captureWarnings(True)  # so that nobody who asks for it later puts another in the place of ours
    warnings.showwarning = _warned
    if service:
        sys.stdout, sys.stderr = (_Printed.instead_of(stream) for stream in (sys.stdout, sys.stderr))


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if hasattr(sys, "ps1"):  # somebody sits at a prompt, and sees what he or she typed
        sys.__excepthook__(kind, error, trace)
    else:
        _tell("main", kind, error)


def _uncaught_in_a_thread(args: threading.ExceptHookArgs) -> None:
    if not issubclass(args.exc_type, SystemExit):
        _tell("thread", args.exc_type, args.exc_value)


def _unraisable(args: Any) -> None:
    _tell("where nobody can catch it", args.exc_type, args.exc_value)


def _tell(where: str, kind: type[BaseException], error: BaseException | None) -> None:
    with suppress(Exception):  # of a hook that fails Python prints everything
        log.critical("uncaught", where=where, exc_info=error or kind())


def _warned(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Its kind and its place; neither the message nor the line of code, which may quote anything."""
    with suppress(Exception):
        log.warning("warned", category=category.__name__, place=logs.place(filename, "", lineno))


class _Printed(io.TextIOBase):
    """Stands for stdout or stderr: that something was printed, and by what; never the text. Once for each place."""

    encoding = "utf-8"

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.known: set[str] = set()

    @classmethod
    def instead_of(cls, stream: TextIO) -> "_Printed":
        return stream if isinstance(stream, cls) else cls(stream)

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self.stream.fileno()

    def write(self, text: str) -> int:
        caller = sys._getframe(1)
        place = logs.place(caller.f_code.co_filename, caller.f_code.co_name, caller.f_lineno)
        error = sys.exc_info()[1]
        key = json.dumps([place, error and logs.raised(error)])
        if text.strip() and key not in self.known:
            self.known.add(key)
            log.warning("printed", place=place, exc_info=error)
        return len(text)
