"""Structured logs: one JSON object a line, named facts only, never what a form contained."""

import logging

import structlog

_SHARED = [
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def _exception_without_values(_: object, __: str, event: dict) -> dict:
    """Keep where it broke, drop what it said: messages of database errors quote the values written."""
    info = event.pop("exc_info", None)
    if isinstance(info, tuple) and info[0]:
        trace = info[2]
        frames = []
        while trace:
            code = trace.tb_frame.f_code
            frames.append(
                f"{code.co_filename.rsplit('/', 2)[-2]}/{code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno}"
            )
            trace = trace.tb_next
        event["error"] = info[0].__name__
        event["at"] = frames[-8:]
    return event


def json_formatter() -> logging.Formatter:
    """For settings.LOGGING."""
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_SHARED,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            _exception_without_values,
            structlog.processors.JSONRenderer(),
        ],
    )


structlog.configure(
    processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)
