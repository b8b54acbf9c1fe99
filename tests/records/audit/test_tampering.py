"""A thousand ways in which a superuser may change the past: each is found, by the offline verifier and by our own.

The trail begins in the first form of a link and goes on in the second. Without SBRTSPINE_LONG (`make test-long`:
1,000) a part of those in the database is tried, others every time.
"""

import base64
import copy
import io
import json
import random
import zipfile
from datetime import UTC, datetime

import pytest
from django.db import transaction

from adverse_events.models import AdverseEvent, AdverseEventGrade
from enrollment.models import Consent
from records import redaction
from records.audit import offline_verifier, review, seals, trail_bundle, verification
from records.audit.context import audit_context
from tests import builders
from tests.conftest import superuser
from tests.records.audit.old_form import first_form
from tests.sizes import examples

NOW = datetime(2016, 6, 1, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def outside(settings, tmp_path):
    settings.SEALS = tmp_path / "seals"
    settings.SEAL_KEY_FILE = tmp_path / "key"


MUTATIONS = examples(90, 1000)


@pytest.fixture
def history(committed, people, site):
    """Three participants: two began in the first form and one of them goes on in the second, as the third does."""
    with first_form():
        some_history(people, site)
        some_history(people, site)
    seals.make(NOW)
    review.record(people["monitor"], "", "everything", 1, "Nothing odd", NOW)  # the study's chain goes on too
    for version in ("5.0", "6.0"):
        builders.change(Consent.objects.first(), people["nurse"], form_version=version)
    some_history(people, site)
    seals.make(NOW)


def some_history(people, site):
    participant = builders.register(site, people["nurse"])
    row = AdverseEventGrade().fill(grade=1, from_on="2016-03-01")
    builders.record(AdverseEvent, participant, people["nurse"], rows=[row], verbatim="Wound red")
    consent = builders.record(Consent, participant, people["nurse"], given="yes", form_version="1.0")
    for version in ("2.0", "3.0", "4.0"):
        builders.change(consent, people["nurse"], form_version=version, reason=f"Version {version}, says Ms Pietersen")
    for words in ("wound red", "pietersen"):  # a name in a text, and one in a reason
        participant.refresh_from_db()
        keys = [place.key for place in redaction.find(participant, words)]
        asked = redaction.ask(participant, keys, by=people["datamanager"], reason="A name", now=NOW)
        redaction.agree(asked, by=people["pi"])


class Bundle:
    """An exported bundle in memory, and what an attacker who may do anything does to it."""

    def __init__(self, files):
        self.rows, self.heads, self.tables, self.sealed = offline_verifier.contents(files, [])
        self.public = base64.b64decode(files["seal.pub"])
        self.columns = json.loads(files["manifest.json"])["columns"]

    def findings(self):
        return offline_verifier.findings(self.rows, self.heads, self.tables, self.sealed, self.public, self.columns)

    def state(self):
        return json.dumps([self.rows, self.heads, self.tables, self.sealed], default=str, sort_keys=True)

    def some(self, dice):
        return dice.choice([row for row in self.rows if row["chain"] != "study"])

    def chain_of(self, row):
        return sorted((line for line in self.rows if line["chain"] == row["chain"]), key=lambda line: line["seq"])

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
    for other in bundle.rows:
        if (other["table"], other["record_id"]) == (row["table"], row["record_id"]) and "form_version" in other[
            "changes"
        ]:
            changes = json.loads(other["changes"])
            changes["form_version"][1] = forged
            other["changes"] = json.dumps(changes)
    for record in bundle.tables[row["table"]]:
        if record["id"] == row["record_id"]:
            record["form_version"] = forged
    bundle.rehash(bundle.chain_of(row))


def rehash_without_a_row(bundle, dice):
    row = bundle.some(dice)
    chain = [link for link in bundle.chain_of(row) if link is not row]
    bundle.rows.remove(row)
    bundle.rehash(chain)


def drop_or_alter_a_seal(bundle, dice):
    seal = json.loads(bundle.sealed[-1])
    seal["heads"][dice.choice(sorted(seal["heads"]))] = [1, "0" * 64]
    bundle.sealed[-1] = json.dumps(seal)


def change_the_order_of_seals(bundle, dice):
    bundle.sealed[:] = dice.choice([bundle.sealed[::-1], bundle.sealed[1:], [*bundle.sealed, bundle.sealed[0]]])


def exchange(*names, among=None):
    """Exchange these columns of two audit rows, of one chain or of any."""

    def kind(bundle, dice):
        one = bundle.some(dice)
        rows = bundle.chain_of(one) if among == "chain" else bundle.rows
        other = dice.choice([row for row in rows if [row[name] for name in names] != [one[name] for name in names]])
        for name in names:
            one[name], other[name] = other[name], one[name]

    kind.__name__ = f"exchange {', '.join(names)}, {among or 'anywhere'}"
    return kind


def exchange_rows_between_chains(bundle, dice):
    """Whole rows change their places, each with the link that its new place needs."""
    one = bundle.some(dice)
    other = dice.choice([row for row in bundle.rows if row["chain"] != one["chain"]])
    for name in ("chain", "seq", "participant_id", "previous", "id"):
        one[name], other[name] = other[name], one[name]
    for row in (one, other):
        row["digest"] = offline_verifier.digest(row)
        row["hash"] = offline_verifier.link(row)


def another_id(bundle, dice):
    bundle.some(dice)["id"] += dice.choice([1000, -1000, 1 << 40])


def another_participant(bundle, dice):
    row = bundle.some(dice)
    row["participant_id"] = dice.choice([(row["participant_id"] or 0) + 1, None if row["participant_id"] else 1])


def another_form(bundle, dice):
    """The row, its link and all after it written anew in the other form, as far as its chain goes."""
    row = bundle.some(dice)
    row["form"] = 3 - row["form"]
    if dice.random() < 0.5:
        bundle.rehash(bundle.chain_of(row))


def a_row_more_in_the_first_form(bundle, dice):
    """After the last seal, with the link and the head that it needs; or a whole chain of it."""
    last = bundle.chain_of(bundle.some(dice))[-1]
    forged = {**last, "form": 1, "id": max(row["id"] for row in bundle.rows) + 1, "seq": last["seq"] + 1}
    if dice.random() < 0.3:
        forged |= {"chain": "participant 999", "participant_id": 999, "seq": 1, "previous": "", "action": "insert"}
        forged |= {"record_id": 999, "table": "records_participant"}
    else:
        forged["previous"] = last["hash"]
    forged["digest"] = offline_verifier.digest(forged)
    forged["hash"] = offline_verifier.link(forged)
    bundle.heads[forged["chain"]] = [forged["seq"], forged["hash"]]
    bundle.rows.append(forged)


def what_is_said_of_the_first_form(bundle, dice):
    row = next(row for row in bundle.rows if row["table"] == "records_auditform")
    changes = json.loads(row["changes"])
    ends = changes["ends"][1]
    chain = dice.choice(sorted(ends))
    ends[chain] = dice.choice([[ends[chain][0] + 1, *ends[chain][1:]], [*ends[chain][:2], "0" * 64], None])
    row["changes"] = json.dumps(changes)


def exchange_records(bundle, dice):
    """The contents of two records, or only their participants."""
    table = dice.choice([table for table, records in sorted(bundle.tables.items()) if len(records) > 1])
    one, other = dice.sample(bundle.tables[table], 2)
    names = ["participant_id"] if "participant_id" in one and dice.random() < 0.3 else [n for n in one if n != "id"]
    if all(one[name] == other[name] for name in names):
        names = [name for name in one if name != "id"]
    for name in names:
        one[name], other[name] = other[name], one[name]


def another_id_of_a_record(bundle, dice):
    dice.choice(dice.choice([records for records in bundle.tables.values() if records]))["id"] += 1000


def a_column_of_another_name(bundle, dice):
    record = dice.choice(dice.choice([records for records in bundle.tables.values() if records]))
    name = dice.choice([name for name in record if name != "id"])
    record[name + "x"] = record.pop(name)


def a_table_of_another_name(bundle, dice):
    table = dice.choice([table for table, records in sorted(bundle.tables.items()) if records])
    bundle.tables[table + "x"] = bundle.tables.pop(table)


def true_for_one(bundle, dice):
    record = dice.choice(dice.choice([records for records in bundle.tables.values() if records]))
    record["version"] = True if record.get("version") == 1 else f"{record.get('version')}"


def a_head(bundle, dice):
    chain = dice.choice(sorted(bundle.heads))
    seq, link = bundle.heads.pop(chain)
    more = dice.choice([None, [seq + 1, link], [seq, "0" * 64], [seq - 1, link]])
    if more:
        bundle.heads[chain] = more


def rubbish(bundle, dice):
    """What no audit row ever is: a missing key, a number for a text, a text for a number, changes that are none."""
    row = bundle.some(dice)
    what = dice.choice(["gone", "number", "text", "changes", "huge", "true"])
    if what == "gone":
        del row[dice.choice(sorted({*row} - {"participant_id", "form"}))]
    elif what == "changes":
        row["changes"] = dice.choice(
            ["", "[]", "{", '{"a": 1}', "[" * 9000, '{"a": [1, NaN]}', '{"a": [1, 2], "a": [1, 2]}']
        )
    else:
        name, value = {
            "number": ("chain", 5), "text": ("seq", "5"), "huge": ("record_id", 10**400), "true": ("seq", True)
        }[what]  # fmt: skip
        row[name] = value


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
    changes["blanked"][1] = [[seq, offline_verifier.digest(row) if seq == row["seq"] else stub]
                             for seq, stub in changes["blanked"][1]]  # fmt: skip
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
    rehash_without_a_row, drop_or_alter_a_seal, change_the_order_of_seals,
    exchange("id", among="chain"), exchange("id"), exchange("participant_id"), exchange("record_id"),
    exchange("record_id", among="chain"), exchange("table"), exchange("chain", "participant_id"), exchange("actor"),
    exchange("at", among="chain"), exchange("changes", "salt", "digest"), exchange("seq", among="chain"),
    exchange_rows_between_chains, another_id, another_participant, another_form, a_row_more_in_the_first_form,
    what_is_said_of_the_first_form, exchange_records, another_id_of_a_record, a_column_of_another_name,
    a_table_of_another_name, true_for_one, a_head, rubbish,
]  # fmt: skip


