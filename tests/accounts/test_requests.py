"""A view that asks for somebody who is logged in is reached by nobody else."""

from inspect import signature, unwrap

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.requests import AuthedRequest


def patterns(within=None):
    """Every address, in whatever file it is declared."""
    for pattern in within if within is not None else get_resolver().url_patterns:
        if isinstance(pattern, URLResolver):
            yield from patterns(pattern.url_patterns)
        elif isinstance(pattern, URLPattern):
            yield pattern


OPEN_TO_ALL = [pattern for pattern in patterns() if not getattr(pattern.callback, "login_required", True)]


def asks_for_somebody(view) -> bool:
    return any(one.annotation is AuthedRequest for one in signature(unwrap(view)).parameters.values())


def test_most_views_ask_for_somebody():
    assert sum(asks_for_somebody(pattern.callback) for pattern in patterns()) > 50


@pytest.mark.parametrize("pattern", OPEN_TO_ALL, ids=lambda pattern: pattern.name)
def test_a_view_without_the_login_asks_for_nobody(pattern):
    """It would meet an AnonymousUser, which has no roles and no sites."""
    assert not asks_for_somebody(pattern.callback)
