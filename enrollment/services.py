"""Registering somebody for screening."""

from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import IntegerField, Max
from django.db.models.functions import Cast, Substr
from django.utils.translation import gettext as _

from accounts import site_scope
from accounts.models import Person, Site
from enrollment import enrolment_lock
from protocol.study import STUDY
from records import numbers, services
from records.advisory_locks import AdvisoryLock
from records.models import Participant


def register(site: Site, *, by: Person, entry: UUID | None = None) -> Participant:
    """The next code of the trial, at this site. The same `entry` twice (a double click) is one participant.

    Raises ValidationError while new enrolment is locked (study.md 5.9).
    """
    prefix = f"{STUDY.name}-"
    number = Cast(Substr("code", len(prefix) + 1), IntegerField())
    with transaction.atomic():
        numbers.one_at_a_time(AdvisoryLock.PARTICIPANT_CODES)
        with site_scope.all_sites():  # codes and entries are unique in the trial
            existing = Participant.objects.filter(entry=entry).first() if entry else None
            last = Participant.objects.filter(code__startswith=prefix).aggregate(last=Max(number))["last"] or 0
        if existing:
            if existing.site_id != site.pk:
                raise ValidationError(_("This page has registered somebody already, at another site. Open it anew."))
            return existing
        if locked := enrolment_lock.open_lock():
            params = {"because": locked.because}
            raise ValidationError(
                _("New enrolment is locked: %(because)s. The principal investigator decides.") % params
            )
        participant = Participant(code=f"{prefix}{last + 1:02}", site=site)
        if entry:
            participant.entry = entry
        return services.write(participant, by=by, reason="Registered for screening", version=0)
