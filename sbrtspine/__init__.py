"""The Django project; nothing imports it but the servers."""

from sbrtspine.celery import app as celery_app

__all__ = ["celery_app"]
