"""Who is logged in, with the roles held, in one query."""

from django.contrib.auth.backends import ModelBackend
from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import CharField, F, Q, Value
from django.db.models.functions import Cast, Concat

from accounts.models import Person


class WithRoles(ModelBackend):
    """Django's own backend; the person of a request arrives with his or her roles."""

    def get_user(self, user_id: int) -> Person | None:
        role = Concat(Cast("memberships__site_id", CharField()), Value(":"), F("memberships__role"))
        held = ArrayAgg(role, filter=Q(memberships__isnull=False), default=Value([]))
        person = Person.objects.annotate(held_codes=held).filter(pk=user_id).first()
        return person if person and self.user_can_authenticate(person) else None
