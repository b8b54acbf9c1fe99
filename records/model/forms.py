"""The base of every case report form: drafts, completing, missing-data codes, rows inside a form."""

from collections.abc import Sequence
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast
from zoneinfo import ZoneInfo

from crispy_forms.helper import FormHelper
from django import forms
from django.forms import BaseFormSet, formset_factory
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext_lazy as _

from accounts import text_input
from accounts.models import Person
from accounts.roles import Permission
from records.model.base import ItemGroupRecord, ParticipantRecord, Status
from records.model.fields import CrfField, crf_fields
from records.model.form_fields import OnSite, WholeNumber
from records.model.layout import Layout, sections_of
from records.model.missing import MissingCode

if TYPE_CHECKING:  # Django's classes take the type of their record only from a type checker
    _ModelForm = forms.ModelForm[ParticipantRecord]
    _BaseFormSet = BaseFormSet["CrfRowForm"]
else:
    _ModelForm, _BaseFormSet = forms.ModelForm, BaseFormSet

NOTHING: tuple[Any, ...] = (None, "", [])
MAX_ROWS = 40  # inside one form: more than any participant has


class CrfForm(_ModelForm):
    """One case report form. A subclass names its model and its layout, nothing else.

    What its model says that only a specialist judges is read-only for everybody else.
    """

    layout = Layout()
    sections: Sequence[tuple[Any, Sequence[str]]] = ()  # of the layout: title and questions
    entry_permissions: tuple[Permission, ...] = (Permission.ENTER,)
    row_forms: dict[str, type["CrfRowForm"]] = {}
    own_page = False  # True: the form's page extends crf/form.html as crf/<slug>.html
    void_error = ""
    compared: dict[str, Any] = {}  # question -> its comparison with the source, as the page found it
    lost: dict[str, Any] = {}  # question -> the comparison that a change of the answer took away

    data: MultiValueDict[str, Any]  # what was sent; empty where nothing was

    version = WholeNumber(min_value=0, required=False, initial=0, widget=forms.HiddenInput)
    entry = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(
        self,
        data: Any = None,
        *,
        instance: ParticipantRecord,
        zone: ZoneInfo,
        now: datetime,
        may: frozenset[Permission] = frozenset(),
        by: Person | None = None,
        **kwargs: Any,
    ) -> None:
        self.zone, self.now, self.may, self.by = zone, now, may, by
        super().__init__(data, instance=instance, **kwargs)
        self.completing = bool(data) and (data.get("action") == "complete" or instance.status == Status.COMPLETE)
        self.was = {name: self.initial.get(name) for name in self.crf}
        self.initial["version"] = instance.version
        self.initial["entry"] = instance.entry
        self._place_on_site()
        self._add_missing()
        self._keep_from_others()
        if instance.status == Status.COMPLETE:
            self.fields["reason"] = text_input.FreeText(
                label=_("Reason for the change"),
                max_length=text_input.REASON,
                required=False,
                widget=forms.TextInput(attrs={"list": "reasons", "autocomplete": "off"}),
                help_text=_("This form has been complete, so a change says why.")
                if not self._may_judge_first()
                else _("This form has been complete, so a change says why; not what you judge for the first time."),
            )

    @cached_property
    def crf(self) -> dict[str, CrfField]:
        """The questions, by name."""
        return {field.name: field for field in crf_fields(self._meta.model)}

    def _place_on_site(self) -> None:
        """Dates and times are read on the clocks of the participant's site."""
        today = self.now.astimezone(self.zone).date()
        for name, field in self.fields.items():
            if isinstance(field, OnSite):
                field.zone, field.today, field.now = self.zone, today, self.now
                if hasattr(field.widget, "ask_which"):
                    field.widget.zone, field.widget.today = self.zone, today
            if name in self.crf:
                field.required = False
                field.widget.attrs.setdefault("autocomplete", "off")

    def _add_missing(self) -> None:
        """Beside each required question: why there is no answer."""
        for name, field in self.crf.items():
            if field.required and name in self.fields and name not in self._meta.model.field_permissions:
                self.fields[f"{name}_missing"] = forms.ChoiceField(
                    label=_("No answer because …"),
                    choices=[("", _("No answer because …")), *MissingCode.choices],
                    required=False,
                )
                self.initial[f"{name}_missing"] = self.instance.missing.get(name, "")

    def _keep_from_others(self) -> None:
        """What only a specialist judges; what was sent for it, in the form or in the address, is ignored."""
        for name, permission in self._meta.model.field_permissions.items():
            if permission not in self.may:
                self.fields[name].disabled = True
                self.initial[name] = self.crf[name].value_from_object(self.instance)

    def _may_judge_first(self) -> bool:
        """Whether a question waits for this person's first judgement."""
        judged = self._meta.model.field_permissions.items()
        return any(may in self.may and not self.instance.answered(name) for name, may in judged)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.sections = sections_of(cls.layout)

    @property
    def helper(self) -> FormHelper:
        """The layout for crispy; tags, buttons and tokens are the page's."""
        helper = FormHelper()
        helper.form_tag = False
        helper.disable_csrf = True
        helper.layout = self.layout
        return helper

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        missing = {}
        for name in self.crf:
            code = cleaned.get(f"{name}_missing")
            if not code or name in self.errors:
                continue
            if cleaned.get(name) not in NOTHING:
                self.add_error(name, _("There is an answer and a reason why there is none. Keep one of the two."))
            else:
                missing[name] = code
        self.instance.missing = missing
        return cleaned

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc] # Django's hook after it cleaned the record; the stubs lack it
        if not self.completing:
            return
        for field in self.instance.unanswered():
            if field.name not in self.errors and field.name in self.fields:
                self.add_error(field.name, _("Answer this, or say why there is no answer."))
        for name, field in self.crf.items():
            if field.visible_if is None or self.instance.is_open(field):
                continue
            if self.instance.answered(name) and name not in self.errors:
                parent = self.crf[field.visible_if[0]]
                self.add_error(
                    name,
                    _("This is answered, but “%(parent)s” says it does not apply. Clear it, or change that answer.")
                    % {"parent": parent.verbose_name},
                )

    def check_rows(self, rows: dict[str, "CrfRows"]) -> None:
        """What the form and its rows must agree on; adds errors to either. Called when all of them are valid."""

    def validate_unique(self) -> None:
        """Left to the database, which knows of records saved in the meantime."""

    def validate_constraints(self) -> None:
        """Left to the write door, which asks the database once."""

    def changes(self) -> list[str]:
        """The questions whose answer, or reason for none, differs from what was opened."""
        names: list[str] = []
        for name in self.changed_data:
            question = name.removesuffix("_missing")
            if question in self.crf and question not in names:
                names.append(question)
        return names


