"""Asking for the password and the second factor again before an act that binds its author (21 CFR 11.200)."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts import mail
from accounts.login import attempts, factors
from accounts.models import Person
from accounts.security_log import Act, log


def confirm(person: Person, password: str, code: str, address: str, now: datetime) -> None:
    """Return where the password (and the second factor, for who has one) is right; else ValidationError by field."""
    if person.must_enrol:
        raise ValidationError(
            _("Your access was reset. Enrol a second factor under “My account” first; until then you cannot sign.")
        )
    prove(person, password, code, address, now)


def prove(person: Person, password: str, code: str, address: str, now: datetime, *, with_factor: bool = True) -> None:
    """That it is still this person at the keyboard. Failures are counted and written down, as at the login."""
    counted = attempts.signing_keys(person.username)
    over, first = attempts.begin(counted, now)
    if first:
        mail.warn_of_failures(person, person.username, address, now)
    if over:
        raise ValidationError({"password": _("Too many tries. Wait a quarter of an hour, then try again.")})
    wrong = _wrong(person, password, code, now, with_factor)
    if wrong:
        log(Act.What.CONFIRM_FAILED, now=now, by=person, address=address or None, details={"part": next(iter(wrong))})
        raise ValidationError(wrong)
    attempts.succeeded(counted)


def _wrong(person: Person, password: str, code: str, now: datetime, with_factor: bool) -> dict[str, str]:
    if not person.check_password(password):
        return {"password": _("This is not your password.")}
    if not with_factor or not factors.has_one(person):
        return {}
    if not code.strip():
        return {"code": _("Give the code of your second factor, too, or use your passkey.")}
    if not factors.check(person, code, now):
        return {"code": _("This code is not right, or was used already. Wait for the next one.")}
    return {}
