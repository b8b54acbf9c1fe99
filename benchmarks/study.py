"""The database of the benchmarks: built as the tests build theirs, with one nurse and one participant."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from django.contrib.auth import get_user_model
from django.db import connections

from accounts.models import Person, Site
from accounts.roles import Role
from accounts.services import give_role
from records import services
from records.models import Participant
from sbrtspine.env import ROOT


@contextmanager
def built(name: str) -> Iterator[tuple[Participant, Person]]:
    """A new database, migrated by its owner and used by the application's role."""
    with psycopg.connect(os.environ["TEST_SUPERUSER_URL"], autocommit=True) as server:
        server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        server.execute(f"CREATE DATABASE {name} OWNER sbrtspine_owner")
    owner = {**os.environ, "SBRTSPINE_ROLE": "owner"}
    subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity", "0"], check=True, cwd=ROOT, env=owner)
    site = Site.objects.create(code="bench", name="Benchmark")
    nurse = get_user_model().objects.create_user(username="nurse", first_name="Noor", last_name="de Vries")
    give_role(nurse, Role.NURSE, site)
    yield services.write(Participant(code="BLEND-01", site=site), by=nurse, version=0), nurse
    connections.close_all()
