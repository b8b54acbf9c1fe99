"""Figures as they were last worked out."""

from django.db import models


class KeptFigures(models.Model):
    """One page of figures for some sites and readings, with what had been committed when it was worked out.

    Derived: it may be thrown away at any time. `owed_at` stands while a worker is asked for newer numbers.
    """

    key = models.CharField(max_length=64, unique=True)
    page = models.CharField(max_length=20)
    asked = models.JSONField()
    html = models.TextField(blank=True, default="")
    horizon = models.TextField(blank=True, default="")  # committed transactions, as PostgreSQL writes it; "": not yet
    at = models.DateTimeField(null=True)
    seconds = models.FloatField(default=0)
    owed_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.page} {self.at}"
