"""What a password may not be, besides short: on the list of leaked ones behind a thin disguise, or words of this trial.

NIST SP 800-63B: length and a list of known passwords; no rules about kinds of characters, no change by the calendar.
"""

import re
from typing import Any

from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

CONTEXT = (
    "blend",
    "sbrt",
    "sbrtspine",
    "spine",
    "trial",
    "study",
    "utrecht",
    "umcu",
    "hospital",
    "welcome",
    "password",
)
_LEET = str.maketrans("01345$@!7", "oieassait")


class NotKnownOrNamed:
    """Refuse "Password2026!!!", "blend-trial-blend" and "aaaaaaaaaaaa": what is tried first."""

    def __init__(self) -> None:
        self.common = CommonPasswordValidator().passwords

    def validate(self, password: str, user: Any = None) -> None:
        plain = password.casefold()
        names = [part for part in re.split(r"\W+", self._names(user).casefold()) if len(part) > 2]
        left = plain
        for word in (*CONTEXT, *names):
            left = left.replace(word, "")
        core = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", plain)
        disguises = (re.sub(r"[\W\d_]+", "", core), re.sub(r"[\W\d_]+", "", core.translate(_LEET)))
        disguised = any(2 * len(disguise) >= len(plain) and disguise in self.common for disguise in disguises)
        rest = re.sub(r"[\W\d_]+", "", left)
        if disguised or self._repeats(plain) or (left != plain and len(rest) < 4):
            raise ValidationError(
                _("This is among the first that anybody would try. Take four words that do not belong together.")
            )

    def _names(self, user: Any) -> str:
        return f"{user.username} {user.first_name} {user.last_name} {user.email}" if user else ""

    def _repeats(self, text: str) -> bool:
        return len(set(text)) < 5 or re.fullmatch(r"(.{1,6})\1+", text) is not None

    def get_help_text(self) -> str:
        return str(_("Not a password that has leaked somewhere, nor one made of your name or of this trial's words."))