def export():
    buffer = io.BytesIO()
    trail_bundle.write(buffer, NOW)
    with zipfile.ZipFile(buffer) as files:
        return {name: files.read(name) for name in files.namelist()}


def test_a_thousand_mutations_are_all_found_offline(history):
    files = export()
    untouched = Bundle(files)
    assert untouched.findings() == []
    dice = random.Random(48)  # noqa: S311 -- the same thousand every time
    missed = []

    for number in range(1000):
        bundle, kind = Bundle(files), KINDS[number % len(KINDS)]
        kind(bundle, dice)
        assert bundle.state() != untouched.state(), kind.__name__
        if not bundle.findings():
            missed.append((number, kind.__name__))

    assert missed == []


def run(capsys, path, *more):
    code = offline_verifier.main([str(path), *map(str, more)])
    return code, capsys.readouterr().out


def test_whatever_byte_of_the_file_is_changed_is_said_in_words(history, tmp_path, capsys):
    buffer, path = io.BytesIO(), tmp_path / "bundle.zip"
    trail_bundle.write(buffer, NOW)
    path.write_bytes(buffer.getvalue())
    assert run(capsys, path)[0] == 0
    dice = random.Random(48)  # noqa: S311 -- the same every time
    for _each in range(140):
        data = bytearray(buffer.getvalue())
        data[dice.randrange(len(data))] ^= dice.randrange(1, 256)
        path.write_bytes(data)
        code, output = run(capsys, path)
        assert code == 1
        assert "findings" in output


