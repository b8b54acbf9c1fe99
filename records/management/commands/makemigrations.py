from django.core.management.commands.makemigrations import Command as Django

from records.audit.operations import AuditingAutodetector


class Command(Django):
    """makemigrations, with the audit triggers of every new clinical table."""

    autodetector = AuditingAutodetector
