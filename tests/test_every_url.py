"""Every address × every role, in one table; another site's participant does not exist, whatever the address."""

import pytest
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from adverse_events.models import AdverseEvent, SeriousEvent
from assessments.models import Visit
from enrollment.models import Consent
from procedures.models import Surgery
from protocol.study import STUDY
from records.model import registry
from sbrtspine import context_processors
from tests import builders
from tests.builders import amsterdam

ROLES = ["anonymous", "nurse", "surgeon", "radonc", "pi", "datamanager", "monitor", "admin", "nurse_b", "nurse_two"]
#                     anonymous nurse surgeon radonc pi  dm   monitor admin nurse_b
OPEN = [302, 200, 200, 200, 200, 200, 200, 200, 200]
SEES = [302, 200, 200, 200, 200, 200, 200, 404, 404]
SITE = [302, 200, 200, 200, 200, 200, 200, 403, 200]
EXPORTS = [302, 200, 200, 200, 200, 200, 403, 403, 200]
REGISTERS = [302, 200, 200, 200, 200, 403, 403, 403, 200]
LATER = [302, 405, 405, 405, 405, 405, 405, 405, 405]
EVERYBODY = [200] * 9
ASKS = [302, 403, 403, 403, 403, 200, 200, 404, 404]
SIGNS = [302, 403, 200, 200, 200, 403, 403, 404, 404]
SIGNS_OFF = [302, 403, 403, 403, 200, 403, 403, 404, 404]
AUDITS = [302, 403, 403, 403, 200, 200, 200, 200, 403]
REDACTS = [302, 403, 403, 403, 200, 200, 403, 404, 404]
MONITORING = [302, 403, 403, 403, 200, 200, 200, 403, 403]
SAFETY = [302, 403, 200, 200, 200, 200, 200, 403, 403]

PEOPLE = [302, 403, 403, 403, 403, 403, 403, 200, 403]

