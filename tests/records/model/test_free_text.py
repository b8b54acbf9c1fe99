"""Whatever takes free text takes it by the one door: forms of the pages and what imports and shells call alike."""

import unicodedata
from datetime import UTC, datetime

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from accounts import delegation
from accounts import services as account_services
from accounts.models import Act, Delegation, Person
from adverse_events.models import AdverseEvent
from enrollment import enrolment_lock
from enrollment.models import Deviation
from exports import snapshots
from oversight.monitoring import plan
from records import queries, redaction, services
from records.audit import review
from records.entry import drafts
from records.model import form_registry, registry
from records.model.base import ItemGroupRecord
from records.model.fields import LongText, Text, crf_fields
from records.models import AuditRow
from records.workflow import locks
from tests import builders
from tests.test_every_field import address, inputs

TYPED = "\u00a0 een cafe\u0301 \u200b"
KEPT = "een café"
LINES, KEPT_LINES = "een\r\ntwee\u2028drie\r", "een\ntwee\ndrie"
TEXTS = [
    (model, field.name)
    for model in registry.clinical_models()
    if model.slug != "participant"
    for field in crf_fields(model)
    if isinstance(field, Text) and field.editable and not field.choices
]


def test_there_are_texts_to_be_tried():
    assert len(TEXTS) > 35


@pytest.mark.parametrize(("model", "name"), TEXTS, ids=lambda value: value if isinstance(value, str) else value.slug)
def test_every_text_of_every_record_is_cleaned_by_the_record_itself(model, name):
    field = model._meta.get_field(name)
    typed = LINES if isinstance(field, LongText) else TYPED
    kept = KEPT_LINES if isinstance(field, LongText) else KEPT

    record = model(**{name: typed})
    record.clean_fields(exclude=[other.name for other in model._meta.fields if other.name != name])

    assert getattr(record, name) == kept
    assert field.clean("\u200b \u00a0", record) is None
    for wrong in ("a\x07b", "a\u202eb", "x" * (field.max_length + 1)):
        with pytest.raises(ValidationError):
            field.clean(wrong, record)


@pytest.mark.parametrize("model", registry.forms().values(), ids=lambda model: model.slug)
def test_every_text_of_every_form_is_refused_beside_its_question(model, people, site, client):
    participant = builders.register(site, people["nurse"])
    client.force_login(people["nurse"])
    _names, management = inputs(model)
    forms = {"": form_registry.form_of(model)} | {
        f"{prefix}-0-": row for prefix, row in form_registry.form_of(model).row_forms.items()
    }
    texts = {
        prefix + field.name: "goed\r\nfo\x07ut" if isinstance(field, LongText) else "fo\x07ut"
        for prefix, form in forms.items()
        for field in crf_fields(form._meta.model)
        if isinstance(field, Text)
        and field.name in form.base_fields
        and field.name not in form._meta.model.field_permissions
    }
    for prefix in form_registry.form_of(model).row_forms:
        management |= {f"{prefix}-TOTAL_FORMS": "1" if any(name.startswith(prefix) for name in texts) else "0"}
    if not texts:
        return
    answer = client.post(address(model, participant), {"action": "save", "version": "0", **texts, **management})

    assert answer.status_code == 422
    assert answer.content.decode().count("U+0007") >= 2 * len(texts)  # above, and beside each question


DEVIATIONS = "/participants/BLEND-01/deviation/"


def test_a_form_keeps_composed_letters_and_plain_line_breaks(login, people, site):
    builders.register(site, people["nurse"])
    sent = {"version": "0", "action": "save", "description": f"cafe\u0301\r\n{LINES}"}

    assert login("nurse").post(f"{DEVIATIONS}new/", sent).status_code == 302
    assert Deviation.objects.get().description == f"café\n{KEPT_LINES}"


def test_a_line_break_counts_once_on_the_page_as_in_the_browser(login, people, site):
    builders.register(site, people["nurse"])
    full = "x\r\n" * 1999 + "xy"  # 4,000 characters in the browser, 5,999 on the wire
    over = {"version": "1", "action": "save", "description": full + "z"}

    sent = {"version": "0", "action": "save", "description": full}
    assert login("nurse").post(f"{DEVIATIONS}new/", sent).status_code == 302
    assert len(Deviation.objects.get().description) == 4000
    assert b'maxlength="4000"' in login("nurse").get(f"{DEVIATIONS}1/").content
    assert login("nurse").post(f"{DEVIATIONS}1/", over).status_code == 422


