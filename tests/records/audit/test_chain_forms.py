"""A trail written before the link covered every column still verifies, and the proof says where the new form begins."""

import io
import json
import subprocess
import sys
import zipfile
from datetime import UTC, datetime

import pytest
from django.core.management import call_command

from adverse_events.models import AdverseEvent
from enrollment.models import Consent
from records import redaction
from records.audit import offline_verifier, seals, trail_bundle, verification
from records.models import AuditForm, AuditRow
from tests import builders
from tests.conftest import superuser
from tests.records.audit.old_form import first_form

NOW = datetime(2016, 6, 1, 12, 0, tzinfo=UTC)
NEW_KEYS = ("form", "participant_id")


@pytest.fixture(autouse=True)
def outside(settings, tmp_path):
    settings.SEALS = tmp_path / "seals"
    settings.SEAL_KEY_FILE = tmp_path / "key"


def some(people, site):
    participant = builders.register(site, people["nurse"])
    builders.record(AdverseEvent, participant, people["nurse"], verbatim="Wound red, says Ms Pietersen")
    consent = builders.record(Consent, participant, people["nurse"], given="yes", form_version="1.0")
    builders.change(consent, people["nurse"], form_version="2.0")
    return participant, consent


def files():
    buffer = io.BytesIO()
    trail_bundle.write(buffer, NOW)
    with zipfile.ZipFile(buffer) as bundle:
        return {name: bundle.read(name) for name in bundle.namelist()}


def as_exported_before(files):
    """The same bundle as the software made it then: rows without their form and participant, a manifest unsigned."""
    old = {name: data for name, data in files.items() if name != "tables/records_auditform.jsonl"}
    rows = [json.loads(line) for line in old["audit.jsonl"].decode().splitlines()]
    lines = [json.dumps({name: value for name, value in row.items() if name not in NEW_KEYS}) for row in rows]
    old["audit.jsonl"] = "".join(f"{line}\n" for line in lines).encode()
    sums = {name: offline_verifier.hashlib.sha256(data).hexdigest() for name, data in old.items() if name[0] in "ahst"}
    old["manifest.json"] = json.dumps({"made_at": NOW.isoformat(), "sha256": sums}).encode()
    return old


def run(tmp_path, files):
    path = tmp_path / "bundle.zip"
    with zipfile.ZipFile(path, "w") as out:
        for name, data in files.items():
            out.writestr(name, data)
    command = [sys.executable, "-I", offline_verifier.__file__, str(path)]
    return subprocess.run(command, capture_output=True, text=True, cwd="/", check=False)


def test_a_trail_in_the_first_form_alone_verifies_here_and_in_its_old_bundle(committed, people, site, tmp_path):
    with first_form(begin=False):
        participant, _consent = some(people, site)
        seals.make(NOW)
    old = as_exported_before(files())
    proved = run(tmp_path, old)
    refused = run(tmp_path, {**old, "audit.jsonl": old["audit.jsonl"].replace(b"Wound red", b"Wound dry", 1)})

    assert {row.form for row in AuditRow.objects.all()} == {1}
    assert verification.verify() == []
    assert (proved.returncode, proved.stderr) == (0, "")
    assert f"participant {participant.pk}: rows 1–4 in form 1\n" in proved.stdout
    assert refused.returncode == 1
    assert "the change or its reason was altered" in refused.stdout


def test_the_proof_says_in_which_row_of_each_chain_the_second_form_begins(committed, people, site, capsys):
    with first_form():
        participant, consent = some(people, site)
        some(people, site)
    builders.change(consent, people["nurse"], form_version="3.0")
    builders.register(site, people["nurse"])
    seals.make(NOW)

    call_command("verify_audit")
    output = capsys.readouterr().out
    assert "BLEND-01: rows 1–4 in form 1, from row 5 form 2\n" in output
    assert "BLEND-02: rows 1–4 in form 1\n" in output
    assert "BLEND-03" not in output
    assert "0 findings" in output
    findings, rows, _heads, _sealed = offline_verifier.proved(files())
    assert findings == []
    chain = f"participant {participant.pk}"
    assert next(offline_verifier.in_words(rows)) == f"{chain}: rows 1–4 in form 1, from row 5 form 2"
    assert AuditForm.objects.get().ends[chain][0] == 4


def test_where_nothing_was_written_in_the_first_form_nothing_is_said_of_it(committed, people, site):
    with first_form():
        pass
    some(people, site)
    assert not AuditForm.objects.exists()
    assert verification.forms() == []
    assert {row.form for row in AuditRow.objects.all()} == {2}
    assert verification.verify() == []


def test_rows_in_both_forms_are_redacted_by_two(committed, people, site):
    with first_form():
        participant, consent = some(people, site)
    builders.change(consent, people["nurse"], form_version="3.0", reason="Asked Ms Pietersen")
    seals.make(NOW)
    keys = [place.key for place in redaction.find(participant, "pietersen")]
    asked = redaction.ask(participant, keys, by=people["datamanager"], reason="A name", now=NOW)
    redaction.agree(asked, by=people["pi"])

    assert len(keys) == 2
    assert redaction.find(participant, "pietersen") == []
    assert verification.verify() == []
    assert offline_verifier.proved(files())[0] == []


def test_the_database_takes_no_row_in_an_older_form(committed, people, site):
    some(people, site)
    copied = 'chain, seq + 100, at, person_id, actor, db_role, action, "table", record_id, transaction, reason, changes'
    with superuser() as server, pytest.raises(Exception, match="in the newest form"):
        server.execute(
            'INSERT INTO records_auditrow (chain, seq, at, person_id, actor, db_role, action, "table", record_id,'
            " transaction, reason, changes, salt, digest, previous, hash, form)"
            f" SELECT {copied}, salt, digest, previous, hash, 1 FROM records_auditrow LIMIT 1"
        )
