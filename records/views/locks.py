"""The pages of freezing and locking: one for a participant, one for the study."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import site_scope
from accounts.models import Person
from accounts.once import once
from accounts.permissions import everywhere, require, require_everywhere
from accounts.requests import AuthedRequest
from accounts.roles import Permission
from protocol.study import STUDY
from records import named, selectors
from records.model import registry
from records.model.base import Status
from records.models import Participant
from records.workflow import locks
from records.workflow.locks import Lock

OPEN_WORK = 20  # drafts named in a refusal; more are counted


@require_http_methods(["GET", "HEAD", "POST"])
@once
def participant(request: AuthedRequest, code: str) -> HttpResponse:
    """What is closed of one participant, and closing more of it."""
    about = selectors.participant(request.user, code)
    return _page(request, about, about.site_id)


@require_http_methods(["GET", "HEAD", "POST"])
@once
def study(request: AuthedRequest) -> HttpResponse:
    """Closing the study as a whole."""
    require(request.user, Permission.SEE)
    return _page(request, None, None)


def _page(request: AuthedRequest, about: Participant | None, site_id: int | None) -> HttpResponse:
    error = None
    if request.method == "POST":
        _require(request.user, Permission.LOCK, site_id)
        try:
            _close(request, about)
            return redirect(request.path)
        except ValidationError as refused:
            error = refused
    standing = [lock for lock in locks.covering(about) if about is not None or lock.participant_id is None]
    past = list(Lock.objects.filter(participant=about, released_at__isnull=False).select_related("released_by")[:50])
    keys = {lock: (lock.table, lock.record_id) for lock in (*standing, *past) if lock.record_id is not None}
    titles = named.titles(keys.values())
    for lock in (*standing, *past):
        lock.about = titles.get(keys[lock], "") if lock in keys else ""
    context = {
        "participant": about,
        "standing": standing,
        "past": past,
        "visits": [(code, STUDY.visit_name(code)) for code in STUDY.visit_codes],
        "forms": _forms(about) if about else [],
        "may_lock": _may(request.user, Permission.LOCK, site_id),
        "may_unlock": _may(request.user, Permission.UNLOCK, site_id),
        "kinds": Lock.Kind.choices,
        "errors": error.messages if error else [],
        "typed": request.POST or request.GET,
        "zone": about.site.zone if about else STUDY.zone,
        "base": "participant_base.html" if about else "base.html",
    }
    return render(request, "crf/locks.html", context, status=422 if error else 200)


def _require(person: Person, what: Permission, site_id: int | None) -> None:
    """The study as a whole is closed and opened by who may do so at every site."""
    if site_id is None:
        require_everywhere(person, what)
    else:
        require(person, what, site_id)


def _may(person: Person, what: Permission, site_id: int | None) -> bool:
    return everywhere(person, what) if site_id is None else person.may(what, site_id)


def _close(request: AuthedRequest, about: Participant | None) -> None:
    """Freeze or lock what was chosen: "participant", "visit d60", "record <table> <id>" or the study."""
    kind = request.POST.get("kind", "")
    if kind not in Lock.Kind.values:
        raise ValidationError(_("Choose whether to freeze or to lock."))
    what = _chosen(request.POST.get("what", "").replace("\x00", ""), about)
    if kind == Lock.Kind.LOCK and (n := _open_work(what)):
        params = {"n": n, "names": ", ".join(_drafts(what)[:OPEN_WORK])}
        raise ValidationError(_("Not locked: %(n)s drafts are open (%(names)s). Complete or void them first.") % params)
    reason = request.POST.get("reason", "")
    locks.close(what, kind, by=request.user, reason=reason, now=timezone.now())


def _chosen(what: str, about: Participant | None) -> dict[str, Any]:
    scope, _space, rest = what.partition(" ")
    if about is None:
        return locks.target(Lock.Scope.STUDY)
    if scope == "participant":
        return locks.target(Lock.Scope.PARTICIPANT, about)
    if scope == "visit" and rest in STUDY.visit_codes:
        return locks.target(Lock.Scope.VISIT, about, visit=rest)
    if scope == "record":
        slug, _space, pk = rest.partition(" ")
        model = registry.forms().get(slug)
        if model and pk.isdecimal() and len(pk) < 18:
            record = selectors.records_of(model, about).filter(pk=int(pk)).first()
            if record is not None:
                return locks.target(Lock.Scope.RECORD, about, record=record)
    raise ValidationError(_("Choose what to close."))


def _open_work(what: dict[str, Any]) -> int:
    """How many drafts stand in the way, at every site; only those of one's own are named."""
    with site_scope.all_sites():
        return len(_drafts(what))


def _drafts(what: dict[str, Any]) -> list[str]:
    """The drafts that a lock would close for ever."""
    names = []
    for model in registry.forms().values():
        drafts = model._default_manager.filter(status=Status.DRAFT, voided_at__isnull=True)
        if what["participant"] is not None:
            drafts = drafts.filter(participant=what["participant"])
        if what["scope"] == Lock.Scope.VISIT:
            drafts = drafts.filter(Q(visit=what["visit"])) if registry.is_per_visit(model) else drafts.none()
        elif what["scope"] == Lock.Scope.RECORD:
            drafts = drafts.filter(pk=what["record_id"]) if model._meta.db_table == what["table"] else drafts.none()
        for draft in drafts.select_related("participant"):
            names.append(f"{draft.participant.code} {named.title(draft)}")
    return names


def _forms(about: Participant) -> list[tuple[str, str]]:
    """Every form of a participant that can be closed by itself."""
    return [
        (f"record {slug} {record.pk}", named.title(record))
        for slug, model in registry.forms().items()
        for record in selectors.records_of(model, about)
    ]


@require_POST
@once
def open_again(request: AuthedRequest, lock: int) -> HttpResponse:
    """Lift a freeze, ask to unlock, or agree to somebody else's asking."""
    lock_row = get_object_or_404(Lock, pk=lock)
    about = selectors.participant(request.user, lock_row.participant.code) if lock_row.participant else None
    site_id = about.site_id if about else None
    agreeing = request.POST.get("act") == "agree"
    _require(request.user, Permission.UNLOCK if agreeing else Permission.LOCK, site_id)
    now = timezone.now()
    try:
        if agreeing:
            locks.agree(lock_row, by=request.user, now=now)
        else:
            locks.ask(lock_row, by=request.user, reason=request.POST.get("reason", ""), now=now)
    except ValidationError as error:
        context = {"participant": about, "sentences": error.messages, "back": _back(about)}
        return render(request, "crf/refused.html", context, status=422)
    return redirect(_back(about))


def _back(about: Participant | None) -> str:
    return reverse("locks", args=[about.code]) if about else reverse("study-locks")