def test_the_write_door_itself_cleans_and_refuses(people, site):
    participant = builders.register(site, people["nurse"])
    event = builders.record(AdverseEvent, participant, people["nurse"], verbatim=TYPED)
    event.refresh_from_db()
    assert event.verbatim == KEPT

    event.verbatim = TYPED + "\r\n"
    services.write(event, by=people["nurse"], version=1)
    assert AdverseEvent.objects.get().version == 1  # the same text, typed otherwise: nothing changed

    event.verbatim = "a\x1b[31m"
    with pytest.raises(ValidationError, match="place 2"):
        services.write(event, by=people["nurse"], version=1)


@pytest.fixture
def there(people, site):
    """`there()`: a participant with a record, and the people, as the database has them now."""
    participant = builders.register(site, people["nurse"])
    builders.record(AdverseEvent, participant, people["nurse"], verbatim="koorts")

    def afresh():
        cast = {name: Person.objects.get(pk=person.pk) for name, person in people.items()}
        event = AdverseEvent.objects.select_related("participant__site").get()
        return {"participant": event.participant, "event": event, "site": site, **cast}

    return afresh


NOW = datetime(2016, 3, 8, 12, tzinfo=UTC)


def _void(there, text):
    return services.void(there["event"], by=there["nurse"], reason=text, version=1).void_reason


def _reason_of_a_change(there, text):
    services.write(there["event"].fill(verbatim="hoge koorts"), by=there["nurse"], reason=text, version=1)
    return AuditRow.objects.latest("pk").reason


def _ask(there, text):
    return queries.ask(there["participant"], by=there["monitor"], text=text, now=NOW).sentence


def _answer(there, text):
    query = queries.ask(there["participant"], by=there["monitor"], text="Which?", now=NOW)
    return queries.move(query, "answered", by=there["nurse"], text=text, now=NOW).messages.latest("pk").text


def _freeze(there, text):
    what = locks.target(locks.Lock.Scope.PARTICIPANT, there["participant"])
    return locks.close(what, "freeze", by=there["datamanager"], reason=text, now=NOW).reason


def _unfreeze(there, text):
    what = locks.target(locks.Lock.Scope.PARTICIPANT, there["participant"])
    lock = locks.close(what, "freeze", by=there["datamanager"], reason="cut", now=NOW)
    return locks.ask(lock, by=there["datamanager"], reason=text, now=NOW).released_because


def _redact(there, text):
    key = redaction.find(there["participant"], "koorts")[0].key
    return redaction.ask(there["participant"], [key], by=there["datamanager"], reason=text, now=NOW).reason


def _review(there, text):
    return review.record(there["monitor"], "", "everything", 1, text, NOW).note


def _draw(there, text):
    plan.draw([], by=there["monitor"], reason="", now=NOW)
    return plan.draw([], by=there["monitor"], reason=text, now=NOW).reason


def _resume(there, text):
    lock = enrolment_lock.close(3, 6, "3 of 6", NOW)
    return enrolment_lock.decide(lock.pk, by=there["pi"], decision="resume", reason=text, now=NOW).reason


def _end_role(there, text):
    membership = there["nurse"].memberships.get()
    account_services.end_role(membership, ends_at=timezone.now(), by=there["admin"], reason=text, now=timezone.now())
    return Act.objects.latest("pk").reason


def _account(act):
    def door(there, text):
        more = {} if act == "deactivate" else {"origin": "http://testserver/"}
        if act == "reactivate":
            account_services.deactivate(there["nurse"], by=there["admin"], reason="leave", now=timezone.now())
        getattr(account_services, act)(there["nurse"], by=there["admin"], reason=text, now=timezone.now(), **more)
        return Act.objects.filter(reason__gt="").latest("pk").reason

    door.__name__ = act
    return door


def _end_delegation(there, text):
    line = Delegation.objects.filter(person=there["nurse"]).get()
    return delegation.end(line, ends_at=timezone.now(), reason=text, by=there["pi"], now=timezone.now()).reason


