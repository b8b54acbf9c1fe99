"""The calendar page, and the feed behind a secret address."""

from itertools import groupby

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.marks import about_nobody
from accounts.permissions import require
from accounts.requests import AuthedRequest
from accounts.roles import Permission
from oversight import calendar_feed
from oversight.models import CalendarFeed
from protocol.study import STUDY
from records import paging


@require_safe
def page(request: AuthedRequest) -> HttpResponse:
    """Coming visits and deadlines by day; `?all=1`: also what other roles act on; `?page=2`: later visits."""
    require(request.user, Permission.SEE)
    return _page(request)


def _page(request: AuthedRequest, secret: str = "") -> HttpResponse:
    now = timezone.now()
    everything = request.GET.get("all") == "1"
    page = paging.number(request.GET.get("page", ""))
    start = (page - 1) * calendar_feed.MAX_ENTRIES
    entries = calendar_feed.entries(request.user, now, mine=not everything, start=start, most=calendar_feed.MAX_ENTRIES)
    visits = calendar_feed.visits(request.user, now, not everything)
    context = {
        "days": [(day, list(of_day)) for day, of_day in groupby(entries, lambda entry: entry.day)],
        "all": everything,
        "page": page,
        "first": start + 1,
        "last": min(start + calendar_feed.MAX_ENTRIES, visits),
        "visits": visits,
        "cut": visits > calendar_feed.MAX_ENTRIES,
        "next": page + 1 if start + calendar_feed.MAX_ENTRIES < visits else None,
        "now": now,
        "ahead": calendar_feed.HORIZON.days,
        "feed": CalendarFeed.objects.filter(person=request.user).first(),
        "address": f"{settings.PUBLIC_URL}{reverse('calendar-feed', args=[secret])}" if secret else "",
        "zone": STUDY.zone,
    }
    return render(request, "oversight/worklist/calendar.html", context)


@require_POST
def address(request: AuthedRequest) -> HttpResponse:
    """Make a secret address, show it once; or stop it."""
    require(request.user, Permission.SEE)
    if "stop" in request.POST:
        calendar_feed.stop(request.user)
        return redirect("calendar")
    return _page(request, calendar_feed.renew(request.user, timezone.now()))


@login_not_required
@about_nobody
@require_safe
def feed(request: HttpRequest, secret: str) -> HttpResponse:
    """What a calendar program asks for; an address that was renewed or stopped does not exist."""
    owned = calendar_feed.owner(secret)
    if owned is None:
        raise Http404
    link = f"{settings.PUBLIC_URL}{reverse('calendar')}"
    return HttpResponse(calendar_feed.feed(owned, timezone.now(), link), content_type="text/calendar; charset=utf-8")
