"""Who is logged in, with the roles held, in one query."""

from django.contrib.auth.backends import ModelBackend
from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import CharField, F, Q, Value
from django.db.models.functions import Cast, Concat

from accounts import sight
from accounts.models import Person


class WithRoles(ModelBackend):
    """Django's own backend; the person of a request arrives with his or her roles, and reads within them."""

    def get_user(self, user_id: int) -> Person | None:
        role = Concat(Cast("memberships__site_id", CharField()), Value(":"), F("memberships__role"))
        in_force = Q(memberships__isnull=False)
        held = ArrayAgg(role, filter=in_force, default=Value([]))
        people = Person.objects.annotate(held_codes=held, sites=sight.said_with_the_person(in_force))
        person = people.filter(pk=user_id).first()
        return person if person and self.user_can_authenticate(person) else None