class CrfRowForm(CrfForm):
    """A row inside a form, such as one fraction or one grade."""

    instance: ItemGroupRecord

    remove = forms.BooleanField(label=_("Remove this row"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.pop("reason", None)
        for name in ("version", "entry"):
            self.fields[name].disabled = True

    @classmethod
    def row_model(cls) -> type[ItemGroupRecord]:
        """The kind of row."""
        model = cls._meta.model
        if not issubclass(model, ItemGroupRecord):
            raise TypeError(f"{cls.__name__} is the form of {model.__name__}, which is no row")
        return model


class CrfRows(_BaseFormSet):
    """The rows inside one form: those that exist first, then an empty one."""

    def __init__(
        self,
        *args: Any,
        records: Sequence[ItemGroupRecord | None],
        model: type[ItemGroupRecord],
        parent: ParticipantRecord,
        **kwargs: Any,
    ) -> None:
        self.records, self.model, self.parent = records, model, parent
        super().__init__(*args, **kwargs)

    def initial_form_count(self) -> int:
        """As many as there are; of what was sent each row knows for itself which record it is."""
        return 0 if self.is_bound else len(self.records)

    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        kwargs = super().get_form_kwargs(index)
        known = self.records[index] if index is not None and index < len(self.records) else None
        kwargs["instance"] = known or self.model(status=self.parent.status)
        return kwargs

    def clean(self) -> None:
        """At least one row, where the form is being completed and its model says so."""
        none = not self.kept() and not (self.records and not self.forms)
        completing = self.data.get("action") == "complete" or self.parent.status == Status.COMPLETE
        if completing and self.model.at_least_one and none:
            raise forms.ValidationError(self.model.at_least_one)

    def kept(self) -> list[CrfRowForm]:
        """The rows that hold something and are not being removed."""
        return [
            form
            for form in self.forms
            if not form.cleaned_data.get("remove") and (form.instance.pk or form.has_changed())
        ]

    def removed(self) -> list[CrfRowForm]:
        return [form for form in self.forms if form.cleaned_data.get("remove") and form.instance.pk]


def rows_factory(form: type[CrfRowForm], extra: int) -> type[CrfRows]:
    """The formset of one kind of row."""
    formset_class = formset_factory(form, formset=CrfRows, extra=extra, max_num=MAX_ROWS, absolute_max=MAX_ROWS)
    return cast("type[CrfRows]", formset_class)  # a class below the one that it was given
