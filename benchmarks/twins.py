"""The surgery form's table twice more, as plain Django models: one bare, one kept by django-simple-history."""

from django.db import connection, models
from simple_history.models import HistoricalRecords

from procedures.models import Surgery


def _fields() -> dict[str, models.Field]:
    """The columns of the form as plain fields; keys are numbers here."""
    columns: dict[str, models.Field] = {}
    for field in Surgery._meta.local_concrete_fields:
        if field.primary_key:
            continue
        if isinstance(field, models.ForeignKey):
            columns[field.attname] = models.BigIntegerField(null=True, db_column=field.column)
        else:
            _name, path, args, kwargs = field.deconstruct()
            cls = getattr(models, path.rpartition(".")[2], None)
            kwargs.pop("unique", None)
            columns[field.name] = cls(*args, **kwargs) if cls else field.clone()
    return columns


def _twin(name: str, **more: object) -> type[models.Model]:
    meta = type("Meta", (), {"app_label": "benchmarks"})
    return type(name, (models.Model,), {"__module__": __name__, "Meta": meta, **_fields(), **more})


Bare = _twin("Bare")
Historical = _twin("Historical", history=HistoricalRecords())


def make() -> None:
    """Their tables, in the database in use; as its owner."""
    with connection.schema_editor() as editor:
        for model in (Bare, Historical, Historical.history.model):
            editor.create_model(model)


def like(record: Surgery, model: type[models.Model]) -> models.Model:
    """The same answers in a twin, saved."""
    names = [field.attname for field in Surgery._meta.local_concrete_fields if not field.primary_key]
    twin = model(**{name: getattr(record, name) for name in names})
    twin.save()
    return twin
