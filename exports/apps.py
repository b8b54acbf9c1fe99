from django.apps import AppConfig


class ExportsConfig(AppConfig):
    name = "exports"

    def ready(self) -> None:
        """Snapshots are proved with the audit trail."""
        from exports import snapshots
        from exports.models import Snapshot
        from records.audit import verification

        verification.PROOFS[Snapshot._meta.db_table] = snapshots.contradictions
