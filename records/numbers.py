"""Numbers that go up by one: whoever takes the next waits for whoever took the last, so that two at once both succeed.

In a transaction that writes several things about a participant the number is taken first: whoever waits for one has
written nothing yet, so that nobody waits for him.
"""

from django.db import connection, models
from django.db.models import Max

from records.advisory_locks import AdvisoryLock


def wait_for(participant_id: int) -> None:
    """Until the transaction ends nobody else numbers anything of this participant; references to it go on."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM records_participant WHERE id = %s FOR NO KEY UPDATE", [participant_id])


def following(model: type[models.Model], participant_id: int) -> int:
    """1, 2, 3 …, also after those that were voided: no number is given twice. Within the caller's transaction."""
    wait_for(participant_id)
    taken = model._base_manager.filter(participant_id=participant_id)
    return (taken.aggregate(last=Max("number"))["last"] or 0) + 1


def one_at_a_time(what: AdvisoryLock) -> None:
    """Wait for whoever numbers the same for the trial as a whole, until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [what])
