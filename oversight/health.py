"""Whether all is well: database, Redis, worker, scan, trail, backup and drill. Fast also when one of them is away."""

from datetime import datetime, timedelta
from typing import Any

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.utils.dateparse import parse_datetime

from accounts import site_scope
from accounts.due import due, is_ahead
from oversight.models import BackupRun, ScanFailure, ScanState
from oversight.notifications import outbox
from oversight.scanning import alerts
from records.models import AuditCheck, AuditRow

HEARTBEAT = "sbrtspine:worker"
HEARTBEAT_SECONDS = 30
_TIMEOUT = 1.0  # seconds
_PROVED_WITHIN = timedelta(hours=26)
_DONE = {"scan": "scan", "audit": "proof", "backup": "backup", "drill": "drill"}
GOOD_WITHIN = {BackupRun.Kind.BACKUP: timedelta(hours=26), BackupRun.Kind.DRILL: timedelta(days=8)}


def client() -> redis.Redis:
    """Redis, with a timeout that never holds a page."""
    return redis.Redis.from_url(
        settings.REDIS_URL, socket_connect_timeout=_TIMEOUT, socket_timeout=_TIMEOUT, decode_responses=True
    )


def beat() -> None:
    """A worker is alive: kept for half a minute."""
    with client() as server:
        server.set(HEARTBEAT, "alive", ex=HEARTBEAT_SECONDS)


def check(now: datetime) -> dict[str, Any]:
    """For /health/: status, database, redis, worker, scan, audit, backup and drill {last, late}, mail, …"""
    parts: dict[str, Any] = {"database": "ok", "redis": "ok", "worker": "ok"}
    parts["scan"], parts["not_judged"], parts["alerts_unsent"] = {"last": None, "late": True}, None, None
    parts["audit"], parts["mail"] = {"last": None, "findings": None, "late": False}, {"failing": 0, "safety_late": 0}
    parts["backup"] = parts["drill"] = {"last": None, "late": False}
    try:
        connection.ensure_connection()
        with site_scope.all_sites():  # counts alone
            state = ScanState.objects.first()
            last = state.last_finished_at if state else None
            late = due(last, timedelta(seconds=settings.SCAN_LATE_AFTER_SECONDS), now)
            parts["scan"] = {"last": last.isoformat() if last else None, "late": late}
            parts["not_judged"] = ScanFailure.objects.count()
            parts["alerts_unsent"], parts["mail"] = alerts.unsent(now), outbox.waiting(now)
            parts["audit"] = _audit(now)
            parts["backup"], parts["drill"] = (good(kind, now) for kind in GOOD_WITHIN)
    except DatabaseError:
        parts["database"] = "away"
    try:
        with client() as server:
            if not server.exists(HEARTBEAT):
                parts["worker"] = "away"
    except redis.RedisError:
        parts["redis"], parts["worker"] = "away", "unknown"
    for part, what in _DONE.items():
        if is_ahead(parse_datetime(parts[part]["last"] or ""), now):
            parts[part] = {**parts[part], "because": f"The last {what} is dated in the future: the clock was ahead."}
    well = all(parts[part] == "ok" for part in ("database", "redis", "worker"))
    well = well and not any(parts[part]["late"] for part in ("scan", "audit", "backup", "drill"))
    well = well and not parts["audit"]["findings"] and not parts["mail"]["safety_late"]
    return {"status": "ok" if well else "fail", **parts}


def good(kind: BackupRun.Kind, now: datetime) -> dict[str, Any]:
    """The last good backup or drill. Its absence is the alarm: one that failed, or never ran, is late just the same."""
    last = BackupRun.objects.filter(kind=kind, good=True).order_by("-pk").values_list("at", flat=True).first()
    since = last or _began()
    return {"last": last.isoformat() if last else None, "late": bool(since) and due(since, GOOD_WITHIN[kind], now)}


def _began() -> datetime | None:
    """When the first thing was recorded: before the first night nothing is late."""
    return AuditRow.objects.order_by("id").values_list("at", flat=True).first()


def _audit(now: datetime) -> dict[str, Any]:
    """The last proving of the audit trail; before the first night there is none, and that is not late."""
    last = AuditCheck.objects.order_by("-pk").first()
    if last is None:
        began = _began()
        return {"last": None, "findings": None, "late": began is not None and due(began, _PROVED_WITHIN, now)}
    return {"last": last.at.isoformat(), "findings": last.findings, "late": due(last.at, _PROVED_WITHIN, now)}
