"""The pages of a case report form: fill in, list, history, void, live scores. One set of views for all forms."""

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.marks import by_a_script
from accounts.models import Person
from accounts.once import once
from accounts.permissions import require, without_delegation
from accounts.requests import AuthedRequest
from accounts.roles import Permission
from protocol.study import STUDY
from records import selectors, services
from records.audit import history
from records.entry import drafts, save, sent_rows, target
from records.entry.drafts import Typing
from records.model.base import Record, Score
from records.model.forms import CrfForm, CrfRows
from records.queries import Query
from records.workflow import attestations, signatures, source_verification, states
from records.workflow.source_verification import Verification


def _may_enter(form: CrfForm) -> bool:
    return any(may in form.may for may in form.entry_permissions)


def _undelegated(place: target.FormTarget, form: CrfForm, person: Person) -> str:
    """The sentence for somebody whose role fills in this form and who only lacks the delegation."""
    if _may_enter(form):
        return ""
    site = place.participant.site_id
    return next((without_delegation(may) for may in form.entry_permissions if person.lacks_delegation(may, site)), "")


def _require_entry(place: target.FormTarget, form: CrfForm, person: Person) -> None:
    """Refuse with the true reason: a delegation that is missing, or a role that only reads."""
    if not _may_enter(form):
        reads = _("Your role reads this form; it does not fill it in.")
        raise PermissionDenied(_undelegated(place, form, person) or reads)


@require_http_methods(["GET", "HEAD", "POST"])
def fill_in(
    request: AuthedRequest, code: str, slug: str, number: int | None = None, visit: str | None = None
) -> HttpResponse:
    """One case report form: read it, save it as a draft, complete it, change it with a reason."""
    place = target.find(request.user, code, slug, number, visit)
    now = timezone.now()
    if request.method != "POST":
        if place.model.repeats and number is None and not request.path.endswith("/new/"):
            return _listed(request, place)
        kept = drafts.draft_of(request.user, request.path, place.record)
        data = drafts.as_data(kept) if kept and request.GET.get("typed") == "again" else None
        form = target.form_of(place, request.user, now, data, asked=request.GET if place.record.pk is None else None)
        return _page(request, place, form, target.rows_of(place, form, data), kept=kept)
    form = target.form_of(place, request.user, now)
    _require_entry(place, form, request.user)
    sent_rows.check(form, request.POST)
    data = request.POST.copy()
    if saved := save.already_saved(place, request.user, now, data):
        return redirect(saved.url())
    outcome = save.submit(place, request.user, now, data)
    if outcome.unchanged:  # what was typed says nothing new, and is not offered again
        drafts.forget(request.user, request.path)
        return redirect(place.url("?unchanged=reason" if data.get("reason", "").strip() else "?unchanged"))
    if outcome.status == 302:
        return redirect(place.url())
    # Of two sendings at the same instant one loses the race; it has done what its sender wanted all the same.
    if place.record.pk is None and (saved := save.already_saved(place, request.user, now, data)):
        return redirect(saved.url())
    return _page(request, place, outcome.form, outcome.rows, status=outcome.status, conflict=outcome.conflict)


def _page(
    request: AuthedRequest,
    place: target.FormTarget,
    form: CrfForm,
    rows: dict[str, CrfRows],
    status: int = 200,
    conflict: dict[str, Any] | None = None,
    kept: Typing | None = None,
) -> HttpResponse:
    """One template renders every form."""
    record = place.record
    compared = _trusted(place, form, rows)
    closed = record.pk is not None and record.lock is not None
    may_enter = _may_enter(form) and not record.is_void and not closed
    acts = states.available_actions(record, form.may)
    scored = place.model.scores is not Record.scores
    context = {
        "participant": place.participant,
        "form": form,
        "rows": rows,
        "record": record,
        "title": place.model._meta.verbose_name,
        "visit": place.visit,
        "place": place,
        "state": states.state(record),
        "state_words": states.WORDS[states.state(record)],
        "visit_name": STUDY.visit_name(place.visit) if place.visit else "",
        "problems": problems(form, rows) if status == 422 else [],
        "moves": states.moves(record) if may_enter else [],
        "may_enter": may_enter,
        "undelegated": _undelegated(place, form, request.user),
        "may_void": Permission.VOID in form.may and record.pk and not record.is_void and not closed,
        "closed": states.refusal(record, "change") if closed else "",
        "acts": acts,
        "may_compare": any(move.action == "verify" and not refused for move, refused in acts),
        "compared": len(compared),
        "signed": place.signed,
        "kept": kept if may_enter else None,
        "unchanged": request.GET.get("unchanged") if request.method == "GET" else None,
        "taken_back": kept is not None and form.is_bound,
        "asked": _asked(place),
        "may_query": Permission.QUERY in form.may and record.pk is not None,
        "notices": record.notices(),
        "scored": scored,
        "scores": _scores(form, rows) if scored and not may_enter else [],
        "conflict": conflict,
        "void_ones": place.void_ones,
        "zone": place.participant.site.zone,
    }
    return render(request, f"crf/{place.model.slug}.html" if form.own_page else "crf/form.html", context, status=status)


def _trusted(place: target.FormTarget, form: CrfForm, rows: dict[str, CrfRows]) -> list[Verification]:
    """Load what others did about the record as stored, and give each question its comparison with the source."""
    record = place.record
    if record.pk is None:
        return []
    row_forms = [row for formset in rows.values() for row in formset.forms if row.instance.pk]
    stored, inside = record, [row.instance for row in row_forms]
    if form.is_bound:  # its record holds what was typed
        stored = place.model._default_manager.get(pk=record.pk)
        inside = selectors.child_rows(stored)
    attestations.load([stored], {attestations.key(stored): inside})
    record.lock, record.signature, record.verified = stored.lock, stored.signature, stored.verified
    verifications, lost = (
        source_verification.valid_verifications([stored, *inside]),
        source_verification.lost([stored, *inside]),
    )
    for part in (form, *row_forms):
        part.compared = verifications.get((part.instance._meta.db_table, part.instance.pk), {})
        part.lost = lost.get((part.instance._meta.db_table, part.instance.pk), {})
    place.signed = signatures.check_all(place.participant, "record", signatures.content_of(stored, inside), stored)
    return [row for by_name in verifications.values() for row in by_name.values()]


