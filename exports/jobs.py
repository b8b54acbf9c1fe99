"""Preparing big exports: asked for, made by a worker, cancelled, kept for a week, removed.

Each maker has a token and a file of its own. A worker that is killed no longer renews its lease; the job is made again
from the beginning, by another. Making one twice gives the same file.
"""

import hashlib
import re
import uuid
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q
from django.http import QueryDict

from accounts import site_scope
from accounts.due import ahead
from accounts.models import Person
from accounts.roles import Permission
from exports import lease
from exports import log as export_log
from exports.bundle import Bundle
from exports.forms import Choice
from exports.models import ExportJob

log = structlog.get_logger("exports")
RETENTION = timedelta(days=7)
State = ExportJob.State
_OURS = re.compile(r"blend-[a-z]+-[0-9]+(\.zip|\.[0-9a-f-]+\.part|\.part)")


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
    connection.ensure_connection()
    job_lease = lease.Lease(job, clock)
    try:
        _make(job, job_lease, clock)
    except Exception as error:
        if job_lease.lost or isinstance(error, NoLongerWanted):
            log.info("export given up", job=pk)
            return
        log.error("export failed", job=pk, error=type(error).__name__)
        job_lease.mine.update(state=State.FAILED, error=type(error).__name__, finished_at=clock())
    finally:
        part(job).unlink(missing_ok=True)


def _take(pk: int, now: datetime) -> ExportJob | None:
    wanted = ExportJob.objects.filter(Q(state=State.WAITING) | lease.is_over(now), pk=pk)
    with transaction.atomic():
        job = wanted.select_for_update(skip_locked=True, of=("self",)).first()
        if job is None:
            return None
        job.state, job.maker, job.moved_at, job.done = State.RUNNING, uuid.uuid4(), now, 0
        job.save()
    return job


def _make(job: ExportJob, job_lease: lease.Lease, clock: Callable[[], datetime]) -> None:
    person = Person.objects.get(pk=job.person_id)
    choice = Choice(QueryDict(job.choice), person)
    if not choice.is_valid() or not set(job.sites) <= person.site_ids(Permission.EXPORT):
        raise PermissionError
    bundle = Bundle(choice.selection(), job.asked_at, job.purpose)
    with site_scope.sites_of(person), job_lease:
        size, sha256 = _write(job, bundle, job_lease)
    _publish(job, job_lease, choice, bundle, clock(), size=size, sha256=sha256)


def _write(job: ExportJob, bundle: Bundle, job_lease: lease.Lease) -> tuple[int, str]:
    """The file, aside; whoever lost the lease stops at the next block at the latest. Its size and its sum."""
    digest, size = hashlib.sha256(), 0
    part(job).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with part(job).open("xb") as file, closing(bundle.blocks()) as blocks:
        for block in blocks:
            if job_lease.lost:
                raise NoLongerWanted
            size += file.write(block)
            digest.update(block)
            job_lease.done = sum(bundle.records.values())
    return size, digest.hexdigest()


def _publish(
    job: ExportJob, job_lease: lease.Lease, choice: Choice, bundle: Bundle, now: datetime, *, size: int, sha256: str
) -> None:
    """Give the file its name, if the lease is still ours; the row is locked until that is committed."""
    records = sum(bundle.records.values())
    with transaction.atomic():
        fields = {"done": records, "size": size, "sha256": sha256, "finished_at": now, "moved_at": now}
        if job_lease.lost or not job_lease.mine.update(state=State.READY, expires_at=now + RETENTION, **fields):
            raise NoLongerWanted
        fields = {"records": records, "sha256": sha256}
        export_log.note(choice.selection(), "prepared", path(job).name, now, job.purpose, **fields)
        part(job).rename(path(job))


def cancel(job: ExportJob, now: datetime) -> None:
    """Whoever makes it notices within a second, and what was made is removed."""
    alive = ExportJob.objects.filter(pk=job.pk, state__in=[State.WAITING, State.RUNNING])
    alive.update(state=State.CANCELLED, finished_at=now)


def owed(now: datetime) -> list[int]:
    """Those that the queue may have lost, and those whose maker was."""
    waiting = Q(state=State.WAITING) & (Q(asked_at__lt=now - timedelta(seconds=20)) | ahead("asked_at", now))
    return list(ExportJob.objects.filter(waiting | lease.is_over(now)).order_by("pk").values_list("pk", flat=True))


def remove_old(now: datetime) -> int:
    """Remove the files whose time is over, and what makers that were killed left; answers how many exports."""
    jobs = list(ExportJob.objects.filter(state=State.READY, expires_at__lt=now))
    for job in jobs:
        path(job).unlink(missing_ok=True)
        ExportJob.objects.filter(pk=job.pk).update(state=State.EXPIRED)
    for file in _leftovers():
        file.unlink(missing_ok=True)
    return len(jobs)


def _leftovers() -> list[Path]:
    """Files of nobody: of a maker that no longer has its job, or of a job that is not there to be fetched."""
    files = [file for file in Path(settings.EXPORTS).glob("blend-*") if _OURS.fullmatch(file.name)]
    kept = set()  # asked after the files were listed, and a maker has its job before it has a file
    for job in ExportJob.objects.filter(state__in=[State.READY, State.RUNNING]):
        kept |= {path(job), part(job)} if job.state == State.RUNNING else {path(job)}
    return [file for file in files if file not in kept]


def path(job: ExportJob) -> Path:
    """Where the finished file is."""
    return Path(settings.EXPORTS) / f"blend-{job.purpose}-{job.pk}.zip"


def part(job: ExportJob) -> Path:
    """Where it is while this maker makes it."""
    return path(job).with_suffix(f".{job.maker}.part")


def jobs_of(person: Person, most: int = 10) -> list[ExportJob]:
    """A person's own, the newest first."""
    return list(ExportJob.objects.filter(person_id=person.pk)[:most])
