"""The pages of a case report form: fill in, list, history, void. One set of views for all forms."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import Person
from accounts.permissions import require
from accounts.roles import DUTIES, May
from protocol.study import STUDY
from records import crf, history, selectors, services, states
from records.base import Record, RowRecord, Status
from records.fields import CrfField, Link, crf_fields
from records.forms import CrfForm, CrfRows, rows_factory
from records.models import Participant


@dataclass
class Place:
    """Where somebody is: this form of this participant."""

    participant: Participant
    model: type[Record]
    record: Record
    visit: str | None = None

    def url(self, tail: str = "") -> str:
        """The address of this form, or of a page below it."""
        where = [self.visit] if self.visit else []
        where.append(self.model.slug)
        if self.model.repeats:
            where.append(str(self.record.number) if self.record.pk else "new")
        return reverse("casebook", args=[self.participant.code]) + "/".join(where) + f"/{tail}"


def _model(slug: str, per_visit: bool = False) -> type[Record]:
    model = crf.forms().get(slug)
    if model is None or crf.is_per_visit(model) != per_visit:
        raise Http404
    return model


def _place(person: Person, code: str, slug: str, number: int | None, visit: str | None) -> Place:
    """Find the form's record, or a new one; 404 for what the person may not know of."""
    model = _model(slug, per_visit=visit is not None)
    if visit is not None and model.visits and visit not in model.visits:
        raise Http404
    participant = selectors.participant(person, code)
    records = model._default_manager.filter(participant=participant).select_related("updated_by")
    if number is not None:
        record = records.filter(number=number).first() if model.repeats else None
        if record is None:
            raise Http404
    else:
        wanted = {"visit": visit} if visit else {}
        record = None if model.repeats else records.filter(voided_at__isnull=True, **wanted).first()
        record = record or model(participant=participant, **wanted)
    record.participant = participant
    return Place(participant, model, record, visit)


def _may(person: Person, site_id: int) -> frozenset[May]:
    return frozenset(may for site, role in person.held if site == site_id for may in DUTIES[role].may)


def _form(place: Place, person: Person, now: datetime, data: Any = None, asked: Any = None) -> CrfForm:
    return crf.form_of(place.model)(
        data,
        initial=_linked(place.model, asked or {}),
        instance=place.record,
        zone=place.participant.site.tz,
        now=now,
        may=_may(person, place.participant.site_id),
    )


def _linked(model: type[Record], asked: Any) -> dict[str, str]:
    """`?adverse_event=7` opens a new form about that event."""
    links = (field.name for field in crf_fields(model) if isinstance(field, Link))
    return {name: asked[name] for name in links if asked.get(name, "").isdecimal()}


def _rows(place: Place, form: CrfForm, data: Any = None) -> dict[str, CrfRows]:
    """The formsets of the rows inside this form, by prefix."""
    formsets = {}
    for prefix, row_form in form.row_forms.items():
        model: type[RowRecord] = row_form._meta.model
        existing = selectors.rows(model, place.record)
        formsets[prefix] = rows_factory(row_form, extra=0 if existing else 1)(
            data,
            prefix=prefix,
            records=existing,
            model=model,
            parent=place.record,
            form_kwargs={"zone": form.zone, "now": form.now, "may": form.may},
        )
    return formsets


def _may_enter(form: CrfForm) -> bool:
    return any(may in form.may for may in form.enters)


@require_http_methods(["GET", "HEAD", "POST"])
def fill_in(
    request: HttpRequest, code: str, slug: str, number: int | None = None, visit: str | None = None
) -> HttpResponse:
    """One case report form: read it, save it as a draft, complete it, change it with a reason."""
    place = _place(request.user, code, slug, number, visit)
    now = timezone.now()
    if request.method != "POST":
        if place.model.repeats and number is None and not request.path.endswith("/new/"):
            return _listed(request, place)
        form = _form(place, request.user, now, asked=request.GET if place.record.pk is None else None)
        return _page(request, place, form, _rows(place, form))
    if again := _sent_twice(place, request):
        return redirect(again)
    form = _form(place, request.user, now, request.POST)
    if not _may_enter(form):
        raise PermissionDenied(_("Your role reads this form; it does not fill it in."))
    return _save(request, place, form, _rows(place, form, request.POST))


