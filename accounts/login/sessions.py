"""Where somebody is logged in, and signing a device out from elsewhere."""

from datetime import datetime
from importlib import import_module

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts.models import Person
from accounts.security_log import Act, log

SINCE, SEEN = "since", "seen"  # in the session: logged in at, last asked at (seconds)


def begin(request: HttpRequest, address: str, now: datetime) -> None:
    """Right after a login: remember the device, and start both clocks."""
    request.session[SINCE] = request.session[SEEN] = int(now.timestamp())
    if not request.session.session_key:
        request.session.save()
    agent = request.META.get("HTTP_USER_AGENT", "")[:200]
    fields = {"user": request.user, "ip": address or "0.0.0.0", "user_agent": agent}  # noqa: S104 - unknown, no binding
    UserSession.objects.update_or_create(
        session_key=request.session.session_key, defaults={**fields, "created_at": now, "last_seen_at": now}
    )


def sessions_of(person: Person, now: datetime) -> list[UserSession]:
    """Where this person is logged in now."""
    alive = Session.objects.filter(expire_date__gt=now).values("session_key")
    return list(UserSession.objects.filter(user_id=person.pk, session_key__in=alive).order_by("-last_seen_at"))


def end(person: Person, pk: int, *, now: datetime) -> None:
    """Sign one of one's own devices out; its next request is asked to log in."""
    session = UserSession.objects.filter(user_id=person.pk, pk=pk).first()
    if session is None:
        raise ValidationError(_("That device is signed out already."))
    _end([session.session_key])
    log(Act.What.SESSION_ENDED, now=now, by=person, details={"agent": session.user_agent[:80]})


def end_all(person: Person, but: str | None = None) -> int:
    """Sign every device of somebody out (but the one in hand)."""
    sessions = UserSession.objects.filter(user_id=person.pk).exclude(session_key=but or "")
    keys = list(sessions.values_list("session_key", flat=True))
    _end(keys)
    return len(keys)


def _end(keys: list[str]) -> None:
    UserSession.objects.filter(session_key__in=keys).delete()
    store = import_module(settings.SESSION_ENGINE).SessionStore
    for key in keys:
        store(key).delete()


def forget(request: HttpRequest) -> None:
    """This device logged out, or its session gets a new key."""
    UserSession.objects.filter(session_key=request.session.session_key or "").delete()


def end_others(person: Person, here: str, *, now: datetime) -> None:
    """Sign every device out but this one."""
    if gone := end_all(person, but=here):
        log(Act.What.SESSION_ENDED, now=now, by=person, details={"others": gone})
