"""The migration step that makes a clinical table audited; makemigrations adds it by itself."""

from typing import Any

from django.db import migrations
from django.db.migrations.autodetector import MigrationAutodetector, OperationDependency
from django.db.migrations.operations.base import Operation, OperationCategory

from records.audit_sql import unwatch, watch


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
        return schema_editor.quote_name(state.apps.get_model(app_label, self.name)._meta.db_table)

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        schema_editor.execute(watch(self._table(app_label, schema_editor, to_state)))

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        schema_editor.execute(unwatch(self._table(app_label, schema_editor, from_state)))

    def describe(self) -> str:
        return f"Audit {self.name}"


class AuditingAutodetector(MigrationAutodetector):
    """Follows each new table of a clinical record with its audit triggers, so that none can be forgotten."""

    def generate_created_models(self) -> None:
        super().generate_created_models()
        from django.apps import apps

        from records.base import Record

        for app_label, operations in list(self.generated_operations.items()):
            created = [op.name for op in operations if isinstance(op, migrations.CreateModel)]
            for name in created:
                if issubclass(apps.get_model(app_label, name), Record):
                    table = OperationDependency(app_label, name, None, OperationDependency.Type.CREATE)
                    self.add_operation(app_label, Audit(name), dependencies=[table])