def _sent_twice(place: Place, request: HttpRequest) -> str:
    """The address of a record that this very page has made already: a double click saves once."""
    try:
        entry = UUID(request.POST.get("entry", ""))
    except ValueError:
        return ""
    if request.POST.get("version", "0") not in ("", "0"):
        return ""
    if place.record.pk is None:
        made = place.model._default_manager.filter(entry=entry, participant=place.participant).first()
        place.record.entry = entry
    else:
        made = place.record if place.record.entry == entry else None
    return Place(place.participant, place.model, made, place.visit).url() if made else ""


def _save(request: HttpRequest, place: Place, form: CrfForm, rows: dict[str, CrfRows]) -> HttpResponse:
    opened = form["version"].value() or 0
    if place.record.pk and str(opened) != str(place.record.version):
        return _conflict(request, place, form, rows, place.model._default_manager.get(pk=place.record.pk))
    valid = form.is_valid()
    if all([formset.is_valid() for formset in rows.values()]):
        form.check_rows(rows)
        valid = valid and not form.errors and not any(row.errors for formset in rows.values() for row in formset)
    else:
        valid = False
    if not valid:
        return _page(request, place, form, rows, status=422)
    try:
        services.write(
            form.instance,
            by=request.user,
            reason=form.cleaned_data.get("reason", ""),
            version=form.cleaned_data["version"] or 0,
            complete=request.POST.get("action") == "complete",
            rows=_written(form, rows),
            removed=[row.instance for formset in rows.values() for row in formset.removed()],
            now=form.now,
        )
    except services.Stale as stale:
        return _conflict(request, place, form, rows, stale.current)
    except ValidationError as error:
        _tell(form, error)
        return _page(request, place, form, rows, status=422)
    return redirect(place.url())


def _written(form: CrfForm, rows: dict[str, CrfRows]) -> list[RowRecord]:
    """The rows that change; all of them where completing the form completes its rows."""
    completes = form.completing and form.instance.status != Status.COMPLETE
    kept = [row for formset in rows.values() for row in formset.kept()]
    return [row.instance for row in kept if completes or row.has_changed()]


def _tell(form: CrfForm, error: ValidationError) -> None:
    """Put each sentence beside its field; a constraint names its field by its error code."""
    by_field = error.message_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.messages}
    for name, sentences in by_field.items():
        for sentence in sentences:
            form.add_error(name if name in form.fields else None, sentence)


def _conflict(
    request: HttpRequest, place: Place, form: CrfForm, rows: dict[str, CrfRows], current: Record
) -> HttpResponse:
    """Both values of every field that differs; what was typed stays, and saving again says so knowingly."""
    form.is_valid()
    theirs = _form(Place(place.participant, place.model, current, place.visit), request.user, form.now)
    differing = []
    for name, field in form.crf.items():
        typed = form.cleaned_data.get(name, form.data.get(name))
        stored = current._meta.get_field(name).value_from_object(current)
        if name in theirs.fields and theirs.fields[name].has_changed(stored, form[name].data):
            differing.append(
                {"name": name, "label": field.verbose_name, "theirs": shown(field, stored, form.zone),
                 "yours": shown(field, typed, form.zone)}
            )  # fmt: skip
    data = form.data.copy()
    data["version"] = str(current.version)
    fresh = _form(place, request.user, form.now, data)
    fresh.is_valid()
    conflict = {"fields": differing, "by": current.updated_by, "at": current.updated_at}
    return _page(request, place, fresh, rows, status=409, conflict=conflict)


