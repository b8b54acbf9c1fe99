"""Preparing big exports: asked for, made by a worker, cancelled, kept for a week, removed.

A worker that is killed leaves a job that gives no sign of life; it is made again from the beginning. Making one twice
gives the same file.
"""

import hashlib
import time
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.http import QueryDict

from accounts import sight
from accounts.models import Person
from accounts.roles import May
from exports import log as export_log
from exports.bundle import Bundle
from exports.forms import Choice
from exports.models import ExportJob

log = structlog.get_logger("exports")
KEPT = timedelta(days=7)
LOST = timedelta(minutes=2)  # without a sign of life, somebody else makes it
SIGN_EVERY = 1.0  # seconds
State = ExportJob.State
_SIGN = "UPDATE exports_exportjob SET done = %s, moved_at = %s WHERE id = %s AND state = 'running'"


class NoLongerWanted(Exception):
    """Cancelled, or taken over by another worker."""


def ask(person: Person, choice: Choice, total: int, now: datetime) -> ExportJob:
    """Write down that this is owed; the caller says so to the queue once it is committed."""
    return ExportJob.objects.create(
        person_id=person.pk,
        choice=choice.address(),
        purpose=choice.cleaned_data["purpose"].code,
        sites=sorted(choice.selection().sites),
        asked_at=now,
        moved_at=now,
        total=total,
    )


def make(pk: int, clock: Callable[[], datetime]) -> None:
    """Make one, unless it is done, cancelled or in other hands."""
    job = _take(pk, clock())
    if job is None:
        return
    try:
        _write(job, clock)
    except NoLongerWanted:
        part(job).unlink(missing_ok=True)
    except Exception as error:
        part(job).unlink(missing_ok=True)
        log.error("export failed", job=pk, error=type(error).__name__)
        found = ExportJob.objects.filter(pk=pk, state=State.RUNNING)
        found.update(state=State.FAILED, error=type(error).__name__, finished_at=clock())


def _take(pk: int, now: datetime) -> ExportJob | None:
    with transaction.atomic():
        job = ExportJob.objects.select_for_update(skip_locked=True, of=("self",)).filter(pk=pk).first()
        lost = job is not None and job.state == State.RUNNING and job.moved_at < now - LOST
        if job is None or not (job.state == State.WAITING or lost):
            return None
        job.state, job.moved_at, job.done = State.RUNNING, now, 0
        job.save()
    return job


def _write(job: ExportJob, clock: Callable[[], datetime]) -> None:
    """The file, aside and then renamed; now and then a sign of life on a connection of its own."""
    person = Person.objects.get(pk=job.person_id)
    choice = Choice(QueryDict(job.choice), person)
    if not choice.is_valid() or not set(job.sites) <= person.site_ids(May.EXPORT):
        raise PermissionError
    made = Bundle(choice.selection(), job.asked_at, job.purpose)
    digest, size, said = hashlib.sha256(), 0, time.monotonic()
    part(job).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with part(job).open("wb") as file, closing(connection.copy()) as aside, sight.of(person):
        with closing(made.blocks()) as blocks:
            for block in blocks:
                size += file.write(block)
                digest.update(block)
                if time.monotonic() - said > SIGN_EVERY:
                    _give_sign(aside, job, sum(made.records.values()), clock())
                    said = time.monotonic()
        _give_sign(aside, job, sum(made.records.values()), clock())
    part(job).rename(path(job))
    now, records = clock(), sum(made.records.values())
    with transaction.atomic():
        told = {"done": records, "size": size, "sha256": digest.hexdigest(), "finished_at": now}
        ready = ExportJob.objects.filter(pk=job.pk, state=State.RUNNING)
        if not ready.update(state=State.READY, expires_at=now + KEPT, **told):
            path(job).unlink(missing_ok=True)
            return
        told = {"records": records, "sha256": digest.hexdigest()}
        export_log.note(choice.selection(), "prepared", path(job).name, now, job.purpose, **told)


def _give_sign(aside: object, job: ExportJob, done: int, now: datetime) -> None:
    with aside.cursor() as cursor:
        cursor.execute(_SIGN, [done, now, job.pk])
        if not cursor.rowcount:
            raise NoLongerWanted


def cancel(job: ExportJob, now: datetime) -> None:
    """Whoever makes it notices within a second, and what was made is removed."""
    alive = ExportJob.objects.filter(pk=job.pk, state__in=[State.WAITING, State.RUNNING])
    alive.update(state=State.CANCELLED, finished_at=now)


def owed(now: datetime) -> list[int]:
    """Those that the queue may have lost, and those whose maker was."""
    waiting = ExportJob.objects.filter(state=State.WAITING, asked_at__lt=now - timedelta(seconds=20))
    lost = ExportJob.objects.filter(state=State.RUNNING, moved_at__lt=now - LOST)
    return sorted({*waiting.values_list("pk", flat=True), *lost.values_list("pk", flat=True)})


def remove_old(now: datetime) -> int:
    """Remove the files whose time is over; answers how many."""
    found = list(ExportJob.objects.filter(state=State.READY, expires_at__lt=now))
    for job in found:
        path(job).unlink(missing_ok=True)
        ExportJob.objects.filter(pk=job.pk).update(state=State.EXPIRED)
    return len(found)


def path(job: ExportJob) -> Path:
    """Where the finished file is."""
    return Path(settings.EXPORTS) / f"blend-{job.purpose}-{job.pk}.zip"


def part(job: ExportJob) -> Path:
    """Where it is while it is made."""
    return path(job).with_suffix(".part")


def of(person: Person, most: int = 10) -> list[ExportJob]:
    """A person's own, the newest first."""
    return list(ExportJob.objects.filter(person_id=person.pk)[:most])
