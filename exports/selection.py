"""What is asked for: whose data, as of when, without which questions, written in which manner."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from accounts.models import Person
from accounts.roles import Permission
from exports.data.columns import is_free_text
from exports.data.pseudonyms import Pseudonyms
from records.model.base import Record
from records.model.fields import crf_fields
from records.models import Participant


@dataclass(frozen=True)
class Selection:
    """One choice; `without` names forms (`pain`) and fields (`pain.note`); no `codes` means every participant."""

    person: Person
    at: datetime | None = None
    codes: tuple[str, ...] = ()
    without: frozenset[str] = field(default_factory=frozenset)
    spreadsheet: bool = False
    deidentified: bool = False

    def takes(self, name: str) -> bool:
        """Whether a form, or a log, is not left out."""
        return name not in self.without

    def left_out(self, model: type[Record]) -> frozenset[str]:
        """The fields of one form that are not taken."""
        names = {name.partition(".")[2] for name in self.without if name.startswith(f"{model.slug}.")}
        if self.deidentified:
            names |= {crf_field.name for crf_field in crf_fields(model) if is_free_text(crf_field)}
        return frozenset(names)

    @property
    def sites(self) -> set[int]:
        """The sites whose data this person may take away."""
        return self.person.site_ids() & self.person.site_ids(Permission.EXPORT)

    def participants(self) -> tuple[str, dict[str, Any]]:
        """SQL that selects the ids of the participants, and its parameters: the sites where this person may export."""
        sql = "SELECT id FROM records_participant WHERE site_id = ANY(%(sites)s) AND voided_at IS NULL"
        audited = self.sites & self.person.site_ids(Permission.AUDIT)
        params: dict[str, Any] = {"sites": sorted(self.sites), "audited": sorted(audited), "at": self.at, "horizon": ""}
        if self.codes:
            sql += " AND code = ANY(%(codes)s)"
            params["codes"] = list(self.codes)
        if self.at:
            sql += " AND created_at <= %(at)s"
        return sql, params

    def pseudonyms(self) -> Pseudonyms:
        """The other names and the shifts of these participants."""
        sql, params = self.participants()
        participants = Participant.objects.raw(f"SELECT * FROM records_participant WHERE id IN ({sql})", params)
        return Pseudonyms.of(participants.prefetch_related("site"))

    @property
    def as_of_words(self) -> str:
        """The instant, for who reads the files."""
        return self.at.isoformat() if self.at else "the moment it was made (manifest.json)"

    def parameters(self) -> dict[str, Any]:
        """As the log keeps it."""
        return {
            "as_of": self.at.isoformat() if self.at else None,
            "participants": list(self.codes),
            "without": sorted(self.without),
            "spreadsheet": self.spreadsheet,
            "deidentified": self.deidentified,
        }