def shown(field: CrfField, value: Any, zone: Any) -> str:
    """A value in words, instants on the site's clocks."""
    if isinstance(value, datetime):
        return f"{value.astimezone(zone):%a %-d %b %Y %H:%M %Z}"
    return field.shown(value)


def _page(
    request: HttpRequest,
    place: Place,
    form: CrfForm,
    rows: dict[str, CrfRows],
    status: int = 200,
    conflict: dict[str, Any] | None = None,
) -> HttpResponse:
    """One template renders every form."""
    record = place.record
    may_enter = _may_enter(form) and not record.is_void
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
        "visit_name": STUDY.visit(place.visit).name if place.visit else "",
        "problems": problems(form, rows) if status == 422 else [],
        "moves": states.moves(record) if may_enter else [],
        "may_enter": may_enter,
        "may_void": May.VOID in form.may and record.pk and not record.is_void,
        "notices": record.notices(),
        "conflict": conflict,
        "zone": place.participant.site.zone,
    }
    return render(request, f"crf/{place.model.slug}.html" if form.own_page else "crf/form.html", context, status=status)


def problems(form: CrfForm, rows: dict[str, CrfRows]) -> list[tuple[str, str, str]]:
    """(HTML name, question, sentence) of everything that was refused, in the order of the form."""
    found = []
    for part in [form, *(row for formset in rows.values() for row in formset)]:
        for name, sentences in part.errors.items():
            known = name in part.fields
            label = str(part.fields[name].label) if known else ""
            where = part.add_prefix(name.removesuffix("_missing")) if known else ""
            found += [(where, label, str(sentence)) for sentence in sentences]
    for formset in rows.values():
        found += [("", "", str(sentence)) for sentence in formset.non_form_errors()]
    return found


def _listed(request: HttpRequest, place: Place) -> HttpResponse:
    """All records of a repeating form."""
    records = place.model._default_manager.filter(participant=place.participant).order_by("number")
    context = {
        "participant": place.participant,
        "title": place.model._meta.verbose_name_plural,
        "places": [Place(place.participant, place.model, record) for record in records],
        "new": place,
        "may_enter": request.user.may(May.ENTER, place.participant.site_id),
    }
    return render(request, "crf/list.html", context)


@require_safe
def logbook(
    request: HttpRequest, code: str, slug: str, number: int | None = None, visit: str | None = None
) -> HttpResponse:
    """Who changed what of this record, when and why; `?field=` for one field."""
    place = _place(request.user, code, slug, number, visit)
    if place.record.pk is None:
        raise Http404
    name = request.GET.get("field", "")
    context = {
        "participant": place.participant,
        "place": place,
        "title": place.model._meta.verbose_name,
        "record": place.record,
        "entries": history.of(place.record, place.participant.site.tz, name),
        "field": next((f.verbose_name for f in place.model._meta.fields if f.name == name), ""),
    }
    return render(request, "crf/history.html", context)


@require_POST
def void(
    request: HttpRequest, code: str, slug: str, number: int | None = None, visit: str | None = None
) -> HttpResponse:
    """Take a record out of the count, with a reason; it stays readable."""
    place = _place(request.user, code, slug, number, visit)
    require(request.user, May.VOID, place.participant.site_id)
    if place.record.pk is None:
        raise Http404
    posted = request.POST.get("version", "")
    try:
        version = int(posted) if posted.isdecimal() and len(posted) < 9 else -1
        services.void(place.record, by=request.user, reason=request.POST.get("reason", ""), version=version)
    except (services.Stale, ValidationError) as error:
        form = _form(place, request.user, timezone.now())
        context_status = 409 if isinstance(error, services.Stale) else 422
        form.void_error = error.messages[0] if isinstance(error, ValidationError) else str(error)
        return _page(request, place, form, _rows(place, form), status=context_status)
    return redirect("casebook", place.participant.code)
