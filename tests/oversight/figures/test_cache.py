"""Figures are kept until something is entered, and never shown as new when they are not. What commits, commits."""

from datetime import timedelta

import pytest
from django.utils import timezone

from oversight.figures import cache
from oversight.models import KeptFigures
from records.advisory_locks import AdvisoryLock
from tests.conftest import superuser
from tests.oversight.views.test_pages import irradiated, page

pytestmark = pytest.mark.usefixtures("committed")
NOTICE = "new numbers are being worked out"


@pytest.fixture
def treated(site, people):
    return irradiated(site, people, 20)


def kept():
    return KeptFigures.objects.get()


def test_nothing_is_worked_out_twice(treated, login):
    first = page(login, "pi", "/safety/")
    at = kept().at

    assert treated.code in first
    assert "Of 1 treated" in first
    assert page(login, "pi", "/safety/").count(treated.code) == first.count(treated.code)
    assert kept().at == at


def test_what_was_entered_is_in_it_at_once(treated, login, people, site):
    page(login, "pi", "/safety/")
    irradiated(site, people, 2)

    text = page(login, "pi", "/safety/")

    assert "Of 2 treated" in text
    assert NOTICE not in text


def test_time_alone_makes_it_new(treated, login):
    page(login, "pi", "/safety/")
    before = timezone.now() - cache.FRESH - timedelta(seconds=1)
    KeptFigures.objects.update(at=before)

    page(login, "pi", "/safety/")

    assert kept().at > before + cache.FRESH


def test_who_sees_other_sites_and_who_reads_otherwise_gets_other_figures(treated, login):
    here = page(login, "nurse", "/progress/")
    elsewhere = page(login, "nurse_b", "/progress/")
    assert page(login, "pi", "/safety/?related=sbrt&days=60") != page(login, "pi", "/safety/")

    assert treated.code in here
    assert treated.code not in elsewhere
    assert KeptFigures.objects.count() == 4


def test_what_takes_long_is_left_to_a_worker_and_says_from_when_it_is(treated, login, people, site):
    page(login, "pi", "/safety/")
    KeptFigures.objects.update(seconds=cache.PATIENCE + 1)
    irradiated(site, people, 2)

    waiting = page(login, "pi", "/safety/")
    assert "Of 1 treated" in waiting
    assert NOTICE in waiting

    hour = timezone.now() + timedelta(hours=1)  # it rests after long work
    assert cache.work_out_owed(timezone.now) == 0
    assert cache.work_out_owed(lambda: hour) == 1
    KeptFigures.objects.update(at=timezone.now())
    text = page(login, "pi", "/safety/")
    assert "Of 2 treated" in text
    assert NOTICE not in text


def test_so_many_participants_are_never_worked_out_in_a_request(treated, login, monkeypatch, people, site):
    monkeypatch.setattr(cache, "LARGE_STUDY", 1)
    irradiated(site, people, 2)

    first = page(login, "pi", "/outcomes/")
    assert "take some minutes" in first
    assert cache.work_out_owed(timezone.now) == 1

    text = page(login, "pi", "/outcomes/")
    assert "take some minutes" not in text
    assert 'id="survival"' in text


def test_two_workers_do_not_work_out_one_page_at_once(treated, login, monkeypatch, people, site):
    monkeypatch.setattr(cache, "LARGE_STUDY", 1)
    irradiated(site, people, 2)
    page(login, "pi", "/outcomes/")
    with superuser() as other:  # another worker is at it
        key = [AdvisoryLock.FIGURES_PAGE, kept().key]
        other.execute("SELECT pg_advisory_lock(%s, hashtext(%s))", key)
        assert cache.work_out_owed(timezone.now) == 0
        assert kept().html == ""

    assert cache.work_out_owed(timezone.now) == 1  # it was killed, and its lock with it
    assert kept().owed_at is None


def test_an_instant_of_the_past_is_replayed_and_not_kept(treated, login):
    text = page(login, "pi", f"/safety/?as_of={timezone.now():%Y-%m-%d}")

    assert "replayed from the audit trail" in text
    assert not KeptFigures.objects.exists()


def test_old_ones_are_thrown_away(treated, login):
    page(login, "pi", "/safety/")

    cache.forget(timezone.now())
    assert KeptFigures.objects.exists()
    cache.forget(timezone.now() + cache.RETENTION + timedelta(minutes=1))
    assert not KeptFigures.objects.exists()
