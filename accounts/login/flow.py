"""Coming in: the password, then the second factor, then the session; each failure is counted and written down."""

import secrets
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth import authenticate, login
from django.core import signing
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from accounts import mail
from accounts.login import attempts, client_ip, factors, sessions
from accounts.models import Person
from accounts.security_log import Act, log

PENDING = "pending"  # in the session: who gave the right password and still owes the second factor
PENDING_SECONDS = 300
DEVICE = "device"
DEVICE_SECONDS = 180 * 24 * 3600


def _too_many() -> ValidationError:
    return ValidationError(
        _("Too many tries from here. Wait a quarter of an hour. Where you have logged in before, you still can.")
    )


def device(request: HttpRequest) -> dict[str, Any]:
    """This browser's own cookie: a number of its own, and the people who have come in with it."""
    try:
        known: dict[str, Any] = signing.loads(request.COOKIES.get(DEVICE, ""), salt=DEVICE, max_age=DEVICE_SECONDS)
        return known
    except signing.BadSignature:
        return {"id": "", "people": []}


def _counted(request: HttpRequest, username: str, person: Person | None) -> dict[str, attempts.Limit]:
    known = device(request)
    mine = known["id"] if person and person.pk in known["people"] else ""
    return attempts.keys(username, client_ip.client_ip(request), device=mine)


def _count(request: HttpRequest, username: str, person: Person | None, now: datetime) -> None:
    """Count this try before it is judged; too many are told to the owner, and refused."""
    over, first = attempts.begin(_counted(request, username, person), now)
    if first:
        mail.warn_of_failures(person, person.username if person else "", client_ip.client_ip(request), now)
    if over:
        raise _too_many()


def check_password(request: HttpRequest, username: str, password: str, now: datetime) -> Person:
    """The first step. ValidationError says no more than that the two do not belong together."""
    meant = Person.objects.filter(username__iexact=username).first()
    _count(request, username, meant, now)
    person = authenticate(request, username=meant.username if meant else username, password=password)
    if person is None:
        _failed(request, meant, "password", now)
        raise ValidationError(_("This user name and password do not belong together. Try again."))
    return person


def check_second_factor(request: HttpRequest, person: Person, answer: str, now: datetime) -> None:
    """The second step."""
    _count(request, person.username, person, now)
    if not factors.check(person, answer, now):
        _failed(request, person, "second factor", now)
        raise ValidationError(_("This code is not right, or was used already. Wait for the next one."))


def _failed(request: HttpRequest, person: Person | None, part: str, now: datetime) -> None:
    """What was typed as a name that is nobody's is not kept: it may be a password."""
    log(
        Act.What.LOGIN_FAILED,
        now=now,
        person=person,
        address=client_ip.client_ip(request) or None,
        details={"part": part},
    )


def ask_factor(request: HttpRequest, person: Person, to: str, now: datetime) -> None:
    """Remember, for five minutes, that the password was right."""
    request.session[PENDING] = {"person": person.pk, "to": to, "at": int(now.timestamp())}


def pending(request: HttpRequest, now: datetime) -> tuple[Person, str] | None:
    """Who still owes the second factor, and where to go then."""
    pending_login = request.session.get(PENDING)
    if not pending_login or now.timestamp() - pending_login["at"] > PENDING_SECONDS:
        return None
    person = Person.objects.filter(pk=pending_login["person"], is_active=True).first()
    return (person, pending_login["to"]) if person else None


def complete_login(request: HttpRequest, person: Person, response: HttpResponse, now: datetime) -> HttpResponse:
    """Both steps are done: a new session, and a device that is known from now on."""
    request.session.pop(PENDING, None)
    login(request, person, backend=settings.AUTHENTICATION_BACKENDS[0])
    sessions.begin(request, client_ip.client_ip(request), now)
    attempts.succeeded(_counted(request, person.username, person))
    log(Act.What.LOGIN, now=now, by=person, address=client_ip.client_ip(request) or None)
    known = device(request)
    people = [person.pk, *(pk for pk in known["people"] if pk != person.pk)][:20]  # a ward's computer has many
    value = signing.dumps({"id": known["id"] or secrets.token_hex(16), "people": people}, salt=DEVICE)
    response.set_cookie(
        DEVICE, value, max_age=DEVICE_SECONDS, httponly=True, secure=settings.SESSION_COOKIE_SECURE, samesite="Lax"
    )
    return response