GET = {
    "login-factor": ("/login/second-factor/", [302] * 9),
    "login-passkey": ("/login/passkey/", [405] * 9),
    "again": ("/login/again/", LATER),
    "welcome": ("/welcome/no-such-link/", [410] * 9),
    "account": ("/account/", OPEN),
    "password": ("/account/password/", OPEN),
    "second-factor": ("/account/second-factor/", OPEN),
    "second-factor-passkey": ("/account/second-factor/passkey/", LATER),
    "people": ("/people/", PEOPLE),
    "invite": ("/people/invite/", PEOPLE),
    "people-as-of": ("/people/as-of/?at=2016-03-08", PEOPLE),
    "person": ("/people/99999999/", [302, 403, 403, 403, 403, 403, 403, 404, 403]),
    "delegation": ("/delegation/", OPEN),
    "login": ("/login/", [200, 302, 302, 302, 302, 302, 302, 302, 302]),
    "logout": ("/logout/", LATER),
    "health": ("/health/", EVERYBODY),
    "worklist": ("/", OPEN),
    "participants": ("/participants/", SITE),
    "participant-new": ("/participants/new/", REGISTERS),
    "casebook": ("/participants/BLEND-01/", SEES),
    "board": ("/board/", SITE),
    "find": ("/find/?q=wound", SITE),
    "put-aside": ("/aside/", LATER),
    "calendar": ("/calendar/", SITE),
    "calendar-address": ("/calendar/address/", LATER),
    "calendar-feed": ("/calendar/nobody-has-this-address.ics", [404] * 9),
    "board-take": ("/board/BLEND-01/take/", LATER),
    "messages": ("/messages/", OPEN),
    "messages-seen": ("/messages/seen/", LATER),
    "message-preferences": ("/messages/preferences/", LATER),
    "message-log": ("/messages/log/", [302, 403, 403, 403, 200, 200, 200, 200, 403]),
    "message-acknowledge": ("/messages/1/acknowledge/", LATER),
    "mailbox": ("/mailbox/", [302, 404, 404, 404, 404, 404, 404, 404, 404]),
    "eligibility-verdict": ("/participants/BLEND-01/eligibility/verdict/", LATER),
    "endpoint": ("/participants/BLEND-01/endpoint/", SEES),
    "endpoint-seen": ("/participants/BLEND-01/endpoint/seen/", LATER),
    "endpoint-sign": ("/participants/BLEND-01/endpoint/sign/", SIGNS_OFF),
    "casebook-sign": ("/participants/BLEND-01/sign/", SIGNS_OFF),
    "locks": ("/participants/BLEND-01/locks/", SEES),
    "redactions": ("/participants/BLEND-01/redactions/", REDACTS),
    "study-locks": ("/locks/", SITE),
    "changes": ("/participants/BLEND-01/changes/", SEES),
    "form-as-of": ("/participants/BLEND-01/consent/as-of/?at=2016-03-08", SEES),
    "repeating-form-as-of": ("/participants/BLEND-01/surgery/1/as-of/?at=2016-03-08", SEES),
    "visit-form-as-of": ("/participants/BLEND-01/d60/visit/as-of/?at=2016-03-08", SEES),
    "understood": ("/understood/", LATER),
    "queries": ("/queries/", SITE),
    "reads": ("/audit/reads/", AUDITS),
    "audit": ("/audit/", AUDITS),
    "checks": ("/checks/", [302, 403, 403, 403, 403, 200, 200, 403, 403]),
    "blank-forms": ("/forms/blank/", SITE),
    "monitoring": ("/monitoring/", MONITORING),
    "monitoring-visit": ("/monitoring/visits/1/", [302, 403, 403, 403, 404, 404, 404, 403, 403]),
    "monitoring-visit-new": ("/monitoring/visits/new/", [302, 403, 403, 403, 403, 403, 200, 403, 403]),
    "query": ("/queries/1/", [302, 404, 404, 404, 404, 404, 404, 404, 404]),
    "form-query": ("/participants/BLEND-01/consent/query/", ASKS),
    "repeating-form-query": ("/participants/BLEND-01/surgery/1/query/", ASKS),
    "visit-form-query": ("/participants/BLEND-01/d60/visit/query/", ASKS),
    "lock-open": ("/locks/1/", LATER),
    "safety": ("/safety/", SAFETY),
    "progress": ("/progress/", SITE),
    "outcomes": ("/outcomes/", EXPORTS),
    "report": ("/report/", EXPORTS),
    "report-pdf": ("/report/report.pdf", EXPORTS),
    "report-html": ("/report/report.html", EXPORTS),
    "figure": ("/figures/boundary/", SAFETY),
    "figure-file": ("/figures/boundary.png", SAFETY),
    "figure-records": ("/figures/endpoint/records/?row=BLEND-01&column=primary", SAFETY),
    "protocol": ("/protocol/", SITE),
    "serious-report": ("/participants/BLEND-01/serious-event/1/report/", SEES),
    "serious-reconciliation": ("/participants/BLEND-01/serious-event/1/reconciliation/", SEES),
    "new-form-scores": ("/participants/BLEND-01/surgery/new/scores/", LATER),
    "form-scores": ("/participants/BLEND-01/consent/scores/", LATER),
    "repeating-form-scores": ("/participants/BLEND-01/surgery/1/scores/", LATER),
    "visit-form-scores": ("/participants/BLEND-01/d60/visit/scores/", LATER),
    "new-form-typing": ("/participants/BLEND-01/surgery/new/typing/", LATER),
    "form-typing": ("/participants/BLEND-01/consent/typing/", LATER),
    "repeating-form-typing": ("/participants/BLEND-01/surgery/1/typing/", LATER),
    "visit-form-typing": ("/participants/BLEND-01/d60/visit/typing/", LATER),
    "ctcae-search": ("/ctcae/?q=wound", OPEN),
    "ctcae-term": ("/ctcae/10048031/", OPEN),
    "exports": ("/exports/", EXPORTS),
    "export-rows": ("/exports/rows/", EXPORTS),
    "export-all": ("/exports/all.zip", EXPORTS),
    "export-form": ("/exports/surgery.csv", EXPORTS),
    "snapshots": ("/snapshots/", SITE),
    "snapshot": ("/snapshots/1.zip", [302, 404, 404, 404, 404, 404, 404, 403, 404]),
    "snapshot-changes": ("/snapshots/1/changes/", [302, 404, 404, 404, 404, 404, 404, 403, 404]),
    "export-prepare": ("/exports/prepare/", LATER),
    "export-jobs": ("/exports/jobs/", EXPORTS),
    "export-cancel": ("/exports/jobs/9999999/cancel/", LATER),
    "export-file": ("/exports/jobs/9999999/file/", [302, 404, 404, 404, 404, 404, 403, 403, 404]),
    "export-log": ("/exports/log/", [302, 403, 403, 403, 200, 200, 200, 200, 403]),
    "form-verify": ("/participants/BLEND-01/consent/verify/", LATER),
    "repeating-form-verify": ("/participants/BLEND-01/surgery/1/verify/", LATER),
    "visit-form-verify": ("/participants/BLEND-01/d60/visit/verify/", LATER),
    "form-sign": ("/participants/BLEND-01/consent/sign/", SIGNS),
    "repeating-form-sign": ("/participants/BLEND-01/surgery/1/sign/", SIGNS),
    "visit-form-sign": ("/participants/BLEND-01/d60/visit/sign/", SIGNS),
    "new-form": ("/participants/BLEND-01/surgery/new/", SEES),
    "form": ("/participants/BLEND-01/consent/", SEES),
    "form-history": ("/participants/BLEND-01/consent/history/", SEES),
    "form-void": ("/participants/BLEND-01/consent/void/", LATER),
    "repeating-form": ("/participants/BLEND-01/surgery/1/", SEES),
    "repeating-form-history": ("/participants/BLEND-01/surgery/1/history/", SEES),
    "repeating-form-void": ("/participants/BLEND-01/surgery/1/void/", LATER),
    "visit-form": ("/participants/BLEND-01/d60/visit/", SEES),
    "visit-form-history": ("/participants/BLEND-01/d60/visit/history/", SEES),
    "visit-form-void": ("/participants/BLEND-01/d60/visit/void/", LATER),
}
WRITES = [302, 422, 422, 422, 422, 403, 403, 404, 404]
KEEPS = [302, 204, 204, 204, 204, 403, 403, 404, 404]
VOIDS = [302, 422, 422, 422, 422, 403, 403, 404, 404]
SIGN = [302, 403, 422, 422, 422, 403, 403, 404, 404]
SIGN_OFFS = [302, 403, 403, 403, 422, 403, 403, 404, 404]
VERIFIES = [302, 403, 403, 403, 403, 403, 422, 404, 404]
JUDGES = [302, 200, 200, 200, 200, 200, 200, 404, 404]
REFUSES = [302, 422, 422, 422, 422, 422, 422, 422, 422]
POST = {
    "put-aside": [302, 422, 422, 422, 422, 422, 422, 422, 422],
    "calendar-address": [302, 200, 200, 200, 200, 200, 200, 403, 200],
    "board-take": [302, 302, 302, 302, 302, 403, 403, 404, 404],
    "export-prepare": [302, 302, 302, 302, 302, 302, 403, 403, 302],
    "export-cancel": [302, 404, 404, 404, 404, 404, 403, 403, 404],
    "messages-seen": [302, 204, 204, 204, 204, 204, 204, 204, 204],
    "message-preferences": [302, 422, 422, 422, 422, 422, 422, 422, 422],
    "message-acknowledge": [302, 404, 404, 404, 404, 404, 404, 404, 404],
    "login-factor": [302] * 9,
    "login-passkey": [403, 200, 200, 200, 200, 200, 200, 200, 200],
    "again": [302, 204, 204, 204, 204, 204, 204, 204, 204],
    "welcome": [410] * 9,
    "account": REFUSES,
    "password": REFUSES,
    "second-factor": REFUSES,
    "second-factor-passkey": OPEN,
    "people": [302, 403, 403, 403, 403, 403, 403, 422, 403],
    "invite": [302, 403, 403, 403, 403, 403, 403, 422, 403],
    "person": [302, 403, 403, 403, 403, 403, 403, 404, 403],
    "delegation": [302, 403, 403, 403, 422, 403, 403, 403, 403],
    "eligibility-verdict": JUDGES,
    "new-form-scores": JUDGES,
    "form-scores": JUDGES,
    "repeating-form-scores": JUDGES,
    "visit-form-scores": JUDGES,
    "endpoint-seen": [302, 302, 302, 302, 302, 302, 302, 404, 404],
    "safety": [302, 403, 403, 403, 403, 403, 403, 403, 403],
    "protocol": [302, 403, 403, 403, 422, 403, 403, 403, 403],
    "new-form-typing": KEEPS,
    "form-typing": KEEPS,
    "repeating-form-typing": KEEPS,
    "visit-form-typing": KEEPS,
    "new-form": WRITES,
    "form": WRITES,
    "repeating-form": WRITES,
    "visit-form": WRITES,
    "endpoint-sign": SIGN_OFFS,
    "casebook-sign": SIGN_OFFS,
    "form-sign": SIGN,
    "repeating-form-sign": SIGN,
    "visit-form-sign": SIGN,
    "form-verify": VERIFIES,
    "repeating-form-verify": VERIFIES,
    "visit-form-verify": VERIFIES,
    "monitoring": [302, 403, 403, 403, 403, 403, 302, 403, 403],
    "monitoring-visit": [302, 403, 403, 403, 404, 404, 404, 403, 403],
    "monitoring-visit-new": [302, 403, 403, 403, 403, 403, 422, 403, 403],
    "understood": REFUSES,
    "queries": [302, 422, 422, 422, 422, 422, 422, 403, 422],
    "query": [302, 404, 404, 404, 404, 404, 404, 404, 404],
    "form-query": [302, 403, 403, 403, 403, 422, 422, 404, 404],
    "repeating-form-query": [302, 403, 403, 403, 403, 422, 422, 404, 404],
    "visit-form-query": [302, 403, 403, 403, 403, 422, 422, 404, 404],
    "locks": [302, 403, 403, 403, 403, 422, 403, 404, 404],
    "audit": [302, 403, 403, 403, 422, 422, 422, 422, 403],
    "redactions": [302, 403, 403, 403, 422, 422, 403, 404, 404],
    "study-locks": [302, 403, 403, 403, 403, 403, 403, 403, 403],
    "lock-open": [302, 404, 404, 404, 404, 404, 404, 404, 404],
    "snapshots": [302, 422, 422, 422, 422, 422, 403, 403, 422],
    "form-void": VOIDS,
    "repeating-form-void": VOIDS,
    "visit-form-void": VOIDS,
}


