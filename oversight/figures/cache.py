"""Pages of figures are worked out once, and kept until something was entered, a reading changes, or time goes by.

A figure reads all that was ever entered. What takes long is worked out by a worker; until then the page shows the
numbers that are kept, and says from when they are. A study of ordinary size never waits for a worker.
"""

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from accounts import site_scope
from accounts.due import ahead, due
from accounts.models import Person
from oversight.analysis import cohort
from oversight.analysis.pages import PAGES
from oversight.figures.presentation import Shown, shown
from oversight.models import KeptFigures
from oversight.scanning import rules_fingerprint
from records.advisory_locks import AdvisoryLock
from records.models import Participant

FRESH = timedelta(minutes=10)  # days and hours in a figure go on also when nobody enters anything
PATIENCE = 3.0  # seconds that a person may wait for a page
LARGE_STUDY = 1000  # participants from which on the first numbers are a worker's too
PAUSE_FACTOR = 5  # a worker rests so many times as long as it worked, before it works out the same page again
RETENTION = timedelta(days=1)

_CHANGED = (
    "SELECT EXISTS (SELECT FROM records_auditrow"
    " WHERE transaction >= pg_snapshot_xmin(%(then)s::pg_snapshot)::text::bigint"
    " AND NOT pg_visible_in_snapshot(transaction::text::xid8, %(then)s::pg_snapshot))"
    " OR pg_snapshot_xmax(%(then)s::pg_snapshot) > pg_snapshot_xmax(pg_current_snapshot())"  # a restored database
)


@dataclass(frozen=True)
class FiguresRequest:
    """Which page, of which sites' participants, in which readings and language."""

    page: str
    sites: tuple[int, ...]
    readings: dict[str, dict[str, str]]
    language: str

    @property
    def key(self) -> str:
        text = json.dumps([asdict(self), rules_fingerprint.fingerprint()], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def asked(person: Person, page: str, readings: dict[str, dict[str, str]]) -> FiguresRequest:
    """What this person asks for when opening the page."""
    return FiguresRequest(page, tuple(sorted(person.site_ids())), readings, translation.get_language() or "en")


def cached_figures(what: FiguresRequest, clock: Callable[[], datetime]) -> tuple[KeptFigures, bool]:
    """The figures, and whether they are up to date; worked out now if that is quick, else a worker is asked."""
    now = clock()
    kept = KeptFigures.objects.filter(key=what.key).first()
    if kept is not None and _is_fresh(kept, now):
        return kept, True
    if (kept is None and not _many(what)) or (kept is not None and kept.horizon and kept.seconds <= PATIENCE):
        return work_out(what, clock), True
    kept = kept or KeptFigures(key=what.key, page=what.page, asked=asdict(what))
    if kept.owed_at is None:
        kept.owed_at = now
        KeptFigures.objects.bulk_create([kept], update_conflicts=True, unique_fields=["key"], update_fields=["owed_at"])
    return kept, False


def _is_fresh(kept: KeptFigures, now: datetime) -> bool:
    if not kept.horizon or kept.at is None:
        return False
    if not now - max(FRESH, timedelta(seconds=PAUSE_FACTOR * kept.seconds)) <= kept.at <= now:
        return False
    with site_scope.all_sites(), connection.cursor() as cursor:
        cursor.execute(_CHANGED, {"then": kept.horizon})
        return not cursor.fetchone()[0]


def _many(what: FiguresRequest) -> bool:
    participants = Participant.objects.filter(voided_at__isnull=True)
    if not PAGES[what.page].whole:
        participants = participants.filter(site__in=what.sites)
    with site_scope.all_sites():
        return len(participants.values_list("pk")[: LARGE_STUDY + 1]) > LARGE_STUDY


def work_out(what: FiguresRequest, clock: Callable[[], datetime]) -> KeptFigures:
    """Work the figures out as of now and keep them, with what had been committed before the first was read."""
    page, now, began = PAGES[what.page], clock(), time.monotonic()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_snapshot()::text")
        horizon = cursor.fetchone()[0]
    with site_scope.all_sites(), translation.override(what.language):
        everybody = cohort.load(what.sites, page.forms, now, whole=page.whole)
        page.also(everybody, None)
        figures = [shown(entry.draw(everybody, **what.readings[entry.slug]), {}, Shown.ROWS) for entry in page.figures]
        html = render_to_string("oversight/figures/_figures.html", {"figures": figures, "path": reverse(what.page)})
    kept = KeptFigures(
        key=what.key, page=what.page, asked=asdict(what), html=html, horizon=horizon, at=now,
        seconds=time.monotonic() - began,
    )  # fmt: skip
    KeptFigures.objects.bulk_create(
        [kept], update_conflicts=True, unique_fields=["key"],
        update_fields=["html", "horizon", "at", "seconds", "owed_at"],
    )  # fmt: skip
    return kept


def work_out_owed(clock: Callable[[], datetime]) -> int:
    """For a worker: everything that is owed and has rested; answers how many pages."""
    done = 0
    for kept in KeptFigures.objects.filter(owed_at__isnull=False).order_by("owed_at"):
        if due(kept.at, timedelta(seconds=PAUSE_FACTOR * kept.seconds), clock()):
            done += _alone(kept, clock)
    return done


def _alone(kept: KeptFigures, clock: Callable[[], datetime]) -> bool:
    """Work one page out, unless another worker is at it or has just done it. The lock ends with its worker."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, hashtext(%s))", [AdvisoryLock.FIGURES_PAGE, kept.key])
        owed = KeptFigures.objects.filter(key=kept.key, owed_at__isnull=False)
        if not cursor.fetchone()[0] or not owed.exists():
            return False
        arguments = kept.asked
        work_out(
            FiguresRequest(arguments["page"], tuple(arguments["sites"]), arguments["readings"], arguments["language"]),
            clock,
        )
        return True


def forget(now: datetime) -> None:
    """Throw away what is old. After a redaction the database throws away everything, in the same transaction."""
    KeptFigures.objects.filter(Q(at__lt=now - RETENTION) | ahead("at", now)).delete()
