"""May this person? (What the record's state allows is asked in records.workflow.states.)"""

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from accounts.models import Person, Site
from accounts.roles import Permission


def require(person: Person, what: Permission, site_id: int | None = None) -> None:
    """Raise PermissionDenied, with a sentence, unless a role of this person allows it."""
    if person.lacks_delegation(what, site_id):
        raise PermissionDenied(without_delegation(what))
    if not person.may(what, site_id):
        raise PermissionDenied(
            _("Your role (%(roles)s) may not %(what)s.")
            % {"roles": ", ".join(str(role.label) for role in person.roles) or _("none"), "what": what.label}
        )


def everywhere(person: Person, what: Permission) -> bool:
    """Whether this person may do so at every site: what is about the study as a whole is not one site's to decide."""
    return person.may(what) and not _elsewhere(person, what)


def require_everywhere(person: Person, what: Permission) -> None:
    """Raise PermissionDenied, with a sentence, unless a role allows it at every site of the study, new ones too."""
    require(person, what)
    if missing := _elsewhere(person, what):
        params = {"what": what.label, "sites": ", ".join(missing)}
        raise PermissionDenied(
            _("This is about the study as a whole: it needs the right to %(what)s at every site, also at %(sites)s.")
            % params
        )


def _elsewhere(person: Person, what: Permission) -> list[str]:
    """The names of the sites at which this person may not."""
    return list(Site.objects.exclude(pk__in=person.site_ids(what)).values_list("name", flat=True))


def without_delegation(what: Permission) -> str:
    """The sentence for somebody whose role would allow it, and whose delegation is missing."""
    return _(
        "You may read, but not %(what)s: no line of the delegation log that holds now says so. "
        "Ask the principal investigator of your site to delegate it to you."
    ) % {"what": what.label}
