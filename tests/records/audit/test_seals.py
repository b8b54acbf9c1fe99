"""Seals, and who finds what is done to them: our own check, and the verifier that needs none of our code."""

import io
import subprocess
import sys
import zipfile
from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.utils import ProgrammingError

from adverse_events.models import AdverseEvent, AdverseEventGrade
from enrollment.models import Consent
from records.audit import offline_verifier, seals, trail_bundle, verification
from records.models import Seal
from tests import builders

NOW = datetime(2016, 6, 1, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def outside(settings, tmp_path):
    settings.SEALS = tmp_path / "seals"
    settings.SEAL_KEY_FILE = tmp_path / "key"


@pytest.fixture
def history(people, site):
    """Two participants, some changes, and a seal in the middle and at the end."""
    for _each in range(2):
        participant = builders.register(site, people["nurse"])
        row = AdverseEventGrade().fill(grade=1, from_on="2016-03-01")
        builders.record(AdverseEvent, participant, people["nurse"], rows=[row], verbatim="Wound red")
        consent = builders.record(Consent, participant, people["nurse"], given="yes", form_version="1.0")
        builders.change(consent, people["nurse"], form_version="2.0")
    seals.make(NOW)
    for event in AdverseEvent.objects.all():
        builders.change(event, people["surgeon"], verbatim="Wound opened")
    seals.make(NOW + timedelta(hours=1))


def bundle():
    buffer = io.BytesIO()
    trail_bundle.write(buffer, NOW)
    with zipfile.ZipFile(buffer) as files:
        return {name: files.read(name) for name in files.namelist()}


def offline(files):
    return offline_verifier.proved(files)[0]


def test_an_untouched_trail_has_no_finding(history):
    assert verification.verify() == []
    assert offline(bundle()) == []
    assert Seal.objects.count() == 2
    assert seals.make(NOW + timedelta(hours=2)) is None  # nothing has grown


def test_the_key_is_its_owners_alone(history, settings):
    assert oct(settings.SEAL_KEY_FILE.stat().st_mode)[-3:] == "600"


def test_a_crash_between_file_and_table_is_caught_up(history, people):
    Consent.objects.count()
    builders.change(Consent.objects.first(), people["nurse"], form_version="9.0")
    with transaction.atomic():
        point = transaction.savepoint()
        seals.make(NOW + timedelta(hours=3))
        transaction.savepoint_rollback(point)  # the file has it, the table not
    assert len(seals.findings()) == 1

    seals.make(NOW + timedelta(hours=4))

    assert seals.findings() == []


@pytest.mark.parametrize("sql", ["UPDATE records_seal SET digest = ''", "DELETE FROM records_seal"])
def test_the_applications_role_cannot_change_what_was_sealed(history, sql):
    with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    with pytest.raises(IntegrityError), transaction.atomic():
        Seal.objects.create(number=1, at=NOW, digest="")


def lines_of(path):
    return path.read_text().splitlines()


SEALS = {
    "the last seal cut off": (lambda lines: lines[:-1], "seal 2 is missing from the file"),
    "the first seal taken out": (lambda lines: lines[1:], "a seal before it is missing"),
    "two seals swapped": (lambda lines: lines[::-1], "the order was changed"),
    "a seal altered": (lambda lines: [lines[0].replace("12:00", "11:00"), lines[1]], "signature is not right"),
    "a seal of rubbish": (lambda lines: [*lines, "{}"], "signature is not right"),
}


@pytest.mark.parametrize("what", SEALS)
def test_what_is_done_to_the_seals_is_named(history, what):
    change, sentence = SEALS[what]
    changed = change(lines_of(seals.file()))
    seals.file().write_text("\n".join(changed) + "\n")

    assert any(sentence in str(finding) for finding in verification.verify())


def test_a_seal_signed_by_another_key_is_named(history, settings, tmp_path):
    """Who owns the machine makes a key of his own: the copy of the public key that is kept elsewhere tells."""
    elsewhere = tmp_path / "public"
    elsewhere.write_bytes(seals.public_file().read_bytes())
    files = bundle()
    settings.SEAL_KEY_FILE, settings.SEALS = tmp_path / "other", tmp_path / "others"
    forged = [seals._signed(1, NOW, None, {"study": [1, "0"]})]
    files["seal.pub"], files["seals.jsonl"] = seals.public_file().read_bytes(), "\n".join(forged).encode()
    path = tmp_path / "bundle.zip"
    with zipfile.ZipFile(path, "w") as out:
        for name, data in files.items():
            out.writestr(name, data)

    refused = run(path, "--public-key", elsewhere)

    assert refused.returncode == 1
    assert "seal 1: its signature is not right" in refused.stdout


def run(*arguments):
    command = [sys.executable, "-I", offline_verifier.__file__, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd="/", check=False)


def test_the_verifier_runs_alone_on_a_bundle_and_names_what_is_wrong(history, tmp_path):
    files = bundle()
    good = tmp_path / "good"
    for name, data in files.items():
        (good / name).parent.mkdir(parents=True, exist_ok=True)
        (good / name).write_bytes(data)
    proved = run(good)
    (good / "audit.jsonl").write_bytes(files["audit.jsonl"].replace(b"Wound opened", b"Wound closed", 1))
    refused = run(good)

    assert (proved.returncode, proved.stderr) == (0, "")
    assert "0 findings" in proved.stdout
    assert refused.returncode == 1
    assert "audit.jsonl: not the file that was exported" in refused.stdout
    assert "adverse_events_adverseevent · record" in refused.stdout


def test_the_nights_result_is_kept_and_told_by_health(history):
    from oversight import health

    verification.prove(NOW)
    assert (health.check(NOW)["audit"]["findings"], health.check(NOW)["audit"]["late"]) == (0, False)
    assert health.check(NOW + timedelta(hours=27))["audit"]["late"] is True

    seals.file().write_text("")
    proof = verification.prove(NOW + timedelta(hours=24))

    assert proof.findings == 2
    assert "seal 1 is missing from the file" in proof.sentences[0]
    assert health.check(NOW + timedelta(hours=24))["status"] == "fail"
