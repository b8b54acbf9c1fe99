from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("oversight", "0010_forget_after_redaction")]

    operations = [
        migrations.AlterModelOptions(name="backuprun", options={"default_permissions": (), "get_latest_by": "id"}),
    ]
