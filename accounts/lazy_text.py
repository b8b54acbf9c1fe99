"""A sentence that people read: said now, or translated when it is shown (`gettext_lazy`, `str()` says it)."""

from typing import TYPE_CHECKING

from django.utils.functional import Promise

if TYPE_CHECKING:  # the types of Django are there in development only
    from django_stubs_ext import StrOrPromise as StrOrPromise
else:
    StrOrPromise = str | Promise
