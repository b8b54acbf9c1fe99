"""Random people do random things to one form, in any order; whatever they do, what the states promise holds."""

import hypothesis.strategies as st
import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from accounts.roles import ROLE_PERMISSIONS
from enrollment.models import Consent
from records import services
from records.audit import verification
from records.models import AuditRow, Signature, Verification
from records.workflow import attestations, signatures, source_verification, states
from records.workflow.locks import Lock
from tests import builders
from tests.conftest import PASSWORD
from tests.records.pages import sent_by
from tests.sizes import examples

WHO = st.sampled_from(["nurse", "pi", "datamanager", "monitor"])
TEXTS = st.sampled_from(["1.0", "2.0", "3.0"])
HOME = "/participants/{0.participant.code}/"


def of_version(text, record):
    return f"{text} after {record.version}"


class Machine(RuleBasedStateMachine):
    """Everything the table of states allows, and everything it refuses, tried by everybody on the pages."""

    people: dict
    site: object
    client: object

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

    def attempt(self, action, who, send):
        """Send what the page sends; it must go through exactly where state and role say so."""
        record = self.stored()
        move = next(move for move in states.TRANSITIONS if move.action == action)
        needs = record.signed_by if action == "sign" else move.may
        may = any(needs in ROLE_PERMISSIONS[role].may for role in self.people[who].roles)
        allowed = may and not states.refusal(record, action)
        before = AuditRow.objects.count()
        self.client.force_login(self.people[who])

        answer = send(record)

        went = answer.status_code == 302 and "unchanged" not in answer.url
        assert went == allowed, f"{action} by {who} in {states.state(record)}: {answer.status_code}"
        assert answer.status_code in (302, 403, 422), f"{action} by {who}: {answer.status_code}"
        assert went or AuditRow.objects.count() == before

    def form(self, record, **sent):
        """What the form's page sends as it stands, but for these answers."""
        page_data = {"version": [record.version], **sent_by(self.client.get(HOME.format(record) + "consent/"))}
        return self.client.post(HOME.format(record) + "consent/", {**page_data, **sent})

    @rule(who=WHO, text=TEXTS)
    def save(self, who, text):
        """The same again would be no save, so the text says of which version it is."""

        def send(record):
            return self.form(record, action="save", form_version=of_version(text, record))

        self.attempt("save", who, send)

    @rule(who=WHO)
    def complete(self, who):
        def send(record):
            codes = {f"{field.name}_missing": "UNK" for field in record.unanswered()}
            return self.form(record, action="complete", **codes)

        self.attempt("complete", who, send)

    @precondition(lambda self: Consent.objects.get(pk=self.pk).is_complete)
    @rule(who=WHO, text=TEXTS)
    def change(self, who, text):
        def send(record):
            answers = {"form_version": of_version(text, record), "form_version_missing": ""}
            return self.form(record, action="complete", reason="Letter re-read", **answers)

        self.attempt("change", who, send)

    @rule(who=WHO)
    def verify(self, who):
        def send(record):
            return self.client.post(
                HOME.format(record) + "consent/verify/", {"version": record.version, "which": "all"}
            )

        self.attempt("verify", who, send)

    @rule(who=WHO)
    def sign(self, who):
        def send(record):
            form_data = {"version": record.version, "password": PASSWORD, "meaning": "approved"}
            return self.client.post(HOME.format(record) + "consent/sign/", form_data)

        self.attempt("sign", who, send)

    @rule(who=WHO, kind=st.sampled_from(["freeze", "lock"]))
    def close(self, who, kind):
        def send(record):
            form_data = {"what": f"record consent {record.pk}", "kind": kind, "reason": "Interim look"}
            return self.client.post(HOME.format(record) + "locks/", form_data)

        self.attempt(kind, who, send)

    @precondition(lambda self: Lock.objects.filter(released_at=None).exists())
    @rule(who=WHO)
    def open_again(self, who):
        """The data manager lifts a freeze, and asks to unlock; only somebody else agrees, who may."""
        lock = Lock.objects.get(released_at=None)
        address = f"/locks/{lock.pk}/"
        self.client.force_login(self.people[who])
        asked = self.client.post(address, {"reason": "Done"}).status_code
        assert asked == (302 if who == "datamanager" else 403)
        if lock.kind == "lock" and who == "datamanager":
            assert self.client.post(address, {"act": "agree"}).status_code == 403
            self.client.force_login(self.people["pi"])
            assert self.client.post(address, {"act": "agree"}).status_code == 302

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
        for check in signatures.check_all(record.participant, "record", signatures.content_of(record), record):
            assert check.holds == (check.signature.content == text)

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
def test_whatever_people_do_the_promises_hold(people, site, client):
    machine = type("Here", (Machine,), {"people": people, "site": site, "client": client})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples(5, 60), stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


@pytest.mark.django_db
@pytest.mark.parametrize("begun", ["draft", "complete"])
@pytest.mark.parametrize("who", ["nurse", "pi", "datamanager", "monitor"])
def test_everybody_tries_everything_once(people, site, client, who, begun):
    """Whatever the dice of the law above fall on, each role is refused on each page what is not its own."""
    machine = type("Here", (Machine,), {"people": people, "site": site, "client": client})()
    if begun == "complete":
        machine.complete("nurse")
        machine.change(who, "2.0")
    machine.save(who, "1.0")
    machine.verify(who)
    machine.sign(who)
    machine.close(who, "freeze")
    machine.close(who, "lock")
