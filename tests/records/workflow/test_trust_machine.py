"""Random people do random things to one form, in any order; whatever they do, what the states promise holds."""

import hypothesis.strategies as st
import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from accounts.roles import ROLE_PERMISSIONS
from enrollment.models import Consent
from records import services, signing
from records.audit import verification
from records.models import AuditRow, Signature, Verification
from records.workflow import attestations, locks, signatures, source_verification, states
from records.workflow.locks import Lock
from tests import builders
from tests.builders import amsterdam
from tests.sizes import examples

NOW = amsterdam("2016-06-01 12:00")
WHO = st.sampled_from(["nurse", "pi", "datamanager", "monitor"])
TEXTS = st.sampled_from(["1.0", "2.0", "3.0"])


class Machine(RuleBasedStateMachine):
    """Everything the table of states allows, and everything it refuses, tried by everybody."""

    people: dict
    site: object

    def __init__(self):
        super().__init__()
        self.point = transaction.savepoint()
        participant = builders.register(self.site, self.people["nurse"])
        self.pk = builders.record(Consent, participant, self.people["nurse"], given="yes", form_version="1.0").pk

    def teardown(self):
        transaction.savepoint_rollback(self.point)

    def stored(self):
        record = Consent.objects.get(pk=self.pk)
        attestations.load([record])
        return record

    def attempt(self, action, who, act):
        """Do it; it must succeed exactly where state and role say so."""
        record = self.stored()
        move = next(move for move in states.TRANSITIONS if move.action == action)
        person = self.people[who]
        needs = record.signed_by if action == "sign" else move.may
        allowed = any(needs in ROLE_PERMISSIONS[role].may for role in person.roles) and not states.refusal(
            record, action
        )
        before = AuditRow.objects.count()
        try:
            with transaction.atomic():
                if not any(needs in ROLE_PERMISSIONS[role].may for role in person.roles):
                    raise PermissionDenied
                act(record, person)
        except (ValidationError, PermissionDenied):
            assert not allowed, f"{action} by {who} was refused in {states.state(record)}"
            assert AuditRow.objects.count() == before
        else:
            assert allowed, f"{action} by {who} went through in {states.state(record)}"

    @rule(who=WHO, text=TEXTS)
    def save(self, who, text):
        def act(record, person):
            record.fill(form_version=f"{text} after {record.version}")  # the same again would be no save
            services.write(record, by=person, version=record.version)

        self.attempt("save", who, act)

    @rule(who=WHO)
    def complete(self, who):
        def act(record, person):
            if record.is_complete:
                raise ValidationError("complete already")
            record.missing = {field.name: "UNK" for field in record.unanswered()}
            services.write(record, by=person, version=record.version, complete=True)

        self.attempt("complete", who, act)

    @rule(who=WHO, text=TEXTS)
    def change(self, who, text):
        def act(record, person):
            if not record.is_complete:
                raise ValidationError("never complete")
            record.missing.pop("form_version", None)
            record.fill(form_version=f"{text} after {record.version}")
            services.write(record, by=person, version=record.version, reason="Letter re-read")

        self.attempt("change", who, act)

    @rule(who=WHO)
    def verify(self, who):
        self.attempt("verify", who, lambda record, by: signing.verify(record, by=by, version=record.version, now=NOW))

    @rule(who=WHO)
    def sign(self, who):
        def act(record, person):
            signing.sign_record(record, by=person, version=record.version, meaning="approved", now=NOW)

        self.attempt("sign", who, act)

    @rule(who=WHO, kind=st.sampled_from(["freeze", "lock"]))
    def close(self, who, kind):
        def act(record, person):
            what = locks.target("record", record.participant, record=record)
            if refused := states.refusal(record, kind):
                raise ValidationError(refused)
            locks.close(what, kind, by=person, reason="Interim look", now=NOW)

        self.attempt(kind, who, act)

    @precondition(lambda self: Lock.objects.filter(released_at=None).exists())
    @rule()
    def open_again(self):
        lock = Lock.objects.get(released_at=None)
        locks.ask(lock, by=self.people["datamanager"], reason="Done", now=NOW)
        if lock.kind == "lock":
            locks.agree(lock, by=self.people["pi"], now=NOW)

    @precondition(lambda self: not Consent.objects.get(pk=self.pk).is_void)
    @rule(who=WHO, old=st.integers(1, 3))
    def use_an_old_page(self, who, old):
        """A page that was opened a few versions ago writes nothing."""
        record = self.stored()
        before = AuditRow.objects.count()
        if record.version <= old:
            return
        with pytest.raises(services.Stale), transaction.atomic():
            services.write(record, by=self.people[who], version=record.version - old, reason="late")
        assert AuditRow.objects.count() == before

    @invariant()
    def no_comparison_of_a_changed_answer(self):
        record = self.stored()
        for row in Verification.objects.filter(record_id=self.pk, lost_at__isnull=True):
            assert source_verification.holds(row, record)

    @invariant()
    def no_signature_over_changed_content(self):
        record = self.stored()
        text = signatures.canonical(signatures.content_of(record))
        for each in signatures.check_all(record.participant, "record", signatures.content_of(record), record):
            assert each.holds == (each.signature.content == text)

    @invariant()
    def the_trail_equals_the_tables(self):
        assert verification.verify() == []

    @invariant()
    def a_signed_state_has_a_signature(self):
        record = self.stored()
        if states.state(record) == states.SIGNED:
            assert Signature.objects.filter(record_id=self.pk).exists()
        if states.state(record) in (states.FROZEN, states.LOCKED):
            assert states.refusal(record, "change")


@pytest.mark.django_db
def test_whatever_people_do_the_promises_hold(people, site):
    machine = type("Here", (Machine,), {"people": people, "site": site})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples(5, 60), stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
