"""Celery: worker and beat. The schedule is code: two environments cannot differ in what they watch."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from celery import Celery, Task
from celery.schedules import crontab
from celery.signals import heartbeat_sent, setup_logging, worker_ready

from sbrtspine import guard

if TYPE_CHECKING:  # Celery's class takes the types of its arguments only from a type checker
    _Task = Task[Any, Any]
else:
    _Task = Task

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sbrtspine.settings")
if "celery" in Path(sys.argv[0]).parts[-2:]:  # before the settings are read
    guard.begin(service=bool({"worker", "beat"} & set(sys.argv)))


class ForTheStudy(_Task):
    """A task works for the study as a whole, so it says that it reads all sites (accounts/site_scope.py)."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        from accounts import site_scope

        with site_scope.all_sites():
            return super().__call__(*args, **kwargs)


app = Celery("sbrtspine", task_cls=ForTheStudy)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@app.on_after_finalize.connect
def schedule(sender: Celery, **_: Any) -> None:
    """Every minute: re-judge, raise what is due, mail it. Hourly a seal, nightly proof and backup, weekly a drill."""
    from django.conf import settings

    from exports.tasks import look_after
    from oversight.tasks import scan, send, send_safety, work_out_figures
    from records.tasks import prove, seal
    from sbrtspine.tasks import backup, drill

    every = settings.SCAN_EVERY_SECONDS
    for name, task in {"scan": scan, "send_safety": send_safety, "send": send}.items():  # mail waits for no scan
        sender.add_periodic_task(every, task.s(), name=name, expires=max(every, 10))
    sender.add_periodic_task(60, look_after.s(), name="exports", expires=60)
    sender.add_periodic_task(60, work_out_figures.s(), name="figures", expires=60)
    sender.add_periodic_task(crontab(minute="7"), seal.s(), name="seal")
    sender.add_periodic_task(crontab(hour="3", minute="23"), prove.s(), name="prove")
    sender.add_periodic_task(crontab(hour="2", minute="41"), backup.s(), name="backup")
    sender.add_periodic_task(crontab(hour="4", minute="11", day_of_week="sunday"), drill.s(), name="drill")


@setup_logging.connect
def log_as_everywhere(**_: Any) -> None:
    """Worker and beat log with our formatter; that somebody listens keeps Celery's own handlers away."""
    guard.begin(service=True)


@heartbeat_sent.connect
def alive(**_: Any) -> None:
    """A worker says that it lives; /health/ reads it."""
    from oversight import health

    health.beat()


@worker_ready.connect
def look_at_once(**_: Any) -> None:
    """What came due while no worker ran is raised, sealed, proved and backed up now, not at the next tick."""
    from oversight.tasks import scan
    from records.tasks import prove, seal
    from sbrtspine.tasks import catch_up

    for task in (scan, seal, prove, catch_up):
        task.delay()
