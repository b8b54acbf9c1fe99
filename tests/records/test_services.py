"""The write door: who and why, versions, drafts, completing, voiding."""

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.db.utils import ProgrammingError

from adverse_events.models import AdverseEvent, AdverseEventGrade
from procedures.models import Surgery
from records import services
from records.models import AuditRow
from records.services import Stale
from tests import builders
from tests.builders import amsterdam


@pytest.fixture
def operation(people, site):
    """A draft of an operation, as the nurse began it."""
    participant = builders.register(site, people["nurse"])
    return builders.record(
        Surgery, participant, people["nurse"], index="yes", performed="yes", incision_at=amsterdam("2016-03-08 14:05")
    )


def test_a_draft_may_lack_anything_and_says_who_and_when(operation, people):
    assert (operation.status, operation.version, operation.created_by) == ("draft", 1, people["nurse"])


def test_a_stale_version_is_refused_and_nothing_is_written(operation, people):
    builders.change(operation, people["surgeon"], blood_loss_ml=300)
    behind = Surgery.objects.get(pk=operation.pk)
    behind.blood_loss_ml = 100

    with pytest.raises(Stale):
        services.write(behind, by=people["nurse"], version=1)

    operation.refresh_from_db()
    assert operation.blood_loss_ml == 300


def test_completing_asks_for_what_is_missing(operation, people):
    with pytest.raises(ValidationError) as refused:
        services.write(operation, by=people["nurse"], version=1, complete=True)

    assert "closed_at" in refused.value.message_dict


def test_rows_are_complete_with_their_form_and_not_before(people, site):
    """The export said “draft” beside each grade of an event that the nurse had completed."""
    participant = builders.register(site, people["nurse"])
    row = AdverseEventGrade().fill(grade=3, from_on="2016-03-01")
    event = builders.record(AdverseEvent, participant, people["nurse"], rows=[row], verbatim="Wound opened")
    assert row_states() == [("draft", False)]

    event.missing = {field.name: "UNK" for field in event.unanswered()}
    row.missing = {field.name: "UNK" for field in row.unanswered()}
    services.write(event, by=people["nurse"], version=1, complete=True, rows=[row])
    assert row_states() == [("complete", True)]

    late = AdverseEventGrade().fill(grade=2, from_on="2016-03-09")
    late.missing = {field.name: "UNK" for field in late.unanswered()}
    services.write(event, by=people["nurse"], version=2, reason="Letter re-read", rows=[late])
    assert row_states() == [("complete", True)] * 2


def test_a_row_that_nobody_touched_is_completed_with_its_form(people, site):
    participant = builders.register(site, people["nurse"])
    row = AdverseEventGrade().fill(grade=3, from_on="2016-03-01")
    row.missing = {field.name: "UNK" for field in row.unanswered()}
    event = builders.record(AdverseEvent, participant, people["nurse"], rows=[row], verbatim="Wound opened")
    event.missing = {field.name: "UNK" for field in event.unanswered()}

    services.write(event, by=people["nurse"], version=1, complete=True, rows=[AdverseEventGrade.objects.get()])

    assert row_states() == [("complete", True)]


def row_states():
    return [(row.status, row.completed_at is not None) for row in AdverseEventGrade.objects.order_by("pk")]


def test_a_change_after_complete_wants_a_reason(operation, people):
    operation.missing = {field.name: "UNK" for field in operation.unanswered()}
    services.write(operation, by=people["nurse"], version=1, complete=True)
    operation.fill(blood_loss_ml=250)
    operation.missing.pop("blood_loss_ml", None)

    with pytest.raises(ValidationError, match="Say why"):
        services.write(operation, by=people["nurse"], version=2)

    services.write(operation, by=people["nurse"], version=2, reason="Theatre record checked")
    assert AuditRow.objects.latest("id").reason == "Theatre record checked"


def test_an_operation_cannot_close_before_it_opens(operation, people):
    operation.fill(closed_at=amsterdam("2016-03-08 13:40"))

    with pytest.raises(ValidationError, match="Check the theatre record") as refused:
        services.write(operation, by=people["nurse"], version=1)

    assert list(refused.value.message_dict) == ["closed_at"]


def test_a_void_record_stays_readable_and_changes_no_more(operation, people):
    services.void(operation, by=people["nurse"], reason="Entered for the wrong participant", version=1)
    operation.refresh_from_db()
    operation.blood_loss_ml = 1

    with pytest.raises(ValidationError, match="void"):
        services.write(operation, by=people["nurse"], version=2)

    assert operation.void_reason == "Entered for the wrong participant"


def test_voiding_wants_a_reason(operation, people):
    with pytest.raises(ValidationError, match="Say why"):
        services.void(operation, by=people["nurse"], reason=" ", version=1)


def test_numbers_of_repeated_forms_are_never_used_again(operation, people):
    services.void(operation, by=people["nurse"], reason="Twice entered", version=1)

    again = builders.record(Surgery, operation.participant, people["nurse"], index="yes")

    assert again.number == 2


def test_a_second_index_operation_is_refused_in_words(operation, people):
    with pytest.raises(ValidationError, match="index"):
        builders.record(Surgery, operation.participant, people["nurse"], index="yes")


def test_the_transaction_does_not_go_on_in_our_name(operation):
    with pytest.raises(ProgrammingError, match="who makes it and why"):
        Surgery.objects.filter(pk=operation.pk).update(blood_loss_ml=1)


def test_an_instant_known_to_the_day_is_kept_as_a_day(operation, people):
    changed = builders.change(operation, people["nurse"], incision_at=amsterdam("2016-03-08 14:05").date())

    changed.refresh_from_db()
    assert changed.incision_at is None
    assert changed.moment("incision_at") == amsterdam("2016-03-08 14:05").date()


def test_every_change_is_told_to_the_database_with_person_and_roles(operation):
    row = AuditRow.objects.latest("id")

    assert row.actor == "Noor de Vries (research nurse)"
    assert row.db_role == "sbrtspine_app"
    assert row.changes["incision_at"] == [None, "2016-03-08T13:05:00+00:00"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == ("sbrtspine_app",)
