"""Celery's beat, waiting for nothing that lies in the future: a clock that was ahead and came back stops no task."""

from datetime import timedelta
from typing import Any

from celery.beat import PersistentScheduler

from accounts.due import is_ahead

_LONG_AGO = timedelta(days=32)  # longer than anything here waits


class Scheduler(PersistentScheduler):
    """What ran last in the future is due now, for the others with it the order is made anew."""

    def tick(self, *args: Any, **kwargs: Any) -> Any:
        """One look at what is due, as Celery does it, with instants that can be true."""
        for entry in self.schedule.values():
            now = entry.default_now()
            if is_ahead(entry.last_run_at, now):
                entry.last_run_at = now - _LONG_AGO
                self._heap = None
        return super().tick(*args, **kwargs)
