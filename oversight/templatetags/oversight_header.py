"""The participant header that stays on every page of one participant."""

from typing import Any

from django import template
from django.utils import timezone

from oversight.casebook import loading, status
from oversight.models import Alert
from records.models import Participant

register = template.Library()


@register.inclusion_tag("oversight/casebook/_header.html", takes_context=True)
def participant_header(context: dict[str, Any], participant: Participant) -> dict[str, Any]:
    """Code, site, days, state, the 48-hour bar and open findings."""
    now = timezone.now()
    book = context.get("book") or loading.load([participant], loading.TREATMENT)[participant.pk]
    return {
        "participant": participant,
        "standing": status.participant_status(book, now),
        "open_alerts": Alert.objects.filter(participant=participant, outcome=Alert.Outcome.OPEN).count(),
        "now": now,
    }
