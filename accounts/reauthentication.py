"""Asking for the password again before an act that binds its author (21 CFR 11.200)."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.models import Person


def confirm(person: Person, password: str, code: str, address: str, now: datetime) -> None:
    """Return where the password (and the second factor, for who has one) is right; else ValidationError by field."""
    if not person.check_password(password):
        raise ValidationError({"password": _("This is not your password.")})
