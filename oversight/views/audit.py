"""The audit trail for who reviews it: what was changed by whom, what is odd about it, and that somebody looked."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import instants, site_scope, text_input
from accounts.models import Person
from accounts.once import once
from accounts.permissions import require
from accounts.requests import AuthedRequest
from accounts.roles import Permission
from oversight.endpoint import fields
from protocol.study import STUDY
from records.audit import review, trail
from records.audit.trail import ODDITIES, TrailFilter
from records.model import registry
from records.model.fields import crf_fields
from records.models import AuditCheck, Seal

PAGE = 50
REVIEWS = 10


@require_http_methods(["GET", "HEAD", "POST"])
@once
def audit(request: AuthedRequest) -> HttpResponse:
    """The logbook of one's sites, by a filter that is an address; a review of it is recorded with a note."""
    require(request.user, Permission.AUDIT)
    people = _people(request.user)
    errors: dict[str, Any] = {}
    asked = TrailFilter()
    try:
        asked = _asked(request.GET)
        if request.method == "POST":
            _review(request, asked, people)
            return redirect(request.get_full_path())
    except ValidationError as refused:
        errors = refused.message_dict
    sites = request.user.site_ids(Permission.AUDIT)
    seen = request.user.site_ids()
    if sites - seen:  # nor may a filter tell what a reason says
        asked = replace(asked, reason="")
    lines = trail.lines(asked, sites, fields.columns(), PAGE + 1) if not errors.keys() - {"note"} else []
    # Who administers sees who did what kind of thing when; answers and reasons are for who may see the participant.
    lines = [line if line.site_id is None or line.site_id in seen else line.without_values() for line in lines]
    context = {
        "lines": lines[:PAGE],
        "older": _link(request.GET, lines[PAGE - 1].row.pk) if len(lines) > PAGE else "",
        "asked": asked,
        "in_words": _in_words(asked, people),
        "typed": request.GET,
        "note": request.POST.get("note", ""),
        "errors": errors,
        "people": people.values(),
        "forms": [(slug, model._meta.verbose_name) for slug, model in registry.forms().items()],
        "fields": [(field.name, field.verbose_name) for field in _fields(asked.form)],
        "oddities": ODDITIES.items(),
        "newest": lines[0].row.pk if lines else 0,
        "hidden": bool(sites - seen),
        "check": _last_check(),
        "seal": Seal.objects.order_by("-pk").first(),
        **_reviews(request),
        "zone": STUDY.zone,
    }
    return render(request, "oversight/audit.html", context, status=422 if errors else 200)


def _reviews(request: HttpRequest) -> dict[str, Any]:
    whole = request.GET.get("reviews") == "all"
    reviews = review.latest(None if whole else REVIEWS + 1)
    return {"reviews": reviews if whole else reviews[:REVIEWS], "more_reviews": not whole and len(reviews) > REVIEWS}


def _last_check() -> AuditCheck | None:
    """How the last proof of the whole trail went; its sentences may be about any site."""
    with site_scope.all_sites():
        return AuditCheck.objects.defer("sentences").order_by("-pk").first()


def _people(person: Person) -> dict[int, Person]:
    """Who may have written at one's sites."""
    sites = person.site_ids(Permission.AUDIT)
    writers = Person.objects.filter(memberships__site__in=sites).distinct().order_by("last_name", "first_name")
    return {writer.pk: writer for writer in writers}


def _fields(slug: str) -> list[Any]:
    form = registry.forms().get(slug)
    return [field for model in (form, *registry.rows_of(form)) for field in crf_fields(model)] if form else []


def _asked(typed: QueryDict) -> TrailFilter:
    """What the address asks for; ValidationError by field for an instant that is none."""
    texts = {name: text_input.sought(typed.get(name, ""))[:100] for name in typed}
    form = texts.get("form", "")
    return TrailFilter(
        person=_number(texts.get("person", "")),
        code=texts.get("participant", "").upper(),
        form=form if form in registry.forms() else "",
        name=texts.get("field", "") if texts.get("field") in {field.name for field in _fields(form)} else "",
        since=_instant("since", texts.get("since", "")),
        until=_instant("until", texts.get("until", "")),
        reason=texts.get("reason", ""),
        odd=tuple(code for code in ODDITIES if code in typed.getlist("odd")),
        everything="all" in texts,
        before=_number(texts.get("before", "")),
    )


def _instant(name: str, typed: str) -> datetime | None:
    try:
        return instants.read(typed, ZoneInfo(STUDY.zone)) if typed else None
    except ValidationError as error:
        raise ValidationError({name: error.messages}) from error


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 18 else None


def _link(typed: QueryDict, before: int) -> str:
    """The same filter, the lines before this one."""
    kept = typed.copy()
    kept["before"] = str(before)
    return kept.urlencode()


def _in_words(asked: TrailFilter, people: dict[int, Person]) -> str:
    """The filter as a sentence, kept with a review of it."""
    form = registry.forms().get(asked.form)
    phrases = [str(ODDITIES[code]) for code in asked.odd]
    for value, words in (
        (asked.person, _("by %s") % people.get(asked.person or 0, asked.person)),
        (asked.code, _("of %s") % asked.code),
        (asked.form, str(form._meta.verbose_name) if form else ""),
        (asked.name, _("question %s") % asked.name),
        (asked.since, _("since %s") % (asked.since and f"{asked.since:%Y-%m-%d %H:%M}")),
        (asked.until, _("until %s") % (asked.until and f"{asked.until:%Y-%m-%d %H:%M}")),
        (asked.reason, _("reason with “%s”") % asked.reason),
        (asked.everything, _("with queries, signatures, comparisons and locks")),
    ):
        if value:
            phrases.append(words)
    return "; ".join(phrases) or _("everything")


def _review(request: AuthedRequest, asked: TrailFilter, people: dict[int, Person]) -> None:
    newest = _number(request.POST.get("newest", "")) or 0
    kept = [(name, value) for name, values in request.GET.lists() for value in values if name != "before" and value]
    note, words = request.POST.get("note", ""), _in_words(asked, people)
    review.record(request.user, urlencode(kept), words, newest, note, timezone.now())
