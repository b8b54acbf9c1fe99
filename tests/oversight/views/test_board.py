"""The 48-hour board: who is in a window, until when, how urgent in words, and who looks after it."""

from datetime import timedelta

import pytest
from django.db import ProgrammingError, connection, transaction
from django.utils import timezone

from oversight import window_board
from oversight.models import Responsible
from oversight.scanning import scan
from procedures.models import Surgery
from tests import builders
from tests.oversight.views.test_pages import irradiated, page


def test_the_next_to_close_is_on_top_and_what_is_over_below(people, site):
    early, late, done = (irradiated(site, people, hours) for hours in (2, 41, 60))
    builders.record(
        Surgery, done, people["nurse"], index="yes", performed="yes", incision_at=timezone.now() - timedelta(hours=40)
    )
    scan.scan(timezone.now())

    rows = window_board.build_board(people["nurse"], timezone.now()).rows

    assert [row.participant for row in rows] == [late, early, done]
    assert [row.words for row in rows] == ["closing", "open", "compliant"]


def test_where_a_wall_is_too_small_those_that_close_first_are_on_it(login, people, site):
    windows = [irradiated(site, people, hours) for hours in range(1, window_board.MAX_OPEN + 3)]
    scan.scan(timezone.now())

    board = window_board.build_board(people["nurse"], timezone.now())

    assert [row.participant for row in board.rows] == windows[::-1][: window_board.MAX_OPEN]
    assert "2 more windows are open" in page(login, "nurse", "/board/")
    everybody = page(login, "nurse", "/board/?all=1")
    assert "more windows are open" not in everybody
    assert all(participant.code in everybody for participant in windows)


def test_the_surgeons_are_responsible_until_somebody_takes_over(login, people, site):
    participant = irradiated(site, people, 20)
    scan.scan(timezone.now())
    assert "nobody has taken over" in page(login, "nurse", "/board/")
    assert "Sem Bakker" in page(login, "nurse", "/board/")

    login("radonc").post(f"/board/{participant.code}/take/")

    text = page(login, "nurse", "/board/")
    assert "Ria Jansen" in text
    assert "nobody has taken over" not in text


def test_who_took_over_is_never_changed(people, site):
    taken = window_board.take(irradiated(site, people, 20), people["surgeon"], timezone.now())

    with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE oversight_responsible SET person_id = %s", [people["nurse"].pk])
    assert Responsible.objects.get().pk == taken.pk


def test_the_wall_shows_nothing_to_press(login, people, site):
    irradiated(site, people, 20)
    scan.scan(timezone.now())

    assert "I take over" in page(login, "nurse", "/board/")
    assert "I take over" not in page(login, "nurse", "/board/?wall=1")
    assert "I take over" not in page(login, "monitor", "/board/")
