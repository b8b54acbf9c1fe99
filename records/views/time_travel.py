"""A record as it stood at an instant, and what changed of a participant between two."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts import instants
from accounts.requests import AuthedRequest
from records import selectors
from records.audit import time_travel
from records.entry import target
from records.entry.display import display_answer, row_in_words
from records.model import registry
from records.model.base import ItemGroupRecord, ParticipantRecord, VisitRecord
from records.model.fields import crf_fields


@require_safe
def record(
    request: AuthedRequest, code: str, slug: str, number: int | None = None, visit: str | None = None
) -> HttpResponse:
    """One form as it stood; `?at=` is a day or a time on the site's clocks."""
    place = target.find(request.user, code, slug, number, visit)
    participant = place.participant
    context: dict[str, Any] = {"participant": participant, "place": place, "title": place.model._meta.verbose_name}
    try:
        at = instants.read(request.GET.get("at", ""), participant.site.tz)
    except ValidationError as error:
        return render(request, "crf/as_of.html", {**context, "errors": error.messages}, status=422)
    then = _then(place, at)
    context |= {"at": at, "zone": participant.site.zone, "record": then}
    if then is not None:
        then.participant = participant
        context["answers"] = [
            (field.verbose_name, display_answer(field, field.value_from_object(then), code, participant.site.tz))
            for field in crf_fields(place.model)
            for code in [then.missing.get(field.name, "")]
            if code or field.value_from_object(then) not in (None, "", [])
        ]
        context["rows"] = [(row._meta.verbose_name, row_in_words(row)) for row in _rows(place.model, then, at)]
    return render(request, "crf/as_of.html", context)


def _then(place: target.FormTarget, at: datetime) -> ParticipantRecord | None:
    """The record of this form that counted then."""
    records = time_travel.not_void(time_travel.rows(place.model, at, [place.participant.pk]))
    if place.visit:
        records = [row for row in records if isinstance(row, VisitRecord) and row.visit == place.visit]
    if place.model.repeats:
        if place.record.pk is None:
            raise Http404
        records = [row for row in records if row.number == place.record.number]
    return records[0] if records else None


def _rows(model: type[ParticipantRecord], then: ParticipantRecord, at: datetime) -> list[ItemGroupRecord]:
    return [
        row
        for row_model in registry.rows_of(model)
        for row in time_travel.not_void(time_travel.rows(row_model, at, [then.participant_id]))
        if getattr(row, f"{row.parent_field}_id") == then.pk
    ]


@require_safe
def changes(request: AuthedRequest, code: str) -> HttpResponse:
    """What differs between two instants, such as the last monitoring visit and now: `?since=` and `?until=`."""
    participant = selectors.participant(request.user, code)
    zone, now = participant.site.tz, timezone.now()
    context: dict[str, Any] = {"participant": participant, "zone": participant.site.zone, "typed": request.GET}
    try:
        since = _asked(request, "since", zone, now - timedelta(days=30))
        until = _asked(request, "until", zone, now)
    except ValidationError as error:
        return render(request, "crf/changes.html", {**context, "errors": error.messages}, status=422)
    differences = time_travel.differences(participant, since, until)
    context |= {
        "since": since,
        "until": until,
        "differences": [(_title(difference.record), difference) for difference in differences],
    }
    return render(request, "crf/changes.html", context)


def _asked(request: HttpRequest, name: str, zone: ZoneInfo, default: datetime) -> datetime:
    return instants.read(request.GET[name], zone) if request.GET.get(name) else default


def _title(record: ParticipantRecord) -> str:
    visit = f" · {record.visit}" if isinstance(record, VisitRecord) else ""
    return f"{record._meta.verbose_name}{visit} {record.number}"
