"""Saving the surgery form, audited: the request beside the same one with the trigger off and beside a bare ModelForm;
the row alone beside a bare one and beside django-simple-history."""

from django.db import connection, transaction
from django.test import Client

from accounts.models import Person
from accounts.sent import LAST, LAST_SAYS
from benchmarks import study
from benchmarks.results import Result, in_turns
from procedures.models import Surgery
from records.models import Participant
from records.audit import context

ROUNDS, MAX_RATIO = 200, 1.15


def run() -> list[Result]:
    study.use(study.SMALL)
    nurse = Person.objects.get(username="nurse")
    return [*_rows(nurse), *_requests(nurse)]


def _rows(nurse: Person) -> list[Result]:
    from benchmarks import twins

    role = connection.settings_dict["USER"]
    connection.close()
    connection.settings_dict["USER"] = "sbrtspine_owner"
    twins.make()
    record = Surgery.objects.exclude(incision_at=None).first()
    kept = [twins.like(record, twins.Bare), twins.like(record, twins.Historical), record]
    turn = iter(range(10**9))

    def save(which: int) -> None:
        kept[which].blood_loss_ml = next(turn) % 5000
        with transaction.atomic(), context.audit_context(nurse, "benchmark"):
            kept[which].save()

    bare, historical, audited = in_turns(ROUNDS, *(lambda w=w: save(w) for w in range(3)), warm=20)
    with connection.cursor() as cursor:
        cursor.execute("GRANT ALL ON benchmarks_bare TO sbrtspine_app")
    connection.close()
    connection.settings_dict["USER"] = role
    return [
        Result("one row, audited, to one by django-simple-history", audited, historical, 1.0),
        Result("one row, audited, to one bare row", audited, bare, None, "the trigger alone, without a form around it"),
        Result("one row by django-simple-history to one bare row", historical, bare, None, "for comparison"),
    ]


def _requests(nurse: Person) -> list[Result]:
    """One POST of the form through the real door, with the trigger on and off, and of a bare ModelForm, in turns."""
    from benchmarks import twins

    browser = Client()
    browser.force_login(nurse)
    form = _draft(nurse)
    bare_address = f"/bare/{twins.like(form, twins.Bare).pk}/"
    turn = iter(range(10**9))

    def post() -> None:
        form.refresh_from_db()
        typed = {"action": "save", "version": form.version, "entry": form.entry, "reason": "benchmark", LAST: LAST_SAYS}
        typed |= {"index": "no", "blood_loss_ml": next(turn) % 5000}
        address = f"/participants/{form.participant.code}/surgery/{form.number}/"
        assert browser.post(address, typed).status_code == 302

    def bare() -> None:
        typed = {"index": "no", "blood_loss_ml": next(turn) % 5000, LAST: LAST_SAYS}
        assert browser.post(bare_address, typed).status_code == 302

    with study.server(study.SMALL) as owner:

        def silent() -> None:
            owner.execute("ALTER TABLE procedures_surgery DISABLE TRIGGER audited")
            try:
                post()
            finally:
                owner.execute("ALTER TABLE procedures_surgery ENABLE TRIGGER audited")

        def heard() -> None:  # the same two statements around it, so that only the trigger differs
            owner.execute("ALTER TABLE procedures_surgery ENABLE TRIGGER audited")
            post()
            owner.execute("ALTER TABLE procedures_surgery ENABLE TRIGGER audited")

        audited, unaudited, least = in_turns(ROUNDS // 2, heard, silent, bare, warm=10)
    return [
        Result("save one form, audited, to the same unaudited", audited, unaudited, MAX_RATIO, "the whole request"),
        Result("save one form to a bare ModelForm view", audited, least, None, "no rows, versions, reasons, states"),
    ]


def _draft(nurse: Person) -> Surgery:
    from records import services

    participant = Participant.objects.order_by("-pk").first()
    return services.write(Surgery(participant=participant, index="no"), by=nurse, version=0)