def _asked(place: target.FormTarget) -> dict[str, list[Query]]:
    """Question -> the queries about it that are not closed; those about the form as a whole under no question."""
    if place.record.pk is None:
        return {}
    open_queries: dict[str, list[Query]] = {}
    for query in Query.objects.filter(form=place.model.slug, record_id=place.record.pk).exclude(state="closed"):
        open_queries.setdefault(query.field, []).append(query)
    return open_queries


def problems(form: CrfForm, rows: dict[str, CrfRows]) -> list[tuple[str, str, str]]:
    """(HTML name, question, sentence) of everything that was refused, in the order of the form."""
    refusals = []
    for part in [form, *(row for formset in rows.values() for row in formset)]:
        for name, sentences in part.errors.items():
            known = name in part.fields
            label = str(part.fields[name].label) if known else ""
            where = part.add_prefix(name.removesuffix("_missing")) if known else ""
            refusals += [(where, label, str(sentence)) for sentence in sentences]
    for formset in rows.values():
        refusals += [("", "", str(sentence)) for sentence in formset.non_form_errors()]
    return refusals


def _listed(request: AuthedRequest, place: target.FormTarget) -> HttpResponse:
    """All records of a repeating form."""
    records = place.model._default_manager.filter(participant=place.participant).order_by("number")
    context = {
        "participant": place.participant,
        "title": place.model._meta.verbose_name_plural,
        "places": [target.FormTarget(place.participant, place.model, record) for record in records],
        "new": place,
        "may_enter": request.user.may(Permission.ENTER, place.participant.site_id),
    }
    return render(request, "crf/list.html", context)


@require_POST
def typing(
    request: AuthedRequest, code: str, slug: str, number: int | None = None, visit: str | None = None
) -> HttpResponse:
    """Keep what is being typed, for this person alone; `forget` throws it away. Nothing of it is data yet."""
    place = target.find(request.user, code, slug, number, visit)
    address = request.path.removesuffix("typing/")
    form = target.form_of(place, request.user, timezone.now())
    _require_entry(place, form, request.user)
    if "forget" in request.POST:
        drafts.forget(request.user, address)
        return redirect(address)
    sent_rows.check(form, request.POST)
    kept = drafts.keep(request.user, address, request.POST, timezone.now())
    return HttpResponse(status=204 if kept else 413)


@by_a_script
@require_POST
def scores(
    request: AuthedRequest, code: str, slug: str, number: int | None = None, visit: str | None = None
) -> HttpResponse:
    """The scores of what is typed so far. Nothing is saved: a POST only because a form is sent."""
    place = target.find(request.user, code, slug, number, visit)
    form = target.form_of(place, request.user, timezone.now(), request.POST)
    form.completing = False
    form.is_valid()
    rows = target.rows_of(place, form, request.POST)
    for formset in rows.values():
        formset.is_valid()
    context = {"scores": _scores(form, rows), "participant": place.participant}
    return render(request, "crf/_scores.html", context)


def _scores(form: CrfForm, rows: dict[str, CrfRows]) -> list[Score]:
    """The scores of a form with its rows: as typed, or as stored for who only reads it."""
    return form.instance.scores({formset.model.slug: _kept(formset) for formset in rows.values()})


def _kept(formset: CrfRows) -> list[Any]:
    rows = formset.kept() if formset.is_bound else formset.forms
    return [row.instance for row in rows if formset.is_bound or row.instance.pk]


@require_safe
def logbook(
    request: AuthedRequest, code: str, slug: str, number: int | None = None, visit: str | None = None
) -> HttpResponse:
    """Who changed what of this record, when and why; `?field=` for one field."""
    place = target.find(request.user, code, slug, number, visit)
    records = [place.record, *place.void_ones] if place.record.pk else place.void_ones
    if not records:
        raise Http404
    name = request.GET.get("field", "")
    context = {
        "participant": place.participant,
        "place": place,
        "title": place.model._meta.verbose_name,
        "record": place.record,
        "may_redact": request.user.may(Permission.REDACT, place.participant.site_id),
        "entries": history.history_of(records, place.participant.site.tz, name),
        "field": next((f.verbose_name for f in place.model._meta.fields if f.name == name), ""),
    }
    return render(request, "crf/history.html", context)


@require_POST
@once
def void(
    request: AuthedRequest, code: str, slug: str, number: int | None = None, visit: str | None = None
) -> HttpResponse:
    """Take a record out of the count, with a reason; it stays readable."""
    place = target.find(request.user, code, slug, number, visit)
    require(request.user, Permission.VOID, place.participant.site_id)
    if place.record.pk is None:
        raise Http404
    posted = request.POST.get("version", "")
    try:
        reason = request.POST.get("reason", "")
        version = int(posted) if posted.isdecimal() and len(posted) < 9 else -1
        services.void(place.record, by=request.user, reason=reason, version=version)
    except (services.Stale, ValidationError) as error:
        form = target.form_of(place, request.user, timezone.now())
        context_status = 409 if isinstance(error, services.Stale) else 422
        form.void_error = error.messages[0] if isinstance(error, ValidationError) else str(error)
        return _page(request, place, form, target.rows_of(place, form), status=context_status)
    return redirect("casebook", place.participant.code)