def test_whatever_byte_inside_a_file_is_changed_is_said_in_words(history, tmp_path, capsys):
    """The bundle unpacked into a folder: no sum of the zip protects it there."""
    files = export()
    dice = random.Random(48)  # noqa: S311 -- the same every time
    for number in range(140):
        name = sorted(files)[number % len(files)]
        if not files[name]:
            continue
        data = bytearray(files[name])
        data[dice.randrange(len(data))] ^= dice.randrange(1, 256)
        findings = offline_verifier.proved({**files, name: bytes(data)})[0]
        assert findings, name
        assert all(isinstance(sentence, str) for sentence in findings)


def without(name):
    return lambda files: files.pop(name)


def instead(name, change):
    return lambda files: files.update({name: change(files[name])})


def first_line(change):
    """One line of JSON, changed as a value."""

    def changed(data):
        first, *rest = data.decode().split("\n")
        return "\n".join([json.dumps(change(json.loads(first))), *rest]).encode()

    return changed


BROKEN = {
    "no manifest": (without("manifest.json"), "manifest.json: is missing"),
    "no heads": (without("heads.jsonl"), "heads.jsonl: is missing"),
    "no trail": (without("audit.jsonl"), "audit.jsonl: is missing"),
    "no seals": (without("seals.jsonl"), "seals.jsonl: is missing"),
    "no key": (without("seal.pub"), "seal.pub: is no public key"),
    "no table": (without("tables/enrollment_consent.jsonl"), "enrollment_consent.jsonl: not the file"),
    "a file more": (lambda files: files.update({"tables/x.jsonl": b""}), "tables/x.jsonl: was not exported"),
    "a key of rubbish": (instead("seal.pub", lambda _data: b"\xff!"), "seal.pub: is no public key"),
    "a manifest of rubbish": (instead("manifest.json", lambda _data: b"[1"), "manifest.json: cannot be read"),
    "a manifest that is a list": (instead("manifest.json", lambda _data: b"[]"), "it holds no sums"),
    "sums that are none": (instead("manifest.json", lambda _data: b'{"sha256": 5}'), "it holds no sums"),
    "another day": (instead("manifest.json", lambda data: data.replace(b"2016", b"2017")), "signature is not right"),
    "an unsigned manifest": (instead("manifest.json", lambda data: data.replace(b'"signature"', b'"signed"')),
                             "its signature is missing"),
    "no text": (instead("audit.jsonl", lambda data: b"\xff" + data), "byte 1 is no UTF-8 text"),
    "half a line": (instead("audit.jsonl", lambda data: data[:100]), "audit.jsonl, line 1: cannot be read"),
    "nested": (instead("heads.jsonl", lambda _data: b"[" * 100_000), "nested too deeply"),
    "a huge number": (instead("heads.jsonl", lambda _data: b'{"seq": ' + b"9" * 5000 + b"}"), "line 1: cannot be read"),
    "an id too large": (instead("audit.jsonl", first_line(lambda row: {**row, "id": 10**30})), "id is no whole number"),
    "a row that is a list": (instead("audit.jsonl", first_line(lambda _row: [])), "audit row 1: it is no audit row"),
    "a row that is null": (instead("audit.jsonl", first_line(lambda _row: None)), "audit row 1: it is no audit row"),
    "a row of unknown form": (instead("audit.jsonl", first_line(lambda row: {**row, "form": 9})), "does not know"),
    "no hash": (instead("audit.jsonl", first_line(lambda row: {**row, "hash": None})), "hash is no text"),
    "a head twice": (instead("heads.jsonl", lambda data: data + data), "has a head already"),
    "a head of rubbish": (instead("heads.jsonl", first_line(lambda _head: {"chain": 5})), "is no head of a chain"),
    "a record without id": (instead("tables/enrollment_consent.jsonl", first_line(lambda _row: {})), "with an id"),
    "a record twice": (instead("tables/enrollment_consent.jsonl", lambda data: data + data), "is there twice"),
    "a seal of rubbish": (instead("seals.jsonl", lambda data: b"5\n" + data), "seal 1: cannot be read"),
    "an empty line": (instead("audit.jsonl", lambda data: data + b"\n"), "is empty"),
}  # fmt: skip


