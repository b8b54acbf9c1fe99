"""Prove an exported audit bundle, without the software that made it: python verify.py BUNDLE.zip [--public-key FILE]

Needs Python 3.11 and, for the signatures of the seals, the package "cryptography". Checked: the bundle's own sums; each
audit row against its digest (one that was redacted: against what the redaction, further on in its chain, says that it
left there) and its link; each chain from its first row to its head; each seal's signature and order,
and that the rows it sealed are as they were; each record against the replay of its history. Prints what is wrong and
where, and ends with 1; with 0 where nothing is.
"""

import base64
import hashlib
import json
import sys
import zipfile
from decimal import Decimal
from pathlib import Path


def sha(text):
    return hashlib.sha256(text.encode()).hexdigest()


def digest(row):
    return sha(f"{row['salt']}|{row['changes']}|{row['reason']}")


def link(row):
    names = "previous chain seq at person_id actor db_role action table record_id transaction digest"
    return sha("|".join(str(row[name]) for name in names.split()))


def where(row, fields=True):
    changed = ", ".join(sorted(json.loads(row["changes"]))) if fields else ""
    return f"{row['chain']} · {row['table']} · record {row['record_id']}" + (f" · {changed}" if changed else "")


def stated(rows):
    """(chain, number) -> what redactions left in a row before them: each agreed to by another person than who asked."""
    asked, found = {}, {}
    for row in sorted(rows, key=lambda row: row["id"]):
        if row["table"] != "records_redaction":
            continue
        try:
            left_there = json.loads(row["changes"]).get("blanked", [None, None])[1] or []
            if row["action"] == "insert":
                asked[row["chain"], row["record_id"]] = row["person_id"]
            elif asked.get((row["chain"], row["record_id"]), row["person_id"]) != row["person_id"]:
                for seq, told in left_there:
                    found.setdefault((row["chain"], seq), []).extend([told] if seq < row["seq"] else [])
        except (ValueError, TypeError, IndexError, AttributeError):
            continue  # its own digest tells
    return found


def rows_and_links(rows, heads):
    """Each row against itself, the row before it, and the head of its chain."""
    chains, redacted = {}, stated(rows)
    for row in sorted(rows, key=lambda row: (row["chain"], row["seq"])):
        before = chains.get(row["chain"])
        try:
            place = where(row)
        except ValueError:
            place = where(row, fields=False)
        if row["digest"] != digest(row) and digest(row) not in redacted.get((row["chain"], row["seq"]), ()):
            yield f"{place}: the change or its reason was altered after it was written"
        elif row["hash"] != link(row):
            yield f"{place}: who, when or what of the audit row was altered after it was written"
        elif (
            row["previous"] != (before["hash"] if before else "") or row["seq"] != (before["seq"] if before else 0) + 1
        ):
            yield f"{place}: an audit row before this one is missing or was put in"
        chains[row["chain"]] = row
    for chain in sorted({*chains, *heads}):
        last = chains.get(chain)
        if heads.get(chain) != ([last["seq"], last["hash"]] if last else None):
            yield f"{chain}: its end is not where its head says"


def seals(lines, public, rows):
    """Each seal against its signature, the seal before it, and the rows it sealed."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    there = {(row["chain"], row["seq"]): row["hash"] for row in rows}
    before = None
    for number, line in enumerate(lines, start=1):
        try:
            told = json.loads(line)
            signature = base64.b64decode(told.pop("signature"))
            Ed25519PublicKey.from_public_bytes(public).verify(signature, json.dumps(told, sort_keys=True).encode())
        except (ValueError, KeyError, AttributeError, TypeError, InvalidSignature):
            yield f"seal {number}: its signature is not right"
            before = line
            continue
        if told["number"] != number or told["previous"] != (sha(before) if before else ""):
            yield f"seal {number}: a seal before it is missing, or the order was changed"
        for chain, (seq, sealed) in told["heads"].items():
            if there.get((chain, seq)) != sealed:
                yield f"{chain}, row {seq}: not what seal {number} sealed"
        before = line


def replay(rows, tables):
    """Each record as stored against what its history says, column by column."""
    told = {}
    for row in sorted(rows, key=lambda row: row["id"]):
        try:
            changes = json.loads(row["changes"], parse_float=Decimal)
            held = told.setdefault((row["table"], row["record_id"]), {})
            held.update({name: pair[1] for name, pair in changes.items()})
        except (ValueError, TypeError, IndexError, AttributeError):
            yield f"{where(row, fields=False)}: its changes cannot be read"
    stored = {(table, record["id"]): record for table, records in tables.items() for record in records}
    for table, record in sorted({*told, *stored}):
        if table not in tables:
            yield f"{table} · record {record}: its table is not in the bundle"
            continue
        history, now = told.get((table, record), {}), stored.get((table, record), {})
        columns = set(next(iter(tables[table]), history))
        for name in sorted(columns & {*history, *now}):
            if history.get(name) != now.get(name):
                yield f"{table} · record {record} · {name}: holds {now.get(name)!r}, history says {history.get(name)!r}"


def sums(files):
    for name, expected in json.loads(files["manifest.json"])["sha256"].items():
        if hashlib.sha256(files.get(name, b"")).hexdigest() != expected:
            yield f"{name}: not the file that was exported"


def contents(files):
    """The bundle's files, read."""
    lines = {name: data.decode().splitlines() for name, data in files.items() if name.endswith(".jsonl")}
    tables = {
        name.removeprefix("tables/").removesuffix(".jsonl"): [json.loads(line, parse_float=Decimal) for line in found]
        for name, found in lines.items()
        if name.startswith("tables/")
    }
    heads = {head["chain"]: [head["seq"], head["hash"]] for head in map(json.loads, lines["heads.jsonl"])}
    return [json.loads(line) for line in lines["audit.jsonl"]], heads, tables, lines.get("seals.jsonl", [])


def findings(rows, heads, tables, sealed, public):
    found = [*rows_and_links(rows, heads), *replay(rows, tables)]
    if not sealed:
        return [*found, "there are no seals: a rewritten chain would not be found"]
    return [*found, *seals(sealed, public, rows)]


def load(path):
    if path.is_dir():
        return {str(file.relative_to(path)): file.read_bytes() for file in path.rglob("*") if file.is_file()}
    with zipfile.ZipFile(path) as bundle:
        return {name: bundle.read(name) for name in bundle.namelist()}


def main(arguments):
    files = load(Path(arguments[0]))
    own = "--public-key" not in arguments
    public = files.get("seal.pub", b"") if own else Path(arguments[arguments.index("--public-key") + 1]).read_bytes()
    rows, heads, tables, sealed = contents(files)
    found = [*sums(files), *findings(rows, heads, tables, sealed, base64.b64decode(public))]
    for sentence in found:
        print(sentence)
    trusted = "the bundle's own public key, trusted" if own else "the public key that was given"
    print(f"{len(rows)} audit rows in {len(heads)} chains, {len(sealed)} seals, {trusted}: {len(found)} findings")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
