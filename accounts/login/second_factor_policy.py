"""Who has to enrol a second factor before anything else."""

from django.conf import settings

from accounts.login import factors
from accounts.models import Person

OPEN = {"second-factor", "second-factor-passkey", "account", "password"}


def is_due(person: Person) -> bool:
    """After a reset always; else where settings require it of this person's roles, and there is none yet."""
    if person.must_enrol:
        return True
    if not settings.SECOND_FACTOR_REQUIRED or factors.has_one(person):
        return False
    return not settings.SECOND_FACTOR_ROLES or any(role.value in settings.SECOND_FACTOR_ROLES for role in person.roles)
