"""Taking snapshots, giving them out, and proving that each is what it was when it was taken."""

import hashlib
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from accounts import site_scope, text_input
from accounts.models import Person
from accounts.permissions import everywhere
from accounts.roles import Permission
from exports.bundle import Bundle
from exports.data import export_tables
from exports.documents import dictionary
from exports.models import Snapshot, SnapshotFile
from exports.purposes import BY_CODE
from exports.selection import Selection
from protocol.study import STUDY
from records import numbers
from records.advisory_locks import AdvisoryLock
from records.audit import seals, time_travel
from records.audit.context import audit_context
from records.models import Lock, Participant
from records.workflow import locks

# By the order of transactions too: the clock may have been ahead when the snapshot was taken.
_REDACTED = """
SELECT EXISTS (
    SELECT FROM records_redaction WHERE participant_id = ANY(%s) AND agreed_at IS NOT NULL AND (
        agreed_at > %s
        OR NOT coalesce(pg_visible_in_snapshot(transaction::text::xid8, nullif(%s, '')::pg_snapshot), true)
    )
)
"""


class SnapshotCorrupt(Exception):
    """The file is not what was sealed; nothing of it is given out."""


@dataclass(frozen=True)
class SnapshotSelection(Selection):
    """These participants, whatever became of them since, as of an instant and what had been committed by then."""

    ids: tuple[int, ...] = ()
    horizon: str = ""
    taken_at: datetime | None = None

    def participants(self) -> tuple[str, dict[str, Any]]:
        params = {"ids": list(self.ids), "at": self.at, "horizon": self.horizon, "audited": []}
        return "SELECT id FROM records_participant WHERE id = ANY(%(ids)s)", params

    def parameters(self) -> dict[str, Any]:
        return {**super().parameters(), "without": sorted(self.without), "horizon": self.horizon}

    @property
    def as_of_words(self) -> str:
        """When it was taken, and what a clock that was ahead makes of that."""
        if self.taken_at is None or self.taken_at == self.at:
            return super().as_of_words
        return f"{self.taken_at.isoformat()}, with changes dated up to {super().as_of_words} by a clock that was ahead"


def to_cut(person: Person) -> list[Snapshot]:
    """Those of which this person may take any part away; their long lists are not read."""
    exports = person.site_ids(Permission.EXPORT)
    snapshots = Snapshot.objects.defer("participants", "records", "sums")
    return [snapshot for snapshot in snapshots if set(snapshot.sites) <= exports]


def cut(snapshot: Snapshot, selection: Selection) -> SnapshotSelection:
    """The same choice, out of what a snapshot was taken of; it has no logs, which are of now."""
    known = Participant._base_manager.filter(pk__in=snapshot.participants)
    if selection.codes:
        known = known.filter(code__in=selection.codes)
    values = {field.name: getattr(selection, field.name) for field in fields(Selection)}
    values |= {"at": snapshot.until, "without": selection.without | set(export_tables.LOGS)}
    return SnapshotSelection(
        **values, ids=tuple(known.values_list("pk", flat=True)), horizon=snapshot.horizon, taken_at=snapshot.at
    )


def visible(person: Person) -> list[Snapshot]:
    """All of whose sites this person may take data away; the safety monitor has those that were made for it."""
    exports, safety = person.site_ids(Permission.EXPORT), person.site_ids(Permission.SAFETY)
    with site_scope.all_sites():  # the safety monitor reads no participant, and may have what was made for him or her
        taken = list(Snapshot.objects.select_related("made_by"))
    return [
        snapshot
        for snapshot in taken
        if set(snapshot.sites) <= exports
        or (snapshot.purpose == Snapshot.Purpose.SAFETY and set(snapshot.sites) <= safety)
    ]


def take(*, by: Person, name: str, purpose: str, freeze: bool, now: datetime) -> Snapshot:
    """Freeze the study first, if asked; then cut, write the file and seal it, in one transaction. ValidationError."""
    name = text_input.line(name, name="name", limit=100)
    if not name:
        raise ValidationError({"name": _("Give it a name, such as “Interim look, May 2016”.")})
    if purpose not in Snapshot.Purpose.values:
        raise ValidationError({"purpose": _("Choose what it is for.")})
    try:
        with transaction.atomic(), site_scope.all_sites():
            return _take(by, name, purpose, freeze, now)
    except IntegrityError as error:
        raise ValidationError({"name": _("There is a snapshot of this name already.")}) from error


def _take(by: Person, name: str, purpose: str, freeze: bool, now: datetime) -> Snapshot:
    if freeze:
        locks.close(locks.target(Lock.Scope.STUDY), Lock.Kind.FREEZE, by=by, reason=name, now=now)
    numbers.one_at_a_time(AdvisoryLock.SNAPSHOTS)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT clock_timestamp(), pg_current_snapshot()::text, pg_current_xact_id_if_assigned()::text::bigint"
        )
        at, committed, own = cursor.fetchone()
    horizon, sites = _with_own(committed, own), sorted(by.site_ids(Permission.EXPORT))
    dated_until = _dated_until(at, horizon)
    ids = _committed(sites, dated_until or at, horizon)
    snapshot = Snapshot(
        number=(Snapshot.objects.aggregate(last=Max("number"))["last"] or 0) + 1,
        name=name, purpose=purpose, at=at, dated_until=dated_until, horizon=horizon, sites=sites, participants=ids,
        closed=_closed(), protocol_version=STUDY.version, dictionary=_dictionary(), made_by=by,
    )  # fmt: skip
    content = _content(snapshot)
    snapshot.sha256 = hashlib.sha256(content).hexdigest()
    snapshot.seal = seals.sign(_sealed_payload(snapshot))
    with audit_context(by, _("Snapshot taken")):
        snapshot.save(force_insert=True)
    SnapshotFile.objects.create(snapshot=snapshot, content=content)
    return snapshot


