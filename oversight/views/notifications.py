"""The pages of messages: one's own, how one wants to be told, what became of everybody's, and the demo's mailbox."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.marks import about_nobody
from accounts.once import once
from accounts.permissions import require
from accounts.requests import AuthedRequest
from accounts.roles import Permission
from oversight.alert_types import ALERT_TYPES
from oversight.models import Message, MessagePreference, Urgency
from oversight.notifications import demo_mailbox, notify, outbox
from protocol.study import STUDY
from records import paging
from records.model.form_fields import WholeNumber

PAGE = 100
LOOK_BACK = timedelta(days=30)
BACK = ("worklist", "messages")


if TYPE_CHECKING:  # Django's form takes its model only from a type checker
    _ModelForm = ModelForm[MessagePreference]
else:
    _ModelForm = ModelForm


class PreferenceForm(_ModelForm):
    class Meta:
        model = MessagePreference
        fields = ["mode", "digest_hour", "quiet_from", "quiet_to"]
        field_classes = dict.fromkeys(fields[1:], WholeNumber)


@require_safe
def listing(request: AuthedRequest) -> HttpResponse:
    """One's own messages, what waits for an answer and what is unread first; `?by=date`: all of them, page by page."""
    return _page(request, PreferenceForm(instance=_preference(request)))


def _page(request: AuthedRequest, form: PreferenceForm, status: int = 200) -> HttpResponse:
    mine = notify.inbox(request.user)
    if request.GET.get("by") == "date":
        messages, older = _page_of(request, mine)
        more = 0
    else:
        older, rest = None, notify.others(mine)
        messages = [*notify.unanswered(mine), *rest[:PAGE]]
        more = max(0, rest.count() - PAGE) if len(messages) >= PAGE else 0
    context = {
        "lines": _lines(messages),
        "more": more,
        "older": older,
        "now": timezone.now(),
        "form": form,
        "may_audit": request.user.may(Permission.AUDIT),
        "mailbox": settings.DEMO,
    }
    return render(request, "oversight/notifications/messages.html", context, status=status)


def _page_of(request: HttpRequest, messages: QuerySet[Message]) -> tuple[list[Message], int | None]:
    """The newest, or those before one of them; and the one before which there are more."""
    before = paging.before(request.GET.get("before", ""))
    page = list((messages.filter(pk__lt=before) if before else messages)[: PAGE + 1])
    return page[:PAGE], page[PAGE - 1].pk if len(page) > PAGE else None


def _lines(messages: list[Message]) -> list[dict[str, Any]]:
    """Each message with its words, the address of the field that settles it, and who acknowledged it."""
    by = notify.acknowledged(messages)
    lines = []
    for message in messages:
        alert = message.alert
        url = reverse("casebook", args=[alert.participant.code]) if alert else reverse("safety")
        lines.append(
            {
                "message": message,
                "what": ALERT_TYPES[alert.kind].what if alert else _("New enrolment is locked: decide"),
                "why": alert.because if alert else message.lock.because if message.lock else "",
                "url": url + (ALERT_TYPES[alert.kind].form.format(alert.subject) if alert else ""),
                "zone": alert.participant.site.zone if alert else STUDY.zone,
                "by": by.get((message.alert_id, message.lock_id)),
                "needed": (needed := notify.needed(message)),
                "to_acknowledge": needed and message.urgency == Urgency.SAFETY and not message.acknowledged_at,
                "due": alert.due_at if alert and alert.kind not in notify.INFORMS else None,
            }
        )
    return lines


def _preference(request: AuthedRequest) -> MessagePreference:
    preference = MessagePreference.objects.filter(person=request.user).first()
    return preference or MessagePreference(person=request.user)


@require_POST
@once
def acknowledge(request: AuthedRequest, message: int) -> HttpResponse:
    """Take note of what one was told, for everybody; back to where one was."""
    own_message = get_object_or_404(notify.inbox(request.user), pk=message)
    notify.acknowledge(request.user, own_message, timezone.now())
    back = request.POST.get("back")
    return redirect(reverse(back if back in BACK else "messages") + f"#m-{own_message.pk}")


@about_nobody
@require_POST
def seen(request: AuthedRequest) -> HttpResponse:
    """The page says by itself what has been shown; nothing to be seen comes back."""
    ids = [int(pk) for pk in request.POST.getlist("message") if pk.isdecimal() and len(pk) < 18]
    notify.see(request.user, ids, timezone.now())
    return HttpResponse(status=204)


@require_http_methods(["POST"])
@once
def preferences(request: AuthedRequest) -> HttpResponse:
    """How this person wants to be mailed what is not about safety."""
    form = PreferenceForm(request.POST, instance=_preference(request))
    if not form.is_valid():
        return _page(request, form, status=422)
    if form.has_changed():
        form.save()
    return redirect(reverse("messages") + "#preferences")


@require_safe
def log(request: AuthedRequest) -> HttpResponse:
    """What was sent, seen and acknowledged by whom; without participants for those who may see none."""
    require(request.user, Permission.AUDIT)
    only = request.GET.get("only", "")
    messages = notify.visible(request.user, Permission.AUDIT)
    if only == "failing":
        messages = messages.filter(mail__sent_at=None, mail__not_needed_at=None).exclude(mail__last_error="")
    elif only == "open":
        messages = messages.filter(urgency=Urgency.SAFETY, acknowledged_at=None, alert__outcome="open")
    messages = messages.select_related("alert__participant__site", "lock", "mail", "person").order_by("-pk")
    page, older = _page_of(request, messages)
    context = {
        "lines": _lines(page),
        "older": older,
        "only": only,
        "slowest": outbox.slowest(timezone.now() - LOOK_BACK),
        "sees": request.user.site_ids(),
        "zone": STUDY.zone,
    }
    return render(request, "oversight/notifications/message_log.html", context)


@about_nobody
@require_safe
def mail(request: HttpRequest) -> HttpResponse:
    """What the demo has mailed, newest first; elsewhere there is no such page."""
    if not settings.DEMO:
        raise Http404
    return render(
        request,
        "oversight/notifications/mailbox.html",
        {"letters": demo_mailbox.letters(settings.MAILBOX), "kept": demo_mailbox.is_used()},
    )
