"""The migration step that makes a clinical table audited; makemigrations adds it by itself."""

from typing import Any

from django.db import migrations
from django.db.migrations.autodetector import MigrationAutodetector, OperationDependency
from django.db.migrations.migration import Migration
from django.db.migrations.operations.base import Operation, OperationCategory

from records.audit.trigger_sql import unwatch, watch


class Audit(Operation):
    """Put the audit triggers on the table of one model."""

    reduces_to_sql = True
    reversible = True
    category = OperationCategory.SQL

    def __init__(self, name: str) -> None:
        self.name = name

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return type(self).__name__, [self.name], {}

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Triggers are no part of Django's picture of the database."""

    def _table(self, app_label: str, schema_editor: Any, state: Any) -> str:
        name: str = schema_editor.quote_name(state.apps.get_model(app_label, self.name)._meta.db_table)
        return name

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        schema_editor.execute(watch(self._table(app_label, schema_editor, to_state)))

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        schema_editor.execute(unwatch(self._table(app_label, schema_editor, from_state)))

    def describe(self) -> str:
        return f"Audit {self.name}"


class AuditingAutodetector(MigrationAutodetector):
    """Follows each new table of a clinical record with its audit triggers, so that none can be forgotten."""

    generated_operations: dict[str, list[Operation]]
    migrations: dict[str, list[Migration]]

    def generate_created_models(self) -> None:
        super().generate_created_models()
        from django.apps import apps

        from records.model.base import Audited

        for app_label, operations in list(self.generated_operations.items()):
            created = [op.name for op in operations if isinstance(op, migrations.CreateModel)]
            for name in created:
                if issubclass(apps.get_model(app_label, name), Audited):
                    table = OperationDependency(app_label, name, None, OperationDependency.Type.CREATE)
                    # The stubs take a dependency for the plain tuple that it was before Django 5.2.
                    self.add_operation(app_label, Audit(name), dependencies=[table])  # type: ignore[list-item]

    def _optimize_migrations(self) -> None:
        """Let a new table's columns and constraints join its creation: hundreds of single steps run for a minute."""
        for changed in self.migrations.values():
            for migration in changed:
                steps = migration.operations
                if isinstance(steps, list):  # as the autodetector makes them
                    steps[:] = together(steps)
        super()._optimize_migrations()  # type: ignore[misc] # the step before writing; the stubs lack it


def together(operations: list[Operation]) -> list[Operation]:
    """The same steps, those of each new table side by side and its triggers last; tables after those they point to."""
    mine: dict[str, list[Operation]] = {
        step.name_lower: [step] for step in operations if isinstance(step, migrations.CreateModel)
    }
    rest, last = [], []
    for step in operations:
        name = getattr(step, "model_name_lower", getattr(step, "model_name", "")).lower()
        if isinstance(step, Audit):
            last.append(step)
        elif name in mine and isinstance(step, migrations.AddField | migrations.AddConstraint | migrations.AddIndex):
            mine[name].append(step)
        elif not isinstance(step, migrations.CreateModel):
            rest.append(step)
    placed: list[str] = []
    while len(placed) < len(mine):
        ready = [name for name in mine if name not in placed and _targets(mine[name]) & set(mine) - {name} <= {*placed}]
        placed += ready or [name for name in mine if name not in placed]
    return [*(step for name in placed for step in mine[name]), *last, *rest]


def _targets(steps: list[Operation]) -> set[str]:
    """The models that the columns of a new table point to, by name alone."""
    fields = [step.field for step in steps if isinstance(step, migrations.AddField)]
    fields += [field for step in steps if isinstance(step, migrations.CreateModel) for _name, field in step.fields]
    remotes = [field.remote_field.model for field in fields if field.remote_field]
    labels = [model if isinstance(model, str) else model._meta.label for model in remotes]
    return {label.lower().split(".")[-1] for label in labels}