def _dated_until(at: datetime, horizon: str) -> datetime | None:
    """The instant of the last change there was, where a clock that was ahead dated it after this one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT max(at) FROM records_auditrow"
            " WHERE at > %s AND pg_visible_in_snapshot(transaction::text::xid8, %s::pg_snapshot)",
            [at, horizon],
        )
        latest: datetime | None = cursor.fetchone()[0]
        return latest


def _committed(sites: list[int], until: datetime, horizon: str) -> list[int]:
    """The participants of these sites who were there by then, by the trail: no clock of theirs is asked."""
    participants = Participant.objects.filter(site__in=sites, voided_at__isnull=True).values_list("pk", flat=True)
    return [
        participant.pk
        for participant in time_travel.rows(Participant, until, participants, horizon=horizon)
        if not participant.is_void
    ]


def _with_own(committed: str, own: int | None) -> str:
    """A PostgreSQL snapshot (oldest running:next:all running) that has also seen what this transaction wrote."""
    if own is None:
        return committed
    _oldest, following, running = committed.split(":")
    end = max(int(following), own + 1)
    others = {int(number) for number in running.split(",") if number} | set(range(int(following), end))
    others.discard(own)
    return f"{min(others, default=end)}:{end}:{','.join(map(str, sorted(others)))}"


def _closed() -> str:
    """Whether the study is locked or frozen."""
    standing = Lock.objects.filter(scope=Lock.Scope.STUDY, released_at__isnull=True)
    strongest = locks.strongest_first(standing)
    return strongest[0].kind if strongest else ""


def _content(snapshot: Snapshot) -> bytes:
    """The zip, whose bytes follow from the snapshot alone; its counts and sums are put into the snapshot."""
    cut = SnapshotSelection(
        snapshot.made_by,
        at=snapshot.until,
        without=BY_CODE[snapshot.purpose].without | set(export_tables.LOGS),
        ids=tuple(snapshot.participants),
        horizon=snapshot.horizon,
        taken_at=snapshot.at,
    )
    bundle = Bundle(cut, snapshot.at, snapshot.purpose)
    content = b"".join(bundle.blocks())
    snapshot.records, snapshot.sums = bundle.records, bundle.sums
    return content


def _dictionary() -> str:
    return hashlib.sha256(dictionary.as_csv().encode()).hexdigest()


def _sealed_payload(snapshot: Snapshot) -> dict[str, Any]:
    """What the seal is under: every column but the seal itself."""
    names = [field.attname for field in Snapshot._meta.concrete_fields if field.attname not in ("id", "seal")]
    payload = {name: getattr(snapshot, name) for name in names} | {"at": snapshot.at.isoformat()}
    until = payload.pop("dated_until")  # which most have not, and seals of before it knew nothing of
    return payload | ({"dated_until": until.isoformat()} if until else {})


def content(snapshot: Snapshot) -> bytes:
    """The kept file, after comparing it with its sum and its seal. Broken where they differ."""
    with site_scope.all_sites():  # who may have it has been asked: visible()
        kept = bytes(snapshot.file.content)
    if redacted(snapshot):
        raise SnapshotCorrupt(_("personal data were taken out of these records since it was taken; take another one"))
    if wrong := _wrong(snapshot, kept):
        raise SnapshotCorrupt(wrong)
    return kept


def _wrong(snapshot: Snapshot, kept: bytes) -> str:
    if hashlib.sha256(kept).hexdigest() != snapshot.sha256:
        return _("the file of this snapshot is not the one that was sealed")
    if not seals.is_signed(_sealed_payload(snapshot), snapshot.seal):
        return _("the seal does not fit what this snapshot says of itself")
    return ""


def redacted(snapshot: Snapshot) -> bool:
    """Whether something of these participants was blanked since: then the file holds what nobody may read any more."""
    with site_scope.all_sites(), connection.cursor() as cursor:
        cursor.execute(_REDACTED, [snapshot.participants, snapshot.at, snapshot.horizon])
        is_redacted: bool = cursor.fetchone()[0]
        return is_redacted


def contradictions() -> list[tuple[int, str]]:
    """Snapshot by snapshot: a file or a seal that does not fit, or data that the audit trail no longer gives again."""
    faults = []
    for snapshot in Snapshot.objects.select_related("made_by", "file").order_by("number"):
        wrong = _wrong(snapshot, bytes(snapshot.file.content)) if hasattr(snapshot, "file") else "its file is missing"
        if not wrong and snapshot.dictionary == _dictionary() and not redacted(snapshot):
            wrong = _differs(snapshot)
        if wrong:
            faults.append((snapshot.pk, wrong))
    return faults


def _differs(snapshot: Snapshot) -> str:
    """Cut again, from the trail alone; the same forms must give the same tables."""
    again = Snapshot.objects.select_related("made_by").get(pk=snapshot.pk)
    with site_scope.all_sites():
        _content(again)
    different = sorted(
        name for name, digest in snapshot.sums.items() if name.endswith(".csv") and again.sums.get(name) != digest
    )
    return f"cut again from the trail, {', '.join(different)} differ" if different else ""


def reason_not_to_freeze(person: Person) -> str:
    """Why this person cannot freeze the study beside taking the snapshot."""
    if not person.may(Permission.LOCK):
        return _("Your role may not freeze.")
    if not everywhere(person, Permission.LOCK):
        return _("Freezing is about the study as a whole: it needs your role at every site.")
    return _("The study is frozen or locked already.") if _closed() else ""
