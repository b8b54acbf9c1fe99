"""The facts of a timeline: every dated answer of every form, and no contradiction in the fictional study."""

import pytest
from django.utils import timezone

from accounts.models import Person
from oversight.casebook import loading
from oversight.casebook.dated_facts import dated_facts
from protocol.study import STUDY
from protocol.timeline import breaches
from records.models import Participant
from sbrtspine import demo


@pytest.fixture
def books(db):
    demo.seed(demo.accounts("demo"), timezone.now())
    assert Person.objects.exists()
    return loading.load(Participant.objects.all())


def test_the_fictional_study_keeps_every_order_that_it_does_not_break_on_purpose(books):
    broken = [
        (book.participant.code, breach.order.code, breach.first, breach.then)
        for book in books.values()
        for breach in breaches(dated_facts(book), STUDY.orders)
    ]
    assert broken == []
