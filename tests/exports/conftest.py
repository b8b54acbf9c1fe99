"""What several tests of exports begin with."""

from datetime import UTC, datetime

import pytest
from django.http import QueryDict

from exports import jobs
from exports.forms import Choice
from procedures.models import Surgery
from tests.test_every_record import filled_record
from tests.test_every_url import records

__all__ = ["NOW", "ask", "folder", "records"]

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)


@pytest.fixture
def folder(settings, tmp_path):
    settings.EXPORTS = str(tmp_path / "exports")
    return tmp_path / "exports"


@pytest.fixture
def ask(committed, people, site, folder):
    """`ask("purpose=archive")` is a job of the data manager, waiting."""
    filled_record(Surgery, people, site)

    def asked(address="", who="datamanager"):
        choice = Choice(QueryDict(address), people[who])
        assert choice.is_valid()
        return jobs.ask(people[who], choice, 1, NOW)

    return asked
