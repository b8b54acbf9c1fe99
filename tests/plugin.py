"""Loaded by pytest before Django's settings (`-p tests.plugin`)."""

from tests import environment

environment.begin()