# The nurse of both sites is delegated at the other one alone: here she reads what a nurse reads, and writes nothing.
READS_ONLY = ["board-take", *(name for name, by_role in POST.items() if by_role in (WRITES, KEEPS, VOIDS))]


def answers(role, statuses, but=()):
    """Address -> what a role is answered; the nurse of both sites the nurse's, but for what is delegated."""
    alike = ROLES.index("nurse" if role == "nurse_two" else role)
    expected_statuses = {name: by_role[alike] for name, by_role in statuses.items()}
    return {**expected_statuses, **dict.fromkeys(but if role == "nurse_two" else (), 403)}


@pytest.fixture
def records(people, site):
    participant = builders.register(site, people["nurse"])
    builders.record(Consent, participant, people["nurse"], given="yes")
    builders.record(Surgery, participant, people["nurse"], index="yes", incision_at=amsterdam("2016-03-08 14:05"))
    builders.record(Visit, participant, people["nurse"], visit="d60", done="yes")
    event = builders.record(AdverseEvent, participant, people["nurse"], verbatim="Wound", ctcae_code="10048031")
    builders.record(SeriousEvent, participant, people["nurse"], adverse_event=event, kind="other")
    return participant


def names(patterns=None):
    """Every URL name of the project."""
    for pattern in patterns if patterns is not None else get_resolver().url_patterns:
        if isinstance(pattern, URLResolver):
            yield from names(pattern.url_patterns)
        elif isinstance(pattern, URLPattern):
            yield pattern.name


