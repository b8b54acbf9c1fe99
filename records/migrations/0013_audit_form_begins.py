from django.db import migrations

from records.audit import trigger_sql


class Migration(migrations.Migration):
    dependencies = [("records", "0012_audit_form"), ("accounts", "0002_system_person")]

    operations = [migrations.RunSQL(trigger_sql.BEGINS, migrations.RunSQL.noop)]
