from django.contrib.auth.hashers import make_password
from django.db import migrations


def make(apps, schema_editor):
    """The actor of what the software itself writes; nobody can log in as it."""
    apps.get_model("accounts", "Person").objects.using(schema_editor.connection.alias).get_or_create(
        username="system",
        defaults={
            "first_name": "sbrtspine",
            "last_name": "(automatic)",
            "is_active": False,
            "password": make_password(None),
        },
    )


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]
    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
