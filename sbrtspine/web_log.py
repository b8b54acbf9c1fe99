"""gunicorn's logger: errors as everywhere, no log of accesses, whose addresses hold codes and invitations' secrets."""

from typing import Any

from gunicorn.config import Config
from gunicorn.glogging import Logger as Gunicorns

from sbrtspine import guard


class Logger(Gunicorns):  # type: ignore[misc] # gunicorn comes without types: its class is Any to mypy
    """Named by gunicorn.conf.py."""

    def setup(self, cfg: Config) -> None:
        """Called at the start, and again with each reload."""
        guard.begin(service=True)
        self.cfg = cfg
        self.error_log.setLevel(self.LOG_LEVELS.get(cfg.loglevel.lower(), self.loglevel))
        for level in ("critical", "error", "warning", "info", "debug", "exception"):
            setattr(self, level, getattr(self.error_log, level))  # so that the place is the caller's

    @property
    def access_log_enabled(self) -> bool:
        return False

    def access(self, *_: Any) -> None:
        """Each request has its line by sbrtspine.middleware.RequestLog."""
