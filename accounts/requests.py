"""What a view behind the login is handed."""

from typing import TypeGuard

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from accounts.models import Person


class AuthedRequest(HttpRequest):
    """A request of somebody who is logged in: Django's LoginRequiredMiddleware lets no other through to such a view."""

    user: Person
    htmx: HtmxDetails
    read_about: str  # whom a page is about where its address does not say: set by records.audit.read_log


def is_authed(request: HttpRequest) -> TypeGuard[AuthedRequest]:
    """Whether somebody is logged in, where also those come who are not."""
    return request.user.is_authenticated
