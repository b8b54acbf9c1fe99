"""A page sends what it asks for once: a second sending of the same page with the same content is answered as the first.

Each page that makes something carries a new `entry`. Of what is sent its digest is kept, in the transaction of the act
itself: a second sending waits for the first, and finds either its answer or, where it was refused, a free place.
"""

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar
from uuid import UUID

from django.db import connection, models, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone

from accounts.marks import carried_out_once

Request = TypeVar("Request", bound=HttpRequest)
Named = ParamSpec("Named")  # what the address names: a participant's code, a number
View = Callable[Concatenate[Request, Named], HttpResponse]

RETENTION = timedelta(days=2)  # a page that is older has a session that is over
_ASKED_AGAIN = {"csrfmiddlewaretoken", "password", "code", "new_password", "new_password_again", "passkey"}


class Sending(models.Model):
    """One sending that was carried out, and where its answer led."""

    digest = models.CharField(max_length=64, unique=True)
    at = models.DateTimeField(db_index=True)
    led_to = models.CharField(max_length=500, blank=True, default="")

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.digest


def once(view: View[Request, Named]) -> View[Request, Named]:
    """A view whose POST is carried out once for each page and content; without an `entry` each is an act of its own."""

    @wraps(view)
    def sent(request: Request, /, *args: Named.args, **kwargs: Named.kwargs) -> HttpResponse:
        if request.method != "POST" or not _is_uuid(request.POST.get("entry", "")):
            return view(request, *args, **kwargs)
        digest = _digest(request)
        with transaction.atomic():
            if not _begin(digest):
                return redirect(get_object_or_404(Sending, digest=digest).led_to)
            answer = view(request, *args, **kwargs)
            mine = Sending.objects.filter(digest=digest)
            if answer.status_code == 302:
                mine.update(led_to=answer.headers["Location"])
            else:
                mine.delete()
        return answer

    return carried_out_once(sent)


def _begin(digest: str) -> bool:
    """Take the place of this sending; whoever comes second waits here until the first is through."""
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM accounts_sending WHERE id IN"
            " (SELECT id FROM accounts_sending WHERE at < %s LIMIT 50 FOR UPDATE SKIP LOCKED)",
            [now - RETENTION],
        )
        cursor.execute(
            "INSERT INTO accounts_sending (digest, at, led_to) VALUES (%s, %s, '') ON CONFLICT DO NOTHING",
            [digest, now],
        )
        return bool(cursor.rowcount == 1)


def _digest(request: HttpRequest) -> str:
    """Whose, where and what; nothing of what is asked again as a proof of who one is."""
    sent = sorted((name, values) for name, values in request.POST.lists() if name not in _ASKED_AGAIN)
    parts = [str(request.user.pk), request.get_full_path(), sent]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _is_uuid(text: str) -> bool:
    try:
        return bool(UUID(text))
    except ValueError:
        return False
