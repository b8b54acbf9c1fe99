"""The pages of comparing a form with its source, and of signing it."""

from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.login import client_ip
from accounts.login.reauthentication import confirm
from accounts.once import once
from accounts.permissions import require
from accounts.requests import AuthedRequest
from accounts.roles import Permission
from records import selectors, services, signing
from records.entry import target
from records.entry.display import display_answer, row_in_words
from records.entry.target import FormTarget
from records.model.forms import CrfForm
from records.workflow import attestations, states
from records.workflow.signatures import Signature


def version_of(request: HttpRequest) -> int:
    """The version that the page was opened with; one that cannot be is stale."""
    posted = request.POST.get("version", "")
    return int(posted) if posted.isdecimal() and len(posted) < 9 else -1


def _saved_place(request: AuthedRequest, code: str, slug: str, number: int | None, visit: str | None) -> FormTarget:
    place = target.find(request.user, code, slug, number, visit)
    if place.record.pk is None:
        raise Http404
    return place


@require_POST
@once
def verify(
    request: AuthedRequest, code: str, slug: str, number: int | None = None, visit: str | None = None
) -> HttpResponse:
    """Mark the ticked answers, or the whole form, as compared with the source."""
    place = _saved_place(request, code, slug, number, visit)
    require(request.user, Permission.VERIFY, place.participant.site_id)
    whole = request.POST.get("which") == "all"
    names = None if whole else request.POST.getlist("field")
    try:
        if names == []:
            raise ValidationError(_("Tick the answers that you compared, or take the whole form."))
        signing.verify(place.record, by=request.user, version=version_of(request), now=timezone.now(), names=names)
    except (services.Stale, ValidationError) as error:
        return refused(request, place, error)
    return redirect(place.url())


def refused(request: HttpRequest, place: FormTarget, error: Exception) -> HttpResponse:
    """Why not, on a page of its own, with the way back."""
    stale = isinstance(error, services.Stale)
    sentences = error.messages if isinstance(error, ValidationError) else [str(error)]
    context = {"participant": place.participant, "sentences": sentences, "back": place.url(), "stale": stale}
    return render(request, "crf/refused.html", context, status=409 if stale else 422)


@require_http_methods(["GET", "HEAD", "POST"])
@once
def sign(
    request: AuthedRequest, code: str, slug: str, number: int | None = None, visit: str | None = None
) -> HttpResponse:
    """Sign a form: the password again, a meaning, and the form as this page shows it."""
    place = _saved_place(request, code, slug, number, visit)
    require(request.user, place.model.signed_by, place.participant.site_id)
    if request.method == "POST":
        now = timezone.now()
        try:
            with_password(request, now)
            meaning = request.POST.get("meaning", "")
            signing.sign_record(place.record, by=request.user, version=version_of(request), meaning=meaning, now=now)
        except services.Stale as stale:
            return refused(request, place, stale)
        except ValidationError as error:
            return _sign_page(request, place, error)
        return redirect(place.url())
    return _sign_page(request, place)


def with_password(request: AuthedRequest, now: Any) -> None:
    """The password, and the second factor for who has one; counted like a login."""
    confirm(
        request.user, request.POST.get("password", ""), request.POST.get("code", ""), client_ip.client_ip(request), now
    )


def _sign_page(request: AuthedRequest, place: FormTarget, error: ValidationError | None = None) -> HttpResponse:
    record = place.record
    rows = selectors.child_rows(record)
    attestations.load([record], {attestations.key(record): rows})
    form = target.form_of(place, request.user, timezone.now())
    context = {
        "participant": place.participant,
        "title": place.model._meta.verbose_name,
        "what": place.participant.code,
        "back": place.url(),
        "version": record.version,
        "answers": _answers(form),
        "rows": [(row._meta.verbose_name, row_in_words(row)) for row in rows],
        "refusal": states.refusal(record, "sign"),
        "zone": place.participant.site.zone,
        **sign_context(request, error),
    }
    return render(request, "crf/sign.html", context, status=422 if error else 200)


def sign_context(request: AuthedRequest, error: ValidationError | None) -> dict[str, Any]:
    """What every signing page shows: the meanings, who signs, and what was refused."""
    by_field = error.message_dict if error is not None and hasattr(error, "error_dict") else {}
    general = error.messages if error is not None and not by_field else by_field.pop("__all__", [])
    return {
        "meanings": Signature.Meaning.choices,
        "typed": request.POST,
        "errors": by_field,
        "general": general,
        "role": ", ".join(str(role.label) for role in request.user.roles),
    }


def _answers(form: CrfForm) -> list[tuple[str, str]]:
    answers = []
    for name, field in form.crf.items():
        code = form.instance.missing.get(name, "")
        value = field.value_from_object(form.instance)
        if code or value not in (None, "", []):
            answers.append((str(field.verbose_name), display_answer(field, value, code, form.zone)))
    return answers
