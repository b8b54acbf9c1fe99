"""Pages with PostgreSQL's row-level security and without, in turns, at 13 participants and at some thousands."""

import os
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
from django.apps import apps
from django.db import connection, models
from django.test import Client
from django.utils import timezone

from accounts.models import Person, Site
from accounts.roles import Role
from accounts.services import give_role
from adverse_events.models import AdverseEvent, AdverseEventGrade
from assessments.models import Pain, Visit
from enrollment.models import Baseline, Consent, Screening
from procedures.models import Sbrt, SbrtFraction, Surgery
from records import services
from records.models import AuditHead, Participant
from oversight.scanning import scan

COPIES = 400  # of the thirteen
STEP = 1_000_000
ROUNDS = 12
PAGES = {
    "worklist": "/",
    "participants": "/participants/",
    "participants, a later page": "/participants/?after=BLEND-05",
    "casebook": "/participants/BLEND-05/",
    "form": "/participants/BLEND-05/surgery/1/",
    "history": "/participants/BLEND-05/surgery/1/history/",
    "queries": "/queries/",
    "safety": "/safety/",
    "export": "/exports/adverse-event-grade.csv",
}


def run(participant: Participant, nurse: Person) -> dict[str, dict[str, dict[str, float]]]:
    """Of each page: milliseconds without and with the policies (medians), and their ratio."""
    for role in (Role.DATA_MANAGER, Role.SURGEON):
        give_role(nurse, role, participant.site)
    for number in range(1, 14):
        _treated(Participant(code=f"BLEND-{number:02}", site=participant.site) if number > 1 else participant, nurse)
    scan.scan(timezone.now())
    times = {"13 participants": _measured(nurse)}
    _multiplied(Site.objects.create(code="other", name="Another site"))
    times[f"{13 * (COPIES + 1)} participants, half at another site"] = _measured(nurse)
    return times


def _treated(participant: Participant, nurse: Person) -> None:
    now = timezone.now()
    if participant.pk is None:
        services.write(participant, by=nurse, version=0)
    grades = [AdverseEventGrade(grade=grade) for grade in (1, 2, 3)]
    forms = [
        (Screening(), []),
        (Consent(given="yes"), []),
        (Baseline(), []),
        (Sbrt(delivery="completed"), [SbrtFraction().fill(beam_off_at=now)]),
        (Surgery(index="yes").fill(incision_at=now), []),
        (AdverseEvent(verbatim="Wound"), grades),
        (Visit(visit="w2", done="yes"), []),
        (Pain(visit="w2", worst_pain=6), []),
    ]
    for form, rows in forms:
        form.participant = participant
        services.write(form, by=nurse, version=0, rows=rows)


def _multiplied(other: Site) -> None:
    """Copies of all that is about the thirteen, past the triggers; every second copy is of another site."""
    with _superuser() as server:
        server.execute("SET session_replication_role = replica")
        for model in [AuditHead, Participant, *(candidate for candidate in apps.get_models() if _about(candidate))]:
            chosen = [(field.column, _copied(model, field, other)) for field in model._meta.local_concrete_fields]
            columns, values = (
                ", ".join(part) for part in zip(*((f'"{name}"', sql) for name, sql in chosen), strict=True)
            )
            table = model._meta.db_table
            server.execute(
                f"INSERT INTO {table} ({columns}) SELECT {values} FROM {table}, generate_series(1, {COPIES}) AS k"
            )
        server.execute("ANALYZE")


def _about(model: type[models.Model]) -> bool:
    return any(field.related_model is Participant for field in model._meta.local_concrete_fields)


def _copied(model: type[models.Model], field: models.Field, other: Site) -> str:
    """One column of a copy: keys shifted, codes and chains renamed, the rest as it is."""
    column = f'"{field.column}"'
    own = field.related_model is not None and (field.related_model is Participant or _about(field.related_model))
    if own or (field.primary_key and model is not AuditHead):
        return f"{column} + k * {STEP}"
    if field.column == "entry":
        return "gen_random_uuid()"
    if field.column == "chain":
        return f"'participant ' || (substring({column} FROM '[0-9]+')::bigint + k * {STEP})"
    if model is Participant and field.column == "code":
        return f"'BLEND-' || (k * 13 + substring({column} FROM '[0-9]+')::int)"
    if model is Participant and field.column == "site_id":
        return f"CASE WHEN k % 2 = 0 THEN {other.pk} ELSE {column} END"
    return column


def _measured(nurse: Person) -> dict[str, dict[str, float]]:
    browser = Client()
    browser.force_login(nurse)
    times = {}
    for name, address in PAGES.items():

        def page(address: str = address) -> None:
            answer = browser.get(address)
            assert answer.status_code == 200, address
            if answer.streaming:
                b"".join(answer.streaming_content)

        times[name] = _in_turns(page)
    return times


def _in_turns(work: Callable[[], object]) -> dict[str, float]:
    without, with_policies = [], []
    for _round in range(ROUNDS):
        with _without():
            work()
            without.append(_timed(work))
        work()
        with_policies.append(_timed(work))
    bare, kept = statistics.median(without), statistics.median(with_policies)
    return {
        "bare_ms": round(bare, 2),
        "kept_ms": round(kept, 2),
        "ratio": round(kept / bare, 3),
    }


def _timed(work: Callable[..., object], *arguments: object) -> float:
    started = time.perf_counter()
    work(*arguments)
    return 1000 * (time.perf_counter() - started)


@contextmanager
def _without() -> Iterator[None]:
    """The same database with all policies off."""
    with _superuser() as server:
        kept = server.execute("SELECT relname FROM pg_class WHERE relrowsecurity").fetchall()
        for (table,) in kept:
            server.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
        try:
            yield
        finally:
            for (table,) in kept:
                server.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")


def _superuser() -> psycopg.Connection:
    head, _, options = os.environ["TEST_SUPERUSER_URL"].partition("?")
    return psycopg.connect(f"{head.rsplit('/', 1)[0]}/{connection.settings_dict['NAME']}?{options}", autocommit=True)
