from django.db import migrations, models

import records.audit.operations
from records import redaction_sql
from records.audit import trigger_sql


class Migration(migrations.Migration):
    dependencies = [("records", "0011_indexes_of_lists")]

    operations = [
        migrations.AddField(model_name="auditrow", name="form", field=models.PositiveSmallIntegerField(default=1)),
        migrations.CreateModel(
            name="AuditForm",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("form", models.PositiveSmallIntegerField()),
                ("at", models.DateTimeField()),
                ("ends", models.JSONField()),
            ],
            options={
                "verbose_name": "Form of the audit trail",
                "abstract": False,
                "default_permissions": (),
            },
        ),
        records.audit.operations.Audit(name="AuditForm"),
        migrations.RunSQL(trigger_sql.SECOND_FORM + redaction_sql.REDACT, trigger_sql.FIRST_FORM),
    ]
