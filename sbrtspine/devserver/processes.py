"""Locks that a child holds exactly as long as it lives, and children that end with their parent."""

import ctypes
import fcntl
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PATIENCE = 30.0  # seconds in which something must be up, or gone
_LIBC = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1


class CannotStart(RuntimeError):
    """Something does not start; the message says what to do."""


def try_lock(path: Path) -> int | None:
    """A locked descriptor, or None where somebody holds it; a child that inherits it holds it too."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def is_held(path: Path) -> bool:
    """Whether a living process holds this lock; a zombie does not."""
    descriptor = try_lock(path)
    if descriptor is not None:
        os.close(descriptor)
    return descriptor is None


@contextmanager
def waiting_for(path: Path) -> Iterator[None]:
    """One at a time: the others wait here."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def ends_with_parent(with_signal: int) -> Callable[[], None]:
    """A `preexec_fn`: the child gets this signal when its parent ends, however that ends (Linux only)."""
    parent = os.getpid()

    def in_child() -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # a shell's background job has it ignored
        if sys.platform == "linux":
            _LIBC.prctl(_PR_SET_PDEATHSIG, with_signal)
            if os.getppid() != parent:  # it ended before we could ask
                os._exit(1)

    return in_child


def until(true: Callable[[], Any], complaint: str, seconds: float = PATIENCE) -> None:
    """Wait until something is true; CannotStart with the complaint where it takes too long."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise CannotStart(f"{complaint} within {seconds:g} seconds.")
        time.sleep(0.03)
