"""From a snapshot of the exports to what the report is made from."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.models import Person
from accounts.roles import Permission
from exports import snapshots
from oversight.analysis.cohort import Cut
from oversight.figures.report import Source


def of_snapshot(person: Person, number: str) -> Source:
    """A snapshot that this person may have, proved against its seal first. ValidationError with a sentence."""
    exports = person.site_ids(Permission.EXPORT)
    mine = (candidate for candidate in snapshots.visible(person) if set(candidate.sites) <= exports)
    snapshot = next((candidate for candidate in mine if str(candidate.number) == number), None)
    if snapshot is None:
        raise ValidationError(_("There is no snapshot %(number)s that you may use.") % {"number": number[:10]})
    try:
        snapshots.content(snapshot)
    except snapshots.SnapshotCorrupt as broken:
        raise ValidationError(_("Snapshot %(number)s: %(why)s.") % {"number": number, "why": broken}) from broken
    cut = Cut(tuple(snapshot.participants), snapshot.until, snapshot.horizon)
    return Source(f"{snapshot.number}. {snapshot.name}", snapshot.closed, snapshot.sha256, snapshot.seal, cut)
