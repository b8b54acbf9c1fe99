"""Who is logged in, with the roles held now, what is delegated now, and whether there is a second factor: one query."""

from datetime import datetime
from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib.auth.backends import ModelBackend
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import CharField, Exists, F, Func, OuterRef, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.utils import timezone

from accounts import site_scope
from accounts.delegation import Delegation
from accounts.login.factors import REAL
from accounts.models import Membership, Person


def with_roles(people: QuerySet[Person], now: datetime) -> QuerySet[Person]:
    """People with what they hold at that moment."""
    tasks = Func(F("tasks"), Value(","), function="array_to_string", output_field=CharField())
    memberships = Membership.objects.at(now).filter(person=OuterRef("pk"))
    delegated = Delegation.objects.at(now).filter(person=OuterRef("pk"))
    factor = Authenticator.objects.filter(user=OuterRef("pk"), type__in=REAL)
    return people.annotate(
        held_codes=ArraySubquery(memberships.values_list(_coded(F("role")), flat=True)),
        delegated_codes=ArraySubquery(delegated.values_list(_coded(tasks), flat=True)),
        has_factor=Exists(factor),
    )


def _coded(what: Any) -> Concat:
    return Concat(Cast("site_id", CharField()), Value(":"), what)


class WithRoles(ModelBackend):
    """Django's own backend; the person of a request arrives with his or her roles, and reads within them."""

    def get_user(self, user_id: int) -> Person | None:
        now = timezone.now()
        people = with_roles(Person.objects.all(), now).annotate(sites=site_scope.scope_annotation(now))
        person = people.filter(pk=user_id).first()
        return person if person and self.user_can_authenticate(person) else None
