"""The lease of a job that is being made: kept by a thread with its own connection, whatever the maker waits for.

The maker may wait for a lock or a slow query longer than a lease lasts, so it does not renew it itself. Where the lease
is lost (cancelled, taken over, no longer renewed in time), what the maker is waiting for is broken off.
"""

import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

import psycopg
import structlog
from django.db import Error, connection
from django.db.models import Q

from accounts.due import ahead
from exports.models import ExportJob

log = structlog.get_logger("exports")
LASTS = timedelta(minutes=2)  # without being renewed; then somebody else makes it
RENEW_EVERY = 1.0  # seconds


def is_over(now: datetime) -> Q:
    """A job whose maker is gone; a lease from the future is over."""
    return Q(state=ExportJob.State.RUNNING) & (Q(moved_at__lt=now - LASTS) | ahead("moved_at", now))


class Lease:
    """`with Lease(job, clock) as lease:` keeps it; `lease.lost` says that the job is in other hands."""

    def __init__(self, job: ExportJob, clock: Callable[[], datetime]) -> None:
        self.mine = ExportJob.objects.filter(pk=job.pk, state=ExportJob.State.RUNNING, maker=job.maker)
        self.done = 0  # rows so far, for whoever watches
        self.lost = False
        self._clock = clock
        self._ended = threading.Event()
        self._makers = connection.connection  # psycopg's own, which another thread may break off
        self._thread = threading.Thread(target=self._keep, name=f"lease of export {job.pk}", daemon=True)

    def __enter__(self) -> "Lease":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _keep(self) -> None:
        renewed = time.monotonic()
        try:
            while not self._ended.wait(RENEW_EVERY):
                try:
                    ours = self.mine.update(moved_at=self._clock(), done=self.done)
                    renewed = time.monotonic()
                except Error as error:  # the database is away: tried again, for as long as the lease lasts
                    log.warning("lease not renewed", error=type(error).__name__)
                    connection.close()
                    ours = time.monotonic() - renewed < LASTS.total_seconds()
                if not ours:
                    self._lose()
                    return
        finally:
            connection.close()

    def _lose(self) -> None:
        """Break off what the maker waits for, again and again: it may only be about to begin."""
        self.lost = True
        while not self._ended.wait(RENEW_EVERY):
            try:
                self._makers.cancel_safe(timeout=RENEW_EVERY)
            except psycopg.Error as error:
                log.warning("export not broken off", error=type(error).__name__)
