"""What a page sends besides answers: its last field, and the secrets that no page may ever give back."""

from typing import Any

from django.http import QueryDict

LAST, LAST_SAYS = "whole", "yes"  # templates/_whole.html: where it is absent, not everything came
# A password or a code is typed again each time: it is held in no page, and kept nowhere.
SECRETS = frozenset(
    {
        "password", "code", "again-password", "again-code",
        "new_password", "new_password_again", "new_code", "passkey",
    }
)  # fmt: skip
_OF_THE_PAGE = frozenset({"csrfmiddlewaretoken", LAST})


def is_whole(sent: QueryDict) -> bool:
    """Whether the last field of the page came."""
    return sent.get(LAST) == LAST_SAYS


def without_again(sent: QueryDict) -> QueryDict:
    """What the page sent before the pause, without what was asked in between: a form may have a question "again"."""
    left = sent.copy()
    for name in ("again-for", "again-password", "again-code"):
        left.pop(name, None)
    return left


def to_hold(sent: QueryDict) -> list[tuple[str, Any]]:
    """What a page in between may hold of what was sent, to send it on."""
    kept = [name for name in sent if name not in SECRETS and name not in _OF_THE_PAGE]
    return [(name, value) for name in kept for value in sent.getlist(name)]
