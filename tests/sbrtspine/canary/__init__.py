"""Programs that try to print CANARY in every way, for test_logs_of_programs.py."""

import asyncio
import logging
import sys
import threading
import traceback
import warnings
from concurrent.futures import ThreadPoolExecutor

CANARY = "Kanarie" + "4711"


class Unprintable:
    """Cannot be removed without a word."""

    def __del__(self):
        raise ValueError(CANARY)


def past_our_loggers() -> None:
    """What a library, or Python itself, prints of what happens on the way; nothing is raised."""
    try:
        raise ValueError(CANARY)
    except ValueError as error:
        error.add_note(CANARY)
        logging.getLogger("an.invented.one").exception("failed %s", CANARY)
    logging.getLogger("x").error("%s %s", CANARY)
    logging.warning(CANARY)
    logging.basicConfig()
    deaf = logging.getLogger("deaf")
    deaf.propagate = False
    deaf.error(CANARY)
    warnings.warn(CANARY, stacklevel=1)
    warnings.warn_explicit(CANARY, DeprecationWarning, CANARY, 1)
    thread = threading.Thread(target=int, args=[CANARY], name=CANARY)
    thread.start()
    thread.join()
    with ThreadPoolExecutor() as pool:
        pool.submit(int, CANARY).add_done_callback(lambda done: int(CANARY))
    asyncio.run(forgotten())
    next(unfinished())
    Unprintable()


async def forgotten():
    task = asyncio.ensure_future(failing())
    await asyncio.wait([task])


async def failing():
    raise ValueError(CANARY)


def unfinished():
    try:
        yield
    finally:
        raise ValueError(CANARY)


def printing() -> None:
    """What nobody may print where nobody reads."""
    print(CANARY)
    print(CANARY, file=sys.stderr)
    sys.stderr.write(CANARY)
    sys.stdout.write(CANARY)
    sys.stdout.writelines([CANARY, "\n"])
    try:
        int(CANARY)
    except ValueError:
        traceback.print_exc()
        traceback.print_stack()


def handlers() -> list[list[str]]:
    """Of every logger there is: its name and the kinds of its handlers' formatters."""
    loggers = {"root": logging.root, **logging.root.manager.loggerDict}
    return sorted(
        [name, type(handler.formatter).__qualname__]
        for name, logger in loggers.items()
        for handler in getattr(logger, "handlers", [])
        if not isinstance(handler, logging.NullHandler)
    )