def test_the_table_names_every_address():
    assert set(names()) == set(GET)


def _as(role, client, people):
    if role != "anonymous":
        client.force_login(people[role])
    return client


@pytest.mark.parametrize("role", ROLES)
def test_every_address_read_by_every_role(role, client, people, nurse_two, records, monkeypatch):
    monkeypatch.setattr("oversight.health.check", lambda now: {"status": "ok"})
    browser = _as(role, client, people)
    statuses = {name: browser.get(address).status_code for name, (address, _expected) in GET.items()}

    assert statuses == answers(role, {name: by_role for name, (_address, by_role) in GET.items()})


@pytest.mark.parametrize("role", ROLES)
def test_every_address_written_by_every_role(role, client, people, nurse_two, records):
    browser = _as(role, client, people)
    wrong = {"action": "save", "version": "1", "reason": "", "visited_on": "31-2-2016", "incision_at_0": "31-2-2016"}
    wrong["consented_at_0"] = "31-2-2016"
    statuses = {}
    for name in POST:
        version = "0" if name == "new-form" else "1"
        statuses[name] = browser.post(GET[name][0], {**wrong, "version": version}).status_code

    assert statuses == answers(role, POST, but=READS_ONLY)


def _clinical():
    """Every value of every clinical table, but the version that an act about a record raises."""
    return {
        model: [{**row, "version": None} for row in model._base_manager.order_by("pk").values()]
        for model in registry.clinical_models()
    }


