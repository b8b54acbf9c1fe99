"""Which version of the protocol holds for whom: by the site's approval, and the day of consent (study.md 1.3)."""

from collections.abc import Iterable
from datetime import date

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Person, Site
from protocol import study
from protocol.study import STUDY, Study


class ProtocolApproval(models.Model):
    """A site's approval of an amendment. The first version needs none."""

    site = models.ForeignKey(Site, models.PROTECT, related_name="approvals")
    version = models.CharField(max_length=20)
    approved_on = models.DateField()
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    entered_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["site", "version"],
                name="protocol_approval_once",
                violation_error_message=gettext_lazy("This site has approved this version already."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.version} {self.approved_on}"


def approve(site: Site, version: str, on: date, by: Person) -> ProtocolApproval:
    """Record an approval, once; ValidationError for a version that does not exist or needs none."""
    if version not in study.VERSIONS or version == STUDY.version:
        raise ValidationError(_("There is no amendment %(version)s.") % {"version": version[:20]})
    approval = ProtocolApproval(site=site, version=version, approved_on=on, entered_by=by)
    approval.full_clean(exclude=["entered_by"])
    try:
        with transaction.atomic():
            approval.save()
    except IntegrityError as error:
        raise ValidationError(_("This site has approved this version already.")) from error
    return approval


def in_force(approvals: Iterable[ProtocolApproval], consented_on: date | None) -> Study:
    """The last version that was effective and approved at the site on the day of consent; else the first."""
    if consented_on is None:
        return STUDY
    approved = {approval.version: approval.approved_on for approval in approvals}
    latest = STUDY
    for version, candidate in study.VERSIONS.items():
        if version in approved and max(approved[version], candidate.effective_on) <= consented_on:
            latest = candidate
    return latest
