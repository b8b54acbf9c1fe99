"""Laws that range over every clinical model: a new form is under them without anybody remembering."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, models, transaction
from django.db.utils import ProgrammingError

from exports.data import datasets
from exports.documents import dictionary
from exports.selection import Selection
from records import services
from records.audit import context
from records.model import form_registry, registry
from records.model.base import ItemGroupRecord, VisitRecord
from records.model.fields import Decimal, Integer, crf_fields
from records.models import AuditRow, Participant
from tests import builders

MODELS = registry.clinical_models()
FORMS = [model for model in MODELS if model is not Participant]
NUMBERS = (Integer, Decimal)


def filled_record(model, people, site):
    """An empty draft of a form, with its parent where it is a row."""
    participant = builders.register(site, people["nurse"])
    if model is Participant:
        return participant
    record = model(participant=participant)
    if issubclass(model, VisitRecord):
        record.visit = "d60"
    if not issubclass(model, ItemGroupRecord):
        return services.write(record, by=people["nurse"], version=0)
    parent = filled_record(model._meta.get_field(model.parent_field).related_model, people, site)
    services.write(parent, by=people["nurse"], version=parent.version, rows=[record])
    return record


@pytest.mark.django_db
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_its_table_has_the_triggers(model):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgname, tgenabled FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal",
            [model._meta.db_table],
        )
        triggers = dict(cursor.fetchall())

    assert {"audited", "never_deleted", "never_emptied"} <= set(triggers)
    assert set(triggers.values()) == {"O"}


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_it_is_audited_and_refuses_a_silent_write(model, people, site):
    record = filled_record(model, people, site)
    table = model._meta.db_table
    routes = [
        lambda: model._base_manager.filter(pk=record.pk).update(version=77),
        lambda: model._base_manager.bulk_update([record], ["version"]),
        lambda: record.save(),
        lambda: _sql(f"UPDATE {table} SET version = 77"),
    ]
    record.version = 76

    assert AuditRow.objects.filter(table=table, record_id=record.pk, action="insert").count() == 1
    for route in routes:
        with pytest.raises(ProgrammingError, match="who makes it and why"), transaction.atomic():
            route()
    assert model._base_manager.get(pk=record.pk).version < 76


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_it_is_never_deleted(model, people, site):
    record = filled_record(model, people, site)

    with pytest.raises(ValidationError, match="never deleted"):
        record.delete()
    for sql in (f"DELETE FROM {model._meta.db_table}", f"TRUNCATE {model._meta.db_table} CASCADE"):
        with pytest.raises(ProgrammingError), transaction.atomic():
            _sql(sql)
    assert model._base_manager.filter(pk=record.pk).exists()


def _sql(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.mark.parametrize("model", FORMS, ids=lambda model: model.__name__)
def test_every_question_is_worded_and_every_number_has_unit_and_bounds(model):
    for field in crf_fields(model):
        assert str(field.verbose_name)[:1].isupper(), field.name
        assert field.name not in ("reason", "version", "entry", "action", "remove"), "a name of the page's own inputs"
        assert field.help_text, f"{field.name}: every question has a help text"
        if isinstance(field, NUMBERS):
            assert field.unit, f'{field.name}: every number says its unit; a score says "/ 10"'
            assert None not in (field.min_value, field.max_value), field.name


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_constraint_has_a_sentence(model):
    for constraint in model._meta.constraints:
        sentence = str(constraint.get_violation_error_message())
        assert "is violated" not in sentence, constraint.name
        assert sentence.endswith((".", "more", "less")) or any(letter.isdigit() for letter in sentence), constraint.name
        assert len(constraint.name) <= 63


@pytest.mark.parametrize("model", FORMS, ids=lambda model: model.__name__)
def test_the_database_keeps_the_bounds_that_the_fields_declare(model, people, site):
    record = filled_record(model, people, site)
    for field in crf_fields(model):
        if not isinstance(field, NUMBERS) or field.max_value is None:
            continue
        with pytest.raises(IntegrityError), transaction.atomic(), context.audit_context(people["nurse"], "trying"):
            _sql(f'UPDATE {model._meta.db_table} SET "{field.column}" = {field.max_value} + 1 WHERE id = {record.pk}')


@pytest.mark.parametrize("model", FORMS, ids=lambda model: model.__name__)
def test_it_is_in_the_dictionary_and_in_the_export(model, people, site):
    record = filled_record(model, people, site)
    fields = {row["field"] for row in dictionary.rows() if row["form"] == model.slug}
    content = b"".join(datasets.blocks(model, Selection(people["datamanager"]))).decode()
    [header, line, *_rest] = [line.strip() for line in content.splitlines()]

    assert fields == {field.name for field in crf_fields(model)}
    assert header.split(",")[:5] == ["participant", "site", "visit", "record", "status"]
    assert fields <= set(header.split(","))
    assert line.startswith(record.participant.code)


@pytest.mark.parametrize("model", FORMS, ids=lambda model: model.__name__)
def test_it_has_one_form_that_asks_every_question_once(model):
    form = form_registry.form_of(model)
    asked = [name for _title, names in form.sections for name in names]

    assert len(asked) == len(set(asked))
    assert set(asked) == {field.name for field in crf_fields(model) if field.editable}


def test_every_foreign_key_protects():
    for model in MODELS:
        for field in model._meta.local_fields:
            if isinstance(field, models.ForeignKey):
                assert field.remote_field.on_delete is models.PROTECT, f"{model.__name__}.{field.name}"
