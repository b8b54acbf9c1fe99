"""The choice of an export, as an address carries it: purpose, instant, participants, manner, what is left out."""

import re
from datetime import datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from accounts import instants
from accounts.models import Person
from accounts.text_input import FreeLines, FreeText
from exports import snapshots
from exports.data.export_tables import LOGS
from exports.documents import dictionary
from exports.purposes import BY_CODE, PURPOSES, Purpose
from exports.selection import Selection
from protocol.study import STUDY
from records import selectors
from records.model.fields import crf_fields


def _names() -> list[tuple[str, str]]:
    """Everything that can be left out: forms, their fields, the logs."""
    names = [(name, name) for name in LOGS]
    for model in dictionary.models():
        names.append((model.slug, model.slug))
        names += [(f"{model.slug}.{field.name}",) * 2 for field in crf_fields(model)]
    return names


class Choice(forms.Form):
    """Nothing in it is required: an address without it means the whole of the first purpose."""

    purpose = forms.ChoiceField(choices=[(purpose.code, purpose.label) for purpose in PURPOSES], required=False)
    as_of = FreeText(label=_("As of"), required=False, max_length=40)
    snapshot = forms.ChoiceField(label=_("Snapshot"), required=False)
    participants = FreeLines(label=_("Only these participants"), required=False, max_length=4000)
    manner = forms.ChoiceField(choices=[("programs", ""), ("spreadsheet", "")], required=False)
    deidentified = forms.BooleanField(required=False)
    without = forms.MultipleChoiceField(choices=_names, required=False)
    chosen = forms.BooleanField(required=False)

    def __init__(self, data: QueryDict, person: Person) -> None:
        super().__init__(data)
        self.person, self.sent = person, data
        self.snapshots = {str(snapshot.number): snapshot for snapshot in snapshots.to_cut(person)}
        cast(forms.ChoiceField, self.fields["snapshot"]).choices = [("", _("none: the records themselves"))] + [
            (number, f"{number}: {snapshot.name}") for number, snapshot in self.snapshots.items()
        ]
        self.fields["snapshot"].error_messages["invalid_choice"] = _("There is no snapshot %(value)s.")

    def clean_purpose(self) -> Purpose:
        return BY_CODE[self.cleaned_data["purpose"] or PURPOSES[0].code]

    def clean_as_of(self) -> datetime | None:
        """Read on the trial's clocks."""
        typed = self.cleaned_data["as_of"]
        return instants.read(typed, ZoneInfo(STUDY.zone)) if typed else None

    def clean_participants(self) -> tuple[str, ...]:
        """Codes that this person may see; one that does not exist and one of another site are the same."""
        asked = tuple(re.split(r"[\s,;]+", self.cleaned_data["participants"].upper().strip(" ,;\n\r\t")))
        if asked == ("",):
            return ()
        known = set(selectors.participants(self.person).filter(code__in=asked).values_list("code", flat=True))
        if unknown := [code for code in asked if code not in known]:
            raise ValidationError(_("There is no participant %(code)s."), params={"code": unknown[0][:20]})
        return asked

    def clean(self) -> dict[str, Any]:
        """A snapshot has its own instant, and what was redacted since is not read from it."""
        cleaned_data = super().clean() or {}
        if cleaned_data.get("snapshot") and cleaned_data.get("as_of"):
            self.add_error("as_of", _("A snapshot has its own instant: choose one of the two."))
        chosen = self.snapshots.get(cleaned_data.get("snapshot", ""))
        if chosen is not None and snapshots.redacted(chosen):
            self.add_error("snapshot", _("Personal data were taken out of it since: take another one."))
        return cleaned_data

    def selection(self) -> Selection:
        """What was chosen; until somebody chose, a purpose's own choice stands."""
        cleaned_data = self.cleaned_data
        purpose: Purpose = cleaned_data["purpose"]
        manner = cleaned_data["manner"] == "spreadsheet" if cleaned_data["manner"] else purpose.spreadsheet
        selection = Selection(
            self.person,
            at=cleaned_data["as_of"],
            codes=cleaned_data["participants"],
            without=frozenset(cleaned_data["without"]) if cleaned_data["chosen"] else purpose.without,
            spreadsheet=manner,
            deidentified=cleaned_data["deidentified"] or purpose.deidentified,
        )
        return (
            snapshots.cut(self.snapshots[cleaned_data["snapshot"]], selection)
            if cleaned_data["snapshot"]
            else selection
        )

    def address(self) -> str:
        """The choice as an address carries it; a moment stays the moment that was read."""
        query = self.sent.copy()
        if self.cleaned_data["as_of"]:
            query["as_of"] = self.cleaned_data["as_of"].isoformat()
        return query.urlencode()

    def sentence(self) -> str:
        """The first thing that is wrong."""
        return str(next(iter(self.errors.values()))[0])
