"""Making accounts and giving roles."""

from accounts.models import Membership, Person, Site
from accounts.roles import Role

SYSTEM = "system"


def system() -> Person:
    """The actor under whose name the software itself writes; nobody can log in as it."""
    person, made = Person.objects.get_or_create(
        username=SYSTEM, defaults={"first_name": "sbrtspine", "last_name": "(automatic)", "is_active": False}
    )
    if made:
        person.set_unusable_password()
        person.save(update_fields=["password"])
    return person


def give_role(person: Person, role: Role, site: Site) -> Membership:
    """Let somebody hold a role at a site; forbidden pairs raise ValidationError."""
    membership = Membership(person=person, role=role, site=site)
    membership.full_clean()
    membership.save()
    for cached in ("held", "held_codes"):
        person.__dict__.pop(cached, None)
    return membership