DOORS = [
    _void, _reason_of_a_change, _ask, _answer, _freeze, _unfreeze, _redact, _review, _draw, _resume, _end_role,
    _account("reset"), _account("deactivate"), _account("reactivate"), _end_delegation,
]  # fmt: skip


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__.strip("_"))
def test_every_reason_is_kept_whole_and_clean_or_refused(door, there):
    refused = {"x" * 1001: "1001 characters; at most 1000", "a\x07b": r"U\+0007", "a\u202eb": "override"}
    if door is not _reason_of_a_change:  # a first entry needs none
        refused["\u200b \u00a0\u2800"] = "."
    for text, sentence in refused.items():
        with pytest.raises(ValidationError, match=sentence), transaction.atomic():
            door(there(), text)

    assert door(there(), "\u00a0 cafe\u0301\r\n" + "y" * 995) == "café\n" + "y" * 995


def test_names_are_texts_of_one_line(there):
    cast = there()

    def invited(**names):
        fields = {"username": "new", "first_name": "Zoe\u0308", "last_name": " de  Wit\u00a0", "email": "z@example.org"}
        return account_services.invite(
            **{**fields, **names}, role="nurse", site=cast["site"], starts_at=NOW, ends_at=None, by=cast["admin"],
            now=timezone.now(), origin="http://testserver/",
        )  # fmt: skip

    newcomer = Person.objects.get(pk=invited().pk)
    assert (newcomer.first_name, newcomer.last_name) == ("Zoë", "de  Wit")
    for wrong in ("a\nb", "a\x00b", "a\u202eb"):
        with pytest.raises(ValidationError, match="place 2"):
            invited(username="other", last_name=wrong)
    taken = {"purpose": "interim", "freeze": False, "by": cast["datamanager"], "now": NOW}
    for wrong in ("a\nb", "a\x00b", "x" * 101, " \u200b"):
        with pytest.raises(ValidationError):
            snapshots.take(name=wrong, **taken)


def test_a_reason_that_is_insisted_on_is_not_cut_either(login, people, site):
    participant = builders.register(site, people["nurse"])
    builders.record(AdverseEvent, participant, people["nurse"], verbatim="koorts")
    at = "/participants/BLEND-01/adverse-event/1/void/"
    long = "Mrs Pietersen " + "y" * 980

    refused = login("nurse").post(at, {"version": "1", "reason": long, "not_personal": "yes"})

    assert refused.status_code == 422
    assert "shorter" in refused.content.decode()
    assert f'value="{long}"' in refused.content.decode()
    assert AdverseEvent.objects.get().voided_at is None


def test_what_was_kept_is_found_however_it_is_spelled(login, people, site):
    participant = builders.register(site, people["nurse"])
    builders.record(AdverseEvent, participant, people["nurse"], verbatim="Pijn in café Zoë")
    spelled = unicodedata.normalize("NFD", "café  Zoë")

    assert "Pijn in café Zoë" in login("nurse").get("/find/", {"q": spelled}).content.decode()
    assert redaction.find(participant, spelled.replace(" ", "\u00a0"))
    kept = {"verbatim": unicodedata.normalize("NFD", "Zoë\r\n belde")}
    login("nurse").post("/participants/BLEND-01/adverse-event/1/typing/", {"version": "1", **kept})
    drafts.forget_quotes("BLEND-01", ["Zoë\nbelde"])
    assert not drafts.Typing.objects.exists()


def test_every_kind_of_row_has_a_box_that_is_always_sent():
    """What tells a row that came from one that was lost on the way (records.entry.sent_rows)."""
    from django import forms

    for model in registry.clinical_models():
        if issubclass(model, ItemGroupRecord):
            form = form_registry.form_of(model)
            always = [
                field
                for field in form.base_fields.values()
                if not isinstance(field.widget, forms.RadioSelect | forms.CheckboxInput | forms.CheckboxSelectMultiple)
                and not field.widget.is_hidden
            ]
            assert always, model


def test_what_a_review_was_about_is_not_cut_either(people):
    with pytest.raises(ValidationError, match="too long"):
        review.record(people["monitor"], "q=" + "x" * 600, "everything", 1, "Looked at", NOW)
