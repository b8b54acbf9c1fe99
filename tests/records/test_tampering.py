"""A thousand ways in which a superuser may change the past: each is found, by the offline verifier and by our own."""

import base64
import copy
import io
import json
import random
import zipfile
from datetime import UTC, datetime

import pytest

from adverse_events.models import AdverseEvent, AdverseEventGrade
from enrollment.models import Consent
from records import audit_bundle, offline_verifier, redaction, seals, verification
from tests import builders
from tests.conftest import superuser

NOW = datetime(2016, 6, 1, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def outside(settings, tmp_path):
    settings.SEALS = tmp_path / "seals"
    settings.SEAL_KEY_FILE = tmp_path / "key"


def some_history(people, site):
    for _each in range(2):
        participant = builders.register(site, people["nurse"])
        row = AdverseEventGrade().fill(grade=1, from_on="2016-03-01")
        builders.record(AdverseEvent, participant, people["nurse"], rows=[row], verbatim="Wound red")
        consent = builders.record(Consent, participant, people["nurse"], given="yes", form_version="1.0")
        for version in ("2.0", "3.0", "4.0"):
            builders.change(
                consent, people["nurse"], form_version=version, reason=f"Version {version}, says Ms Pietersen"
            )
    for words in ("wound red", "pietersen"):  # a name in a text, and one in a reason
        participant.refresh_from_db()
        keys = [place.key for place in redaction.find(participant, words)]
        asked = redaction.ask(participant, keys, by=people["datamanager"], reason="A name", now=NOW)
        redaction.agree(asked, by=people["pi"])
    seals.make(NOW)


class Bundle:
    """An exported bundle in memory, and what an attacker who may do anything does to it."""

    def __init__(self, files):
        self.rows, self.heads, self.tables, self.sealed = offline_verifier.contents(files)
        self.public = base64.b64decode(files["seal.pub"])

    def findings(self):
        return offline_verifier.findings(self.rows, self.heads, self.tables, self.sealed, self.public)

    def told(self):
        return json.dumps([self.rows, self.heads, self.tables, self.sealed], default=str, sort_keys=True)

    def some(self, dice):
        return dice.choice(self.rows)

    def chain_of(self, row):
        return sorted((each for each in self.rows if each["chain"] == row["chain"]), key=lambda each: each["seq"])

    def rehash(self, chain):
        """Fresh numbers, digests and hashes for a whole chain, its head too: everything that needs no key."""
        previous = ""
        for seq, row in enumerate(chain, start=1):
            row["seq"], row["previous"], row["digest"] = seq, previous, offline_verifier.digest(row)
            row["hash"] = previous = offline_verifier.link(row)
        self.heads[chain[0]["chain"]] = [len(chain), previous]


def edit(bundle, dice):
    row = bundle.some(dice)
    column = dice.choice(
        ["reason", "at", "person_id", "actor", "db_role", "action", "record_id", "transaction", "salt"]
    )
    row[column] = row[column] + 1 if isinstance(row[column], int) else row[column] + dice.choice("abc")


def edit_a_value(bundle, dice):
    row = bundle.some(dice)
    changes = json.loads(row["changes"])
    changes[dice.choice(sorted(changes))] = [None, f"forged {dice.random()}"]
    row["changes"] = json.dumps(changes)


def edit_a_record(bundle, dice):
    table = dice.choice([table for table, records in sorted(bundle.tables.items()) if records])
    record = dice.choice(bundle.tables[table])
    record[dice.choice([name for name in sorted(record) if name != "id"])] = f"forged {dice.random()}"


def delete(bundle, dice):
    bundle.rows.remove(bundle.some(dice))


def delete_a_record(bundle, dice):
    table = dice.choice([table for table, records in sorted(bundle.tables.items()) if len(records) > 1])
    bundle.tables[table].remove(dice.choice(bundle.tables[table]))


def insert(bundle, dice):
    forged = copy.deepcopy(bundle.some(dice))
    forged["id"] = max(row["id"] for row in bundle.rows) + 1
    forged["seq"] = dice.choice([forged["seq"], len(bundle.chain_of(forged)) + 1])
    forged["digest"], forged["hash"] = offline_verifier.digest(forged), offline_verifier.link(forged)
    bundle.rows.append(forged)


def swap(bundle, dice):
    one = bundle.some(dice)
    other = dice.choice([row for row in bundle.chain_of(one) if row is not one])
    one["changes"], other["changes"] = other["changes"], one["changes"]
    if one["changes"] == other["changes"]:
        one["reason"] += " "


def cut_the_tail(bundle, dice):
    """The last rows and the head wound back: consistent in itself."""
    chain = bundle.chain_of(bundle.some(dice))
    kept = chain[: dice.randrange(1, len(chain))]
    for row in chain[len(kept) :]:
        bundle.rows.remove(row)
    bundle.heads[kept[0]["chain"]] = [len(kept), kept[-1]["hash"]]


def rehash_everything(bundle, dice):
    """A value is changed in the trail and in the table, and the whole chain gets fresh hashes."""
    row = dice.choice([row for row in bundle.rows if "form_version" in row["changes"]])
    forged = f"forged {dice.random()}"
    for each in bundle.rows:
        if (each["table"], each["record_id"]) == (row["table"], row["record_id"]) and "form_version" in each["changes"]:
            changes = json.loads(each["changes"])
            changes["form_version"][1] = forged
            each["changes"] = json.dumps(changes)
    for record in bundle.tables[row["table"]]:
        if record["id"] == row["record_id"]:
            record["form_version"] = forged
    bundle.rehash(bundle.chain_of(row))


def rehash_without_a_row(bundle, dice):
    row = bundle.some(dice)
    chain = [each for each in bundle.chain_of(row) if each is not row]
    bundle.rows.remove(row)
    bundle.rehash(chain)


def drop_or_alter_a_seal(bundle, dice):
    told = json.loads(bundle.sealed[-1])
    told["heads"][dice.choice(sorted(told["heads"]))] = [1, "0" * 64]
    bundle.sealed[-1] = json.dumps(told)


def of_a_redaction(bundle, dice, action="update"):
    """A row of the chain in which a redaction says what it left."""
    return dice.choice([row for row in bundle.rows if "blanked" in row["changes"] and row["action"] == action])


def blanked(bundle, dice):
    """A row that was redacted, with the redaction's row that proves it."""
    proof = of_a_redaction(bundle, dice)
    seq = dice.choice([seq for seq, _digest in json.loads(proof["changes"])["blanked"][1]])
    return next(row for row in bundle.rows if (row["chain"], row["seq"]) == (proof["chain"], seq)), proof


def blank_without_asking(bundle, dice):
    """A text is blanked in the trail and in its record, the salt taken away: as a redaction does, but nobody asked."""
    untouched = [
        row for row in bundle.rows if row["table"] == "enrollment_consent" and "form_version" in row["changes"]
    ]
    row = dice.choice(untouched)
    changes = json.loads(row["changes"])
    changes["form_version"] = [value and "[redacted]" for value in changes["form_version"]]
    row["changes"], row["salt"] = json.dumps(changes), dice.choice(["", row["salt"]])
    for record in bundle.tables[row["table"]]:
        if record["id"] == row["record_id"]:
            record["form_version"] = "[redacted]"


def edit_what_is_left(bundle, dice):
    """Another answer or the reason of a row that was redacted: its first digest does not protect it any more."""
    row, _proof = blanked(bundle, dice)
    row["reason"], row["salt"] = row["reason"] + " indeed", dice.choice([row["salt"], "0" * 32])


def put_a_text_back(bundle, dice):
    row, _proof = blanked(bundle, dice)
    swapped = row["changes"].replace("[redacted]", "forged")
    row["reason"], row["changes"] = row["reason"].replace("[redacted]", "forged"), swapped


def restate(bundle, dice):
    """A redacted row is altered and the redaction made to say so, with its own digest made anew."""
    row, proof = blanked(bundle, dice)
    row["reason"] = "forged"
    changes = json.loads(proof["changes"])
    changes["blanked"][1] = [[seq, offline_verifier.digest(row) if seq == row["seq"] else told]
                             for seq, told in changes["blanked"][1]]  # fmt: skip
    proof["changes"] = json.dumps(changes)
    proof["digest"] = offline_verifier.digest(proof)


def take_the_redaction_out(bundle, dice):
    bundle.rows.remove(of_a_redaction(bundle, dice))


def by_one_person(bundle, dice):
    """Who agreed becomes who asked: the redaction proves nothing any more."""
    proof = of_a_redaction(bundle, dice)
    asked = next(row for row in bundle.rows if row["table"] == proof["table"] and row["action"] == "insert"
                 and row["record_id"] == proof["record_id"])  # fmt: skip
    asked["person_id"] = proof["person_id"]


KINDS = [
    blank_without_asking, edit_what_is_left, put_a_text_back, restate, take_the_redaction_out, by_one_person,
    edit, edit_a_value, edit_a_record, delete, delete_a_record, insert, swap, cut_the_tail, rehash_everything,
    rehash_without_a_row, drop_or_alter_a_seal,
]  # fmt: skip


def export():
    made = io.BytesIO()
    audit_bundle.write(made, NOW)
    with zipfile.ZipFile(made) as files:
        return {name: files.read(name) for name in files.namelist()}


def test_a_thousand_mutations_are_all_found_offline(people, site):
    some_history(people, site)
    files = export()
    untouched = Bundle(files)
    assert untouched.findings() == []
    dice = random.Random(48)  # noqa: S311 -- the same thousand every time
    missed = []

    for number in range(1000):
        bundle, kind = Bundle(files), KINDS[number % len(KINDS)]
        kind(bundle, dice)
        assert bundle.told() != untouched.told(), kind.__name__
        if not bundle.findings():
            missed.append((number, kind.__name__))

    assert missed == []


SQL = {
    "a value": "UPDATE enrollment_consent SET form_version = 'forged' WHERE id = {consent}",
    "a value of the trail": "UPDATE records_auditrow"
    ' SET changes = changes || \'{{"given": [null, "no"]}}\' WHERE id = {row}',
    "a reason": "UPDATE records_auditrow SET reason = 'another' WHERE id = {row}",
    "a time": "UPDATE records_auditrow SET at = at - interval '1 second' WHERE id = {row}",
    "a person": "UPDATE records_auditrow SET actor = 'Somebody else' WHERE id = {row}",
    "a row gone": "DELETE FROM records_auditrow WHERE id = {row}",
    "a text just blanked": "UPDATE records_auditrow SET changes = jsonb_set(changes, '{{form_version}}',"
    " '[\"[redacted]\", \"[redacted]\"]'), salt = '' WHERE id = {row};"
    " UPDATE enrollment_consent SET form_version = '[redacted]' WHERE id = {consent}",
    "a reason just blanked": "UPDATE records_auditrow SET reason = '[redacted] ', salt = '' WHERE id = {row}",
    "what a redaction left, altered": "UPDATE records_auditrow SET reason = 'another' WHERE id = (SELECT min(id)"
    " FROM records_auditrow WHERE reason = '[redacted]')",
    "what a redaction says, altered": "UPDATE records_auditrow SET changes = jsonb_set(changes, '{{blanked}}',"
    " '[null, []]') WHERE changes ? 'blanked' AND action = 'update'",
    "two rows swapped": "UPDATE records_auditrow SET seq = -seq WHERE chain = '{chain}' AND seq IN ({seq}, {seq} + 1);"
    " UPDATE records_auditrow SET seq = 2 * {seq} + 1 + seq WHERE chain = '{chain}' AND seq < 0",
    "the tail cut, the head wound back": "DELETE FROM records_auditrow WHERE chain = '{chain}' AND seq > {seq};"
    " UPDATE records_audithead h SET seq = {seq}, hash = r.hash FROM records_auditrow r"
    " WHERE h.chain = '{chain}' AND r.chain = h.chain AND r.seq = {seq}",
    "the chain written anew": """
        DO $$ DECLARE r record; before text := ''; link text; BEGIN
            UPDATE records_auditrow SET reason = 'another' WHERE id = {row};
            FOR r IN SELECT * FROM records_auditrow WHERE chain = '{chain}' ORDER BY seq LOOP
                link := records_link(before, r.chain, r.seq, r.at, r.person_id, r.actor, r.db_role, r.action, r."table",
                    r.record_id, r.transaction, records_digest(r.salt, r.changes, r.reason));
                UPDATE records_auditrow SET previous = before, hash = link,
                    digest = records_digest(r.salt, r.changes, r.reason) WHERE id = r.id;
                before := link;
            END LOOP;
            UPDATE records_audithead SET hash = before WHERE chain = '{chain}';
        END $$""",
    "a seal forgotten": "DELETE FROM records_seal",
}
KEPT = ["records_redaction", "records_auditrow", "records_audithead", "records_seal", "enrollment_consent"]


def test_what_a_superuser_does_in_the_database_is_found_by_our_own_check(committed, people, site):
    some_history(people, site)
    assert verification.verify() == []
    dice = random.Random()  # noqa: S311 -- other rows every time
    with superuser() as server:
        server.execute("SET session_replication_role = replica")
        server.execute("SET search_path = public")
        for table in KEPT:
            server.execute(f"CREATE TEMPORARY TABLE kept_{table} AS TABLE {table}")
        rows = server.execute(
            "SELECT id, chain, seq, record_id FROM records_auditrow a WHERE \"table\" = 'enrollment_consent'"
            " AND EXISTS (SELECT FROM records_auditrow b WHERE b.chain = a.chain AND b.seq = a.seq + 1)"
        ).fetchall()
        for number in range(42):
            what = list(SQL)[number % len(SQL)]
            row, chain, seq, consent = dice.choice(rows)
            server.execute(SQL[what].format(row=row, chain=chain, seq=seq, consent=consent))
            found = [str(each) for each in verification.verify()]
            assert found, f"{what}, row {row}"
            if what != "a seal forgotten":
                assert any("BLEND-" in sentence for sentence in found), found
            for table in KEPT:
                server.execute(f"DELETE FROM {table}")
                server.execute(f"INSERT INTO {table} TABLE kept_{table}")
    assert verification.verify() == []
