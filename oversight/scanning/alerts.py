"""Raising alerts, set-based and unique: one for each deadline that has come and is unmet."""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef, Q

from accounts.due import ahead
from oversight.models import Alert, Message

_RAISE = """
INSERT INTO oversight_alert (participant_id, kind, subject, due_at, because, raised_at, outcome)
SELECT participant_id, kind, subject, due_at, because, %(now)s, 'open'
FROM oversight_deadline WHERE NOT met AND raise_at <= %(now)s
ON CONFLICT (participant_id, kind, subject, due_at) DO NOTHING
RETURNING participant_id, kind, subject, due_at
"""


def raise_due(now: datetime) -> list[dict[str, Any]]:
    """One alert for each deadline that has come and is unmet, however often and by however many this is asked."""
    with connection.cursor() as cursor:
        cursor.execute(_RAISE, {"now": now})
        return [
            {"participant": participant, "kind": kind, "subject": subject, "due_at": due_at}
            for participant, kind, subject, due_at in cursor.fetchall()
        ]


def unsent(now: datetime) -> int:
    """Open alerts that have reached nobody for an hour: no mail went, nobody saw them here, and no mail is to come."""
    hour = now - timedelta(hours=1)
    reached = Q(mail__sent_at__isnull=False) | Q(seen_at__isnull=False) | Q(mail__due_at__gt=hour)
    messages = Message.objects.filter(reached, alert=OuterRef("pk"))
    late = Q(raised_at__lt=hour) | ahead("raised_at", now)
    return Alert.objects.filter(late, outcome=Alert.Outcome.OPEN).exclude(Exists(messages)).count()