def test_a_broken_bundle_is_told_in_words(history):
    files = export()
    for what, (change, sentence) in BROKEN.items():
        broken = dict(files)
        change(broken)
        findings = offline_verifier.proved(broken)[0]
        assert any(sentence in finding for finding in findings), (what, findings[:5])


def packed_twice(whole, path):
    with zipfile.ZipFile(io.BytesIO(whole)) as bundle, zipfile.ZipFile(path, "w") as twice:
        for name in [*bundle.namelist(), "audit.jsonl"]:
            twice.writestr(name, bundle.read(name))


def test_a_broken_zip_and_wrong_arguments_are_told_in_words(history, tmp_path, capsys):
    buffer, path = io.BytesIO(), tmp_path / "bundle.zip"
    trail_bundle.write(buffer, NOW)
    whole = buffer.getvalue()
    for data in (b"", b"no zip", whole[: len(whole) // 2], whole[:-1], whole + b"x", whole[1:]):
        path.write_bytes(data)
        code, output = run(capsys, path)
        assert (code, "bundle.zip" in output) == (1, True)
    with pytest.warns(UserWarning, match="Duplicate"):
        packed_twice(whole, path)
    assert "audit.jsonl: is in the zip twice" in run(capsys, path)[1]
    assert run(capsys, tmp_path / "nowhere.zip")[0] == 1
    path.write_bytes(whole)
    assert "the public key cannot be read" in run(capsys, path, "--public-key", tmp_path / "nowhere")[1]
    assert offline_verifier.main([]) == 2


def test_a_text_with_separators_of_lines_is_no_tampering(committed, people, site):
    participant = builders.register(site, people["nurse"])
    builders.record(AdverseEvent, participant, people["nurse"], verbatim="One")
    with transaction.atomic(), audit_context(people["nurse"], "As it was entered before"):
        AdverseEvent.objects.update(verbatim='one\u2028two\u0085three \\ " | 中')
    seals.make(NOW)
    assert verification.verify() == []
    assert offline_verifier.proved(export())[0] == []


# `row` and `other` are audit rows, `next` is the one after `row` in its chain; `consent` the record that `row` is about
# and `second` one of another participant.
ANEW = """
CREATE FUNCTION pg_temp.anew(link text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    r public.records_auditrow%ROWTYPE;
    before text := '';
BEGIN
    FOR r IN SELECT * FROM public.records_auditrow WHERE chain = link ORDER BY seq LOOP
        r.previous := before;
        r.digest := public.records_digest(r);
        r.hash := public.records_link(r);
        UPDATE public.records_auditrow SET previous = r.previous, digest = r.digest, hash = r.hash WHERE id = r.id;
        before := r.hash;
    END LOOP;
    UPDATE public.records_audithead SET hash = before,
        seq = (SELECT max(seq) FROM public.records_auditrow WHERE chain = link) WHERE chain = link;
END $$
"""


def ids_exchanged(other):
    return (
        f"UPDATE records_auditrow SET id = -id WHERE id IN ({{row}}, {other});"
        f" UPDATE records_auditrow SET id = {{row}} + {other} + id WHERE id < 0;"
    )


def exchanged(*columns):
    """Exchange these columns of two audit rows."""
    names = ", ".join(f'"{name}"' for name in columns)
    return (
        f"UPDATE records_auditrow AS a SET ({names}) = (SELECT {names} FROM records_auditrow AS b"
        " WHERE b.id = {row} + {other} - a.id) WHERE a.id IN ({row}, {other})"
    )


MORE = "INSERT INTO records_auditrow (" + (
    'chain, seq, at, person_id, actor, db_role, action, "table", record_id, participant_id, transaction, reason,'
    ' changes, salt, digest, previous, hash, form, id) SELECT {0}, at, person_id, actor, db_role, action, "table",'
    " {1}, transaction, reason, changes, salt, digest, hash, hash, 1, (SELECT max(id) + 1 FROM records_auditrow)"
    " FROM records_auditrow WHERE "
)
SQL = {
    "a value": "UPDATE enrollment_consent SET form_version = 'forged' WHERE id = {consent}",
    "a value of the trail": "UPDATE records_auditrow"
    ' SET changes = changes || \'{{"given": [null, "no"]}}\' WHERE id = {row}',
    "a reason": "UPDATE records_auditrow SET reason = 'another' WHERE id = {row}",
    "a time": "UPDATE records_auditrow SET at = at - interval '1 second' WHERE id = {row}",
    "a person": "UPDATE records_auditrow SET actor = 'Somebody else' WHERE id = {row}",
    "a participant": "UPDATE records_auditrow SET participant_id = participant_id % 3 + 1 WHERE id = {row}",
    "no participant": "UPDATE records_auditrow SET participant_id = NULL WHERE id = {row}",
    "an act": "UPDATE records_auditrow SET action = CASE action WHEN 'insert' THEN 'update'"
    " ELSE 'insert' END WHERE id = {row}",
    "an id": "UPDATE records_auditrow SET id = id + 100000 WHERE id = {row}",
    "ids exchanged in a chain": ids_exchanged("{next}"),
    "ids exchanged in a chain, and the old value in its record": ids_exchanged("{next}")
    + "UPDATE enrollment_consent SET form_version = (SELECT changes -> 'form_version' ->> 1 FROM records_auditrow"
    " WHERE \"table\" = 'enrollment_consent' AND record_id = {consent} AND changes ? 'form_version'"
    " ORDER BY id DESC LIMIT 1) WHERE id = {consent}",
    "ids exchanged": ids_exchanged("{other}"),
    "participants exchanged": exchanged("participant_id"),
    "records exchanged": exchanged("record_id"),
    "texts exchanged": exchanged("changes", "salt", "digest", "reason"),
    "rows exchanged between chains": "UPDATE records_auditrow SET seq = -id WHERE id IN ({row}, {other});"
    + exchanged("chain", "participant_id", "record_id") + ";"
    "UPDATE records_auditrow SET seq = CASE id WHEN {row} THEN {other_seq} ELSE {seq} END WHERE id IN ({row}, {other});"
    "SELECT pg_temp.anew('{chain}'), pg_temp.anew('{other_chain}')",
    "clinical rows exchanged": "UPDATE enrollment_consent AS a SET (created_at, created_by_id, form_version, given) ="
    " (SELECT created_at, created_by_id, form_version, given FROM enrollment_consent AS b"
    " WHERE b.id = {consent} + {second} - a.id) WHERE a.id IN ({consent}, {second})",
    "participants of clinical rows exchanged": "UPDATE enrollment_consent SET participant_id = -participant_id"
    " WHERE id IN ({consent}, {second}); UPDATE enrollment_consent AS a SET participant_id ="
    " (SELECT -participant_id FROM enrollment_consent AS b WHERE b.id = {consent}) WHERE id = {second};"
    " UPDATE enrollment_consent AS a SET participant_id = (SELECT participant_id FROM records_auditrow"
    " WHERE id = {other}) WHERE id = {consent}",
    "ids of clinical rows exchanged": "UPDATE enrollment_consent SET id = -id WHERE id IN ({consent}, {second});"
    " UPDATE enrollment_consent SET id = {consent} + {second} + id WHERE id < 0",
    "a clinical row of another participant": "UPDATE enrollment_consent SET participant_id = 999 WHERE id = {consent}",
    "a clinical row gone": "DELETE FROM enrollment_consent WHERE id = {consent}",
    "a clinical row more": "INSERT INTO enrollment_consent SELECT (jsonb_populate_record(c, jsonb_build_object("
    "'id', 999, 'entry', gen_random_uuid(), 'voided_at', now()))).* FROM enrollment_consent AS c WHERE id = {consent}",
    "the other form": "UPDATE records_auditrow SET form = 3 - form WHERE id = {row}",
    "the other form, the chain written anew": "UPDATE records_auditrow SET form = 3 - form WHERE id = {row};"
    " SELECT pg_temp.anew('{chain}')",
    "a whole chain in the first form": "UPDATE records_auditrow SET form = 1 WHERE chain = '{chain}' AND form = 2;"
    " UPDATE records_auditrow SET reason = reason || '.', form = 1 WHERE chain = '{chain}' AND seq = 1;"
    " SELECT pg_temp.anew('{chain}')",
    "a row more in the first form": MORE.format("chain, seq + 1", "record_id, participant_id")
    + "chain = '{chain}' ORDER BY seq DESC LIMIT 1; UPDATE records_auditrow r SET digest = records_digest(r)"
    " WHERE id = (SELECT max(id) FROM records_auditrow); UPDATE records_auditrow r SET hash = records_link(r)"
    " WHERE id = (SELECT max(id) FROM records_auditrow); UPDATE records_audithead h SET seq = r.seq, hash = r.hash"
    " FROM records_auditrow r WHERE r.id = (SELECT max(id) FROM records_auditrow) AND h.chain = r.chain",
    "a chain more in the first form": MORE.format("'participant 999', 1", "999, 999") + "id = {row};"
    " INSERT INTO records_audithead SELECT 'participant 999', 1, ''; SELECT pg_temp.anew('participant 999')",
    "what the study says of the first form": "UPDATE records_auditrow SET changes = jsonb_set(changes,"
    " '{{ends,1,participant 1,0}}', '1') WHERE \"table\" = 'records_auditform'",
    "nothing said of the first form, the study's chain written anew": "DELETE FROM records_auditrow"
    " WHERE \"table\" = 'records_auditform'; DELETE FROM records_auditform;"
    " UPDATE records_auditrow SET seq = seq - 1 WHERE chain = 'study'; SELECT pg_temp.anew('study')",
    "a head": "UPDATE records_audithead SET seq = seq + 1 WHERE chain = '{chain}'",
    "no head": "DELETE FROM records_audithead WHERE chain = '{chain}'",
    "a salt that takes a text in": "UPDATE records_auditrow SET salt = salt || '|', reason = substr(reason, 2)"
    " WHERE id = {row}",
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
    "the chain written anew": "UPDATE records_auditrow SET reason = 'another' WHERE id = {row};"
    " SELECT pg_temp.anew('{chain}')",
    "a seal forgotten": "DELETE FROM records_seal",
}  # fmt: skip
KEPT = [
    "records_redaction", "records_auditrow", "records_audithead", "records_seal", "records_auditform",
    "enrollment_consent",
]  # fmt: skip
NO_PARTICIPANTS = {"a seal forgotten", "nothing said of the first form, the study's chain written anew"}


def targets(server, dice):
    """Two audit rows of consents, and what is told of them in `SQL`."""
    rows = server.execute(
        "SELECT a.id, a.chain, a.seq, a.record_id, b.id FROM records_auditrow AS a JOIN records_auditrow AS b"
        " ON b.chain = a.chain AND b.seq = a.seq + 1"
        ' WHERE a."table" = \'enrollment_consent\' AND b."table" = a."table" AND b.record_id = a.record_id'
    ).fetchall()
    row, chain, seq, consent, following = dice.choice(rows)
    other, other_chain, other_seq, second, _next = dice.choice(
        [candidate for candidate in rows if candidate[1] != chain]
    )
    return {
        "row": row, "chain": chain, "seq": seq, "consent": consent, "next": following, "other": other,
        "other_chain": other_chain, "other_seq": other_seq, "second": second,
    }  # fmt: skip


def test_what_a_superuser_does_in_the_database_is_found_by_both_checks(history):
    """They are two programs that know nothing of each other: they agree about every one."""
    assert verification.verify() == []
    dice = random.Random()  # noqa: S311 -- other rows every time
    missed = []
    with superuser() as server:
        server.execute("SET session_replication_role = replica")
        server.execute("SET search_path = public")
        server.execute(ANEW)
        for table in KEPT:
            server.execute(f"CREATE TEMPORARY TABLE kept_{table} AS TABLE {table}")
        for number in range(MUTATIONS):
            what = list(SQL)[number % len(SQL)]
            names = targets(server, dice)
            server.execute(SQL[what].format(**names))
            ours = [str(finding) for finding in verification.verify()]
            theirs = offline_verifier.proved(export())[0]
            named = what in NO_PARTICIPANTS or any(
                "BLEND-" in finding or "participant 999" in finding for finding in ours
            )
            if not named or not ours or not (theirs or what == "a seal forgotten"):
                missed.append((what, names, ours, theirs))
            for table in KEPT:
                server.execute(f"DELETE FROM {table}")
                server.execute(f"INSERT INTO {table} TABLE kept_{table}")
    assert [what for what, *_more in missed] == [], missed
    assert verification.verify() == []