def test_a_monitor_reads_everything_of_the_site_and_no_post_changes_a_clinical_row(client, people, records):
    browser = _as("monitor", client, people)
    before = _clinical()
    right = {
        "action": "complete", "reason": "A good reason", "text": "Text", "given": "no", "done": "no", "index": "no",
        "verbatim": "Changed", "which": "all", "decision": "resume", "kind": "lock",
        "what": "study", "code": "BLEND-77",
    }  # fmt: skip
    for name, (address, expected) in GET.items():
        if name not in ("login", "logout"):
            for version in ("0", "1", "2"):
                assert browser.post(address, {**right, "version": version}).status_code < 500, name
            if "/BLEND-01/" in address and expected[ROLES.index("nurse")] == 200:
                assert browser.get(address).status_code == 200, name

    assert _clinical() == before


@pytest.mark.parametrize("ids", ["of the other site", "without any site"])
def test_swapping_codes_and_numbers_over_all_addresses_gives_nothing_away(ids, client, people, records, site_b):
    """Every address, in the name of somebody who may see others but not this one: no code, no answer of it."""
    builders.register(site_b, people["nurse_b"])
    if ids == "without any site":
        builders.leave(people["nurse_b"])
    browser = _as("nurse_b", client, people)

    for name, (address, _expected) in GET.items():
        for sent in (browser.get, browser.post):
            answer = sent(address)
            text = b"".join(answer.streaming_content) if answer.streaming else answer.content
            if name not in ("login", "logout"):
                assert b"BLEND-01" not in text, (name, sent)
                assert b"Wound" not in text or not name.startswith(("form", "visit-form", "repeating-form")), name


def test_another_sites_participant_is_in_no_list_search_or_export(client, people, records):
    browser = _as("nurse_b", client, people)

    for address in (
        "/",
        "/participants/?q=BLEND",
        "/board/",
        "/messages/",
        "/calendar/?all=1",
        "/exports/surgery.csv",
        "/exports/",
        "/exports/rows/",
    ):
        answer = browser.get(address)
        text = b"".join(answer.streaming_content) if answer.streaming else answer.content
        assert b"BLEND-01" not in text, address


@pytest.mark.parametrize(
    "address",
    [
        "/participants/BLEND-01%00/",
        "/participants/BLEND-99/",
        "/participants/BLEND-01/horoscope/",
        "/participants/BLEND-01/surgery/99/",
        "/participants/BLEND-01/surgery/99999999999999999999/",
        "/participants/BLEND-01/d61/visit/",
        "/participants/BLEND-01/u0/visit/",
        "/participants/BLEND-01/serious-event/9/report/",
        "/participants/BLEND-01/d60/surgery/",
        "/participants/BLEND-01/visit/",
        "/participants/BLEND-01/participant/",
        "/exports/horoscope.csv",
        "/exports/participant.csv",
        "/ctcae/99999999/",
    ],
)
def test_what_does_not_exist_is_404(address, client, people, records):
    assert _as("nurse", client, people).get(address).status_code == 404


@pytest.mark.parametrize(
    "address",
    ["/participants/?q=%00", "/participants/?after=%00", "/ctcae/?q=%00", "/?x=%00", "/find/?q=%00%00&in=%00"],
)
def test_a_nul_byte_in_a_question_is_no_error(address, client, people, records):
    assert _as("nurse", client, people).get(address).status_code == 200


def test_every_page_carries_the_security_headers(client, people, records):
    browser = _as("nurse", client, people)

    for address in ("/", "/participants/BLEND-01/", "/participants/BLEND-99/", "/login/"):
        headers = browser.get(address).headers
        policy = headers["Content-Security-Policy"]
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store" or "no-store" in headers["Cache-Control"]


def test_no_template_has_inline_script_or_style():
    from tests.environment import ROOT

    for path in (ROOT / "templates").rglob("*.html"):
        text = path.read_text()
        assert " style=" not in text, path
        assert " onclick=" not in text, path
        assert "<script>" not in text, path


def test_every_form_of_the_schedule_opens_at_its_visit(client, people, records):
    browser = _as("nurse", client, people)
    forms = registry.forms()
    for visit in STUDY.visits:
        for slug in visit.forms:
            where = f"{visit.code}/{slug}/" if registry.is_per_visit(forms[slug]) else f"{slug}/"
            assert browser.get(f"/participants/BLEND-01/{where}").status_code == 200, where


@pytest.mark.parametrize("role", ROLES[1:])
def test_the_menu_offers_what_the_role_may_open_and_nothing_else(role, client, people, nurse_two, records):
    browser = _as(role, client, people)
    offered = {reverse(name) for name, _label in browser.get("/").context["menu"]}
    known = {reverse(name) for name, _label, _may in context_processors._MENU}

    assert offered
    assert {address: browser.get(address).status_code for address in known} == {
        address: 200 if address in offered else 403 for address in known
    }
