from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("records", "0013_audit_form_begins")]

    operations = [
        migrations.AlterModelOptions(name="auditcheck", options={"default_permissions": (), "get_latest_by": "id"}),
    ]
