"""What is sent is taken whole and as it was sent, or not at all (docs/adr/0060).

A body that was cut off in transit would blank the answers that did not arrive, in the name of whoever sent it; a byte
that is not UTF-8 would become another letter than was typed. Neither comes from a page of ours by itself.
"""

import re
from collections.abc import Callable
from urllib.parse import unquote_to_bytes

from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.urls import Resolver404, ResolverMatch, resolve
from django.utils.translation import gettext as _

from accounts import sent
from accounts.marks import by_a_script
from sbrtspine.views import bad_request

FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
LOST = "\ufffd"  # what a decoder puts where it could not read


class Whole:
    """Refuses with 400 what did not come whole, or cannot be read as it was sent; nothing of it reaches a view."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method != "POST":
            return self.get_response(request)
        try:
            check(request)
        except BadRequest as fault:
            request.resolver_match = _match(request)  # for the log
            return bad_request(request, fault)
        return self.get_response(request)


def check(request: HttpRequest) -> None:
    """BadRequest with a sentence, where this POST is not what a page of ours sends."""
    try:
        if _length(request) < 0:
            raise BadRequest(_("It does not say how long it is."))
        body = request.body
        read = _read(request, body)
        lost = sum(text.count(LOST) for name, values in request.POST.lists() for text in (name, *values))
    except (UnreadablePostError, MultiPartParserError, SuspiciousOperation) as error:
        raise BadRequest(_("It did not come whole, or is more than any page of this system sends.")) from error
    except UnicodeDecodeError as error:
        raise BadRequest(_("It holds bytes that are not text (UTF-8).")) from error
    if lost > read.count(LOST):
        raise BadRequest(_("It holds bytes that are not text (UTF-8)."))
    if not _is_whole(request, body):
        raise BadRequest(_("It did not come whole: its end is missing."))


def _read(request: HttpRequest, body: bytes) -> str:
    """The body in letters; UnicodeDecodeError where a byte is none."""
    charset = (request.content_params or {}).get("charset", "utf-8")
    if charset.lower() != "utf-8" or (body and request.content_type not in FORMS):
        raise BadRequest(_("It is not written as the pages of this system write (a form, in UTF-8)."))
    unquote_to_bytes(request.META.get("QUERY_STRING", "")).decode()
    return (body if request.content_type == FORMS[1] else unquote_to_bytes(body)).decode()


def _is_whole(request: HttpRequest, body: bytes) -> bool:
    """As long as its head says, closed where it comes in parts, and with the last field of its page."""
    if len(body) != _length(request):
        return False
    boundary = (request.content_params or {}).get("boundary", "")
    if request.content_type == FORMS[1] and not body.rstrip().endswith(f"--{boundary}--".encode()):
        return False
    return sent.is_whole(request.POST) or _has_no_last_field(request)


def _length(request: HttpRequest) -> int:
    """As its head says; a body in chunks says none, and this server would read nothing of it."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    return int(length) if re.fullmatch("[0-9]{1,9}", length) and "HTTP_TRANSFER_ENCODING" not in request.META else -1


def _has_no_last_field(request: HttpRequest) -> bool:
    """What a script asks has none; nor is one missed at an address that does not exist."""
    match = _match(request)
    return match is None or match.func in by_a_script


def _match(request: HttpRequest) -> ResolverMatch | None:
    try:
        return resolve(request.path_info)
    except Resolver404:
        return None
