"""Signing off a participant: the primary endpoint, and the casebook."""

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts.once import once
from accounts.permissions import require
from accounts.requests import AuthedRequest
from accounts.roles import Permission
from oversight import sign_off
from oversight.casebook import loading, timeline
from oversight.casebook.book import Casebook
from oversight.endpoint import history
from protocol.study import STUDY
from records import selectors, signing
from records.model import registry
from records.model.base import Status, VisitRecord
from records.models import Participant
from records.views.sign import sign_context, with_password
from records.workflow import signatures, states

TITLES = {sign_off.ENDPOINT: gettext_lazy("Primary endpoint"), sign_off.CASEBOOK: gettext_lazy("Casebook")}


@require_http_methods(["GET", "HEAD", "POST"])
@once
def sign(request: AuthedRequest, code: str, scope: str) -> HttpResponse:
    """Sign what is derived from many records, exactly as this page shows it."""
    participant = selectors.participant(request.user, code)
    require(request.user, Permission.SIGN_OFF, participant.site_id)
    back = reverse("endpoint" if scope == sign_off.ENDPOINT else "casebook", args=[code])
    error = None
    if request.method == "POST":
        try:
            _sign(request, participant, scope)
            return redirect(back)
        except ValidationError as refused:
            error = refused
    content = signatures.canonical(sign_off.content(participant, scope))
    context = {
        "participant": participant,
        "title": TITLES[scope],
        "what": participant.code,
        "back": back,
        "seen": signatures.digest_of(content),
        "answers": _shown(participant, scope),
        "refusal": _refusal(participant, scope),
        "zone": participant.site.zone,
        **sign_context(request, error),
    }
    return render(request, "crf/sign.html", context, status=422 if error else 200)


def _sign(request: AuthedRequest, participant: Participant, scope: str) -> None:
    now = timezone.now()
    if refused := _refusal(participant, scope):
        raise ValidationError(refused)
    with_password(request, now)
    signing.sign_whole(
        participant,
        scope,
        lambda: sign_off.content(participant, scope),
        by=request.user,
        seen=request.POST.get("seen", ""),
        meaning=request.POST.get("meaning", ""),
        now=now,
    )


def _refusal(participant: Participant, scope: str) -> str:
    """A casebook is signed when nothing in it is a draft any more; an endpoint when it can be told."""
    book = loading.load([participant])[participant.pk]
    if scope == sign_off.ENDPOINT:
        endpoint = history.judged(book)[0][1]
        return _("It cannot be told yet: %s.") % endpoint.because if endpoint.verdict == "undetermined" else ""
    drafts = [record for record in book.everything() if record.status == Status.DRAFT]
    names = ", ".join(sorted({str(record._meta.verbose_name) for record in drafts}))
    return _("Still drafts: %s. Complete or void them first.") % names if drafts else ""


def _shown(participant: Participant, scope: str) -> list[tuple[str, str]]:
    """What is signed, in words."""
    book = loading.load([participant])[participant.pk]
    if scope == sign_off.ENDPOINT:
        return [
            (variant.title, f"{endpoint.verdict}: {endpoint.because}") for variant, endpoint in history.judged(book)
        ]
    sign_off.load_attestations(book)
    forms = [(cell.title, cell.words) for cell in timeline.forms(book)]
    lists = [(cell.title, cell.words) for _title, _url, cells in timeline.lists(book) for cell in cells]
    return [*forms, *_visits(book), *lists]


def _visits(book: Casebook) -> list[tuple[str, str]]:
    """Each visit with the forms recorded at it."""
    titles = {slug: str(model._meta.verbose_name) for slug, model in registry.forms().items()}
    by_visit: dict[str, list[str]] = {}
    for record in book.forms():
        if isinstance(record, VisitRecord):
            words = f"{titles[record.slug]}: {states.WORDS[states.state(record)]}"
            by_visit.setdefault(record.visit, []).append(words)
    order = {visit.code: place for place, visit in enumerate(STUDY.visits)}
    codes = sorted(by_visit, key=lambda code: (order.get(code, len(order)), code))
    return [(STUDY.visit_name(code), "; ".join(by_visit[code])) for code in codes]
