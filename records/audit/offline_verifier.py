"""Prove an exported audit bundle, without the software that made it: python verify.py BUNDLE.zip [--public-key FILE]

Needs Python 3.11 and, for the signatures, the package "cryptography". Checked: that no byte of the file was changed;
the signature of the manifest and the sums in it; each audit row against its digest (one that was redacted: against what
the redaction, further on in its chain, says that it left there) and its link; each chain from its first row to its
head, and where in it the second form of a link begins; each seal's signature and order, and that the rows it sealed are
as they were; each record against the replay of its history. Prints in words what is wrong and where, and ends with 1;
with 0 where nothing is.
"""

import base64
import binascii
import hashlib
import io
import json
import re
import sys
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

Object = dict[str, Any]  # a JSON object: an audit row, a record, a seal
Place = tuple[str, int]  # a chain and a number in it, or a table and an id
Chains = dict[str, list[Object]]

FORM = 2
NUMBERS = ("id", "seq", "person_id", "record_id", "transaction")
TEXTS = (
    "chain",
    "at",
    "actor",
    "db_role",
    "action",
    "table",
    "reason",
    "changes",
    "salt",
    "digest",
    "previous",
    "hash",
)
NEEDED = ("audit.jsonl", "heads.jsonl", "seals.jsonl", "seal.pub", "manifest.json")
FIRST_LOOSE = ("actor", "db_role", "action", "table")  # between which the first form of a link puts a mere bar
SUM = 64  # characters at the end of the zip: the SHA-256 of all before them


def sha(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def array(values: Sequence[Any]) -> str:
    """A JSON array as PostgreSQL writes it."""
    return json.dumps(values, ensure_ascii=False)


def form_of(row: Object) -> Any:
    """Bundles made before there were two forms do not say in which one a row is."""
    return row.get("form", 1)


def digest(row: Object) -> str:
    if form_of(row) == 1:
        return sha(f"{row['salt']}|{row['changes']}|{row['reason']}")
    return sha(array([row["salt"], row["changes"], row["reason"]]))


def link(row: Object) -> str:
    if form_of(row) == 1:
        names = "previous chain seq at person_id actor db_role action table record_id transaction digest"
        return sha("|".join(str(row[name]) for name in names.split()))
    names = (
        "form previous chain seq id at person_id actor db_role action table record_id participant_id transaction digest"
    )
    return sha(array([row[name] for name in names.split()]))


def where(row: Object) -> str:
    changed = ", ".join(sorted(changes_of(row) or ()))
    return f"{row['chain']} · {row['table']} · record {row['record_id']}" + (f" · {changed}" if changed else "")


# Reading: whatever a file holds, what cannot be read is said in words.


def once(pairs: list[tuple[str, Any]]) -> Object:
    if len({name for name, _value in pairs}) < len(pairs):
        raise ValueError("a name stands in it twice")
    return dict(pairs)


def no_number(text: str) -> None:
    raise ValueError(f"{text} is no number")


def parsed(text: str) -> Any:
    """The value of a JSON text; ValueError where it is none that PostgreSQL would write."""
    try:
        return json.loads(text, parse_float=Decimal, parse_constant=no_number, object_pairs_hook=once)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 63


def changes_of(row: Object) -> dict[str, list[Any]] | None:
    """Field -> [old, new] of an audit row; None where it cannot be read."""
    try:
        changes = parsed(row["changes"])
    except ValueError:
        return None
    pairs = changes.values() if isinstance(changes, dict) else [None]
    return changes if all(isinstance(pair, list) and len(pair) == 2 for pair in pairs) else None


def shape(row: Any) -> str:
    """What is wrong with the make of an audit row, in words; empty where nothing is."""
    if not isinstance(row, dict):
        return "it is no audit row"
    if missing := [name for name in (*NUMBERS, *TEXTS) if name not in row]:
        return f"{', '.join(missing)} is missing"
    for name in NUMBERS:
        if not is_number(row[name]):
            return f"{name} is no whole number"
    for name in TEXTS:
        if not isinstance(row[name], str):
            return f"{name} is no text"
    if form_of(row) not in range(1, FORM + 1) or isinstance(form_of(row), bool) or not is_number(form_of(row)):
        return "it is in a form that this verifier does not know"
    if "form" in row and not (row.get("participant_id", "") is None or is_number(row.get("participant_id"))):
        return "participant_id is neither a whole number nor empty"
    return "" if changes_of(row) is not None else "its changes cannot be read"


def text_of(name: str, data: bytes, wrong: list[str]) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        wrong.append(f"{name}: byte {error.start + 1} is no UTF-8 text")
        return data.decode(errors="replace")


def lines_of(name: str, data: bytes, wrong: list[str]) -> Iterator[tuple[int, Any]]:
    """(number, value) of each line of a file that is JSON."""
    for number, line in enumerate(text_of(name, data, wrong).removesuffix("\n").split("\n"), start=1):
        if line:
            try:
                yield number, parsed(line)
            except ValueError as error:
                wrong.append(f"{name}, line {number}: cannot be read ({error})")
        elif data:
            wrong.append(f"{name}, line {number}: is empty")


def records_of(name: str, data: bytes, wrong: list[str]) -> list[Object]:
    """The records of one table, each an object with an id of its own."""
    records: list[Object] = []
    known: set[int] = set()
    for number, record in lines_of(name, data, wrong):
        if not isinstance(record, dict) or not is_number(record.get("id")):
            wrong.append(f"{name}, line {number}: is no record with an id")
        elif record["id"] in known:
            wrong.append(f"{name}, line {number}: record {record['id']} is there twice")
        else:
            known.add(record["id"])
            records.append(record)
    return records


def heads_of(data: bytes, wrong: list[str]) -> dict[str, list[Any]]:
    heads: dict[str, list[Any]] = {}
    for number, head in lines_of("heads.jsonl", data, wrong):
        right = isinstance(head, dict) and is_number(head.get("seq"))
        if not right or not all(isinstance(head.get(name), str) for name in ("chain", "hash")):
            wrong.append(f"heads.jsonl, line {number}: is no head of a chain")
        elif head["chain"] in heads:
            wrong.append(f"heads.jsonl, line {number}: {head['chain']} has a head already")
        else:
            heads[head["chain"]] = [head["seq"], head["hash"]]
    return heads


def contents(
    files: Mapping[str, bytes], wrong: list[str]
) -> tuple[list[Any], dict[str, list[Any]], dict[str, list[Object]], list[str]]:
    """Rows, heads, tables and seals of a bundle; what cannot be read is added to `wrong`."""
    tables = {
        name.removeprefix("tables/").removesuffix(".jsonl"): records_of(name, data, wrong)
        for name, data in files.items()
        if name.startswith("tables/")
    }
    heads = heads_of(files.get("heads.jsonl", b""), wrong)
    rows = [row for _number, row in lines_of("audit.jsonl", files.get("audit.jsonl", b""), wrong)]
    sealed = text_of("seals.jsonl", files.get("seals.jsonl", b""), wrong).removesuffix("\n")
    return rows, heads, tables, sealed.split("\n") if sealed else []


# Proving: each of these yields a sentence for everything that is wrong.


def stated(rows: Iterable[Object]) -> dict[Place, list[str]]:
    """(chain, number) -> what redactions left in a row before them: each agreed to by another person than who asked."""
    asked: dict[Place, int] = {}
    stubs: dict[Place, list[str]] = {}
    for row in sorted(rows, key=lambda row: row["seq"]):
        changes = changes_of(row)
        if row["table"] != "records_redaction" or changes is None:
            continue
        try:
            left_there = changes.get("blanked", [None, None])[1] or []
            if row["action"] == "insert":
                asked[row["chain"], row["record_id"]] = row["person_id"]
            elif asked.get((row["chain"], row["record_id"]), row["person_id"]) != row["person_id"]:
                for seq, stub in left_there:
                    stubs.setdefault((row["chain"], seq), []).extend([stub] if seq < row["seq"] else [])
        except (ValueError, TypeError, IndexError, AttributeError):
            continue  # its own digest tells
    return stubs


def in_chains(rows: Iterable[Object]) -> Chains:
    chains: Chains = {}
    for row in sorted(rows, key=lambda row: (row["chain"], row["seq"])):
        chains.setdefault(row["chain"], []).append(row)
    return chains


def rows_and_links(rows: Sequence[Object], heads: Mapping[str, list[Any]]) -> Iterator[str]:
    """Each row against itself, the row before it, and the head of its chain."""
    redacted, chains = stated(rows), in_chains(rows)
    for links in chains.values():
        before = None
        for row in links:
            if what := row_in_place(row, before, redacted):
                yield f"{where(row)}: {what}"
            before = row
    for chain in sorted({*chains, *heads}):
        last = chains[chain][-1] if chain in chains else None
        if heads.get(chain) != ([last["seq"], last["hash"]] if last else None):
            yield f"{chain}: its end is not where its head says"


def row_in_place(row: Object, before: Object | None, redacted: Mapping[Place, list[str]]) -> str:
    """What is wrong with one row and its place; empty where nothing is."""
    altered = row["digest"] != digest(row) and digest(row) not in redacted.get((row["chain"], row["seq"]), ())
    if altered or not re.fullmatch("[0-9a-f]{32}", row["salt"]):
        return "the change or its reason was altered after it was written"
    if row["hash"] != link(row):
        return "who, when or what of the audit row was altered after it was written"
    if row["previous"] != (before["hash"] if before else "") or row["seq"] != (before["seq"] if before else 0) + 1:
        return "an audit row before this one is missing or was put in"
    participant = row.get("participant_id")
    if "form" in row and row["chain"] != ("study" if participant is None else f"participant {participant}"):
        return "its participant is another than that of the chain it is in"
    if row["id"] <= (before["id"] if before else 0):
        return "its id is not greater than that of the row before it in the chain"
    return ""


def identities(rows: Iterable[Object]) -> Iterator[str]:
    """No two rows with one id; each record in one chain, its history beginning with its making."""
    known: dict[int, str] = {}
    histories: dict[Place, list[Object]] = {}
    for row in sorted(rows, key=lambda row: (row["chain"], row["seq"])):
        if row["id"] in known:
            yield f"{where(row)}: its id is that of another audit row, in {known[row['id']]}"
        known[row["id"]] = f"{row['chain']}, row {row['seq']}"
        histories.setdefault((row["table"], row["record_id"]), []).append(row)
    for (table, record), history in sorted(histories.items()):
        if len({row["chain"] for row in history}) > 1:
            yield f"{table} · record {record}: its history is in more than one chain"
        elif [row["action"] == "insert" for row in history] != [True] + [False] * (len(history) - 1):
            yield f"{table} · record {record}: its history does not begin with its making, or has two beginnings"


def first_forms(chains: Chains) -> dict[str, list[Any]]:
    """chain -> last row in the first form, its hash, and a digest of what that form left out or left ambiguous."""
    ends = {}
    for chain, rows in chains.items():
        if old := [row for row in rows if form_of(row) == 1]:
            more = [[row["id"], row.get("participant_id"), *(row[name] for name in FIRST_LOOSE)] for row in old]
            ends[chain] = [old[-1]["seq"], old[-1]["hash"], sha(array(more))]
    return ends


def forms(rows: Iterable[Object]) -> Iterator[str]:
    """Each chain against what the study's says of the first form of a link, which is written no more."""
    chains = in_chains(rows)
    there = first_forms(chains)
    second: dict[str, int | None] = {}
    for chain, chain_rows in chains.items():
        second[chain] = first = next((row["seq"] for row in chain_rows if form_of(row) == 2), None)
        if first is not None and there.get(chain, [0])[0] > first:
            yield f"{chain}: row {there[chain][0]} is in an older form than row {first} before it"
    statements = [
        row for row in chains.get("study", ()) if (row["table"], row["action"]) == ("records_auditform", "insert")
    ]
    if not statements:
        for chain in sorted(there) if any(second.values()) else ():
            yield f"{chain}: rows in form 1 are there, and nothing says until when that form was written"
        return
    statement = (changes_of(statements[0]) or {}).get("ends", [None, None])[1]
    statement = statement if isinstance(statement, dict) else {}
    for chain in sorted({*statement, *there}):
        if chain not in statement:
            yield f"{chain}: rows in form 1 are there, and the chain began after that form was given up"
        elif statement[chain] != there.get(chain):
            yield f"{chain}: its rows in form 1, or their ids, people or participants, are not those of when it ended"


def in_words(rows: Iterable[Object]) -> Iterator[str]:
    """For each chain with rows in the first form, how far they go."""
    for chain, chain_rows in in_chains(rows).items():
        old, new = ([row["seq"] for row in chain_rows if form_of(row) == form] for form in (1, 2))
        if old:
            yield f"{chain}: rows 1–{max(old)} in form 1" + (f", from row {min(new)} form 2" if new else "")


def verify(public: bytes, signature: Any, document: Object) -> bool | None:
    """Whether the key signed this; None where nothing here can tell."""
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError:
        return None
    try:
        text = json.dumps(document, sort_keys=True).encode()
        Ed25519PublicKey.from_public_bytes(public).verify(base64.b64decode(signature), text)
    except (ValueError, TypeError, InvalidSignature, RecursionError):
        return False
    return True


def seals(lines: Iterable[str], public: bytes, rows: Iterable[Object]) -> Iterator[str]:
    """Each seal against its signature, the seal before it, and the rows it sealed."""
    there = {(row["chain"], row["seq"]): row["hash"] for row in rows}
    before = None
    for number, line in enumerate(lines, start=1):
        yield from seal(number, line, before, public, there)
        before = line


def seal(number: int, line: str, before: str | None, public: bytes, there: Mapping[Place, str]) -> Iterator[str]:
    try:
        document = json.loads(line)
        signature = document.pop("signature")
        heads = [(chain, seq, sealed) for chain, (seq, sealed) in document["heads"].items()]
        order = (document["number"], document["previous"])
    except (ValueError, KeyError, AttributeError, TypeError, RecursionError):
        yield f"seal {number}: cannot be read, so its signature is not right"
        return
    signed = verify(public, signature, document)
    if signed is None:
        yield f"seal {number}: its signature was not checked, for want of the Python package “cryptography”"
    elif not signed:
        yield f"seal {number}: its signature is not right"
        return
    if order != (number, sha(before) if before else ""):
        yield f"seal {number}: a seal before it is missing, or the order was changed"
    for chain, seq, sealed in heads:
        if not is_number(seq) or there.get((chain, seq)) != sealed:
            yield f"{chain}, row {seq}: not what seal {number} sealed"


def exact(value: Any) -> Any:
    """True is not 1: Python takes them for the same, PostgreSQL does not."""
    if isinstance(value, bool):
        return ("boolean", value)
    if isinstance(value, list):
        return [exact(part) for part in value]
    return {name: exact(part) for name, part in value.items()} if isinstance(value, dict) else value


def replay(
    rows: Iterable[Object], tables: Mapping[str, list[Object]], columns: Mapping[str, list[Any]]
) -> Iterator[str]:
    """Each record as stored against what its history says, column by column."""
    histories: dict[Place, Object] = {}
    for row in sorted(rows, key=lambda row: (row["chain"], row["seq"])):
        values = histories.setdefault((row["table"], row["record_id"]), {})
        values.update({name: pair[1] for name, pair in (changes_of(row) or {}).items()})
    stored = {(table, record["id"]): record for table, records in tables.items() for record in records}
    names = {table: set(map(str, columns.get(table) or next(iter(records), ()))) for table, records in tables.items()}
    for table, record in sorted({*histories, *stored}):
        if table not in tables:
            yield f"{table} · record {record}: its table is not in the bundle"
            continue
        history, now = histories.get((table, record), {}), stored.get((table, record), {})
        if now and set(now) != names[table]:
            differing = ", ".join(sorted(set(now) ^ names[table]))
            yield f"{table} · record {record}: its columns are not those of the table ({differing})"
        for name in sorted((names[table] | {*now}) & {*history, *now}):
            if exact(history.get(name)) != exact(now.get(name)):
                yield (
                    f"{table} · record {record} · {name}: "
                    f"holds {shown(now.get(name))}, history says {shown(history.get(name))}"
                )


def shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 200 else text[:200] + "…"


def findings(
    rows: list[Any],
    heads: Mapping[str, list[Any]],
    tables: Mapping[str, list[Object]],
    sealed: Sequence[str],
    public: bytes,
    columns: Mapping[str, list[Any]] | None = None,
) -> list[str]:
    """Everything that is wrong with what a bundle holds, in words."""
    wrong = [f"audit row {number}: {what}" for number, row in enumerate(rows, start=1) if (what := shape(row))]
    rows = [row for row in rows if not shape(row)]
    if 0 < sum("form" in row for row in rows) < len(rows):
        wrong.append("audit.jsonl: some rows say in which form they are, and some do not")
    wrong += [*rows_and_links(rows, heads), *identities(rows), *forms(rows), *replay(rows, tables, columns or {})]
    if not sealed:
        return [*wrong, "there are no seals: a rewritten chain would not be found"]
    return [*wrong, *seals(sealed, public, rows)]


def manifest_of(files: Mapping[str, bytes], wrong: list[str]) -> Object:
    """The manifest, with an empty one in the place of what cannot be read."""
    try:
        manifest = parsed(text_of("manifest.json", files.get("manifest.json", b"{}"), wrong))
    except ValueError as error:
        wrong.append(f"manifest.json: cannot be read ({error})")
        return {}
    return manifest if isinstance(manifest, dict) else {}


def sums(files: Mapping[str, bytes], manifest: Object, public: bytes) -> Iterator[str]:
    """The manifest's signature, and each file against its sum."""
    for name in NEEDED:
        if name not in files:
            yield f"{name}: is missing"
    known = manifest.get("sha256")
    known = known if isinstance(known, dict) else {}
    if not known:
        yield "manifest.json: it holds no sums"
    for name, expected in sorted(known.items()):
        if hashlib.sha256(files.get(name, b"")).hexdigest() != expected:
            yield f"{name}: not the file that was exported"
    for name in sorted({*files} - {*known, "manifest.json", "verify.py"}):
        yield f"{name}: was not exported, the manifest does not know it"
    if "signature" in manifest:
        document = {name: value for name, value in manifest.items() if name != "signature"}
        signed = verify(public, manifest["signature"], document)
        if not signed:
            yield (
                "manifest.json: its signature is not right"
                if signed is False
                else ("manifest.json: its signature was not checked, for want of the Python package “cryptography”")
            )


def proved(
    files: Mapping[str, bytes], key: bytes | None = None
) -> tuple[list[str], list[Any], dict[str, list[Any]], list[str]]:
    """(sentences of what is wrong, rows, heads, seals) of a bundle's files; `key`: the public key kept elsewhere."""
    wrong: list[str] = []
    manifest = manifest_of(files, wrong)
    public = key_of(key if key is not None else files.get("seal.pub", b""), wrong)
    rows, heads, tables, sealed = contents(files, wrong)
    columns = manifest.get("columns")
    columns = columns if isinstance(columns, dict) else {}
    columns = {table: names for table, names in columns.items() if isinstance(names, list)}
    wrong += sums(files, manifest, public)
    if "signature" not in manifest and any(isinstance(row, dict) and "form" in row for row in rows):
        wrong.append("manifest.json: its signature is missing")
    return [*wrong, *findings(rows, heads, tables, sealed, public, columns)], rows, heads, sealed


def key_of(data: bytes, wrong: list[str]) -> bytes:
    try:
        public = base64.b64decode(data.strip(), validate=True)
    except (ValueError, binascii.Error):
        public = b""
    if len(public) != 32:
        wrong.append("seal.pub: is no public key, so no signature can be checked")
    return public


def load(path: Path, wrong: list[str]) -> dict[str, bytes]:
    """Name -> bytes of a folder or a zip; what cannot be read is added to `wrong`."""
    try:
        if path.is_dir():
            return {file.relative_to(path).as_posix(): file.read_bytes() for file in path.rglob("*") if file.is_file()}
        whole = path.read_bytes()
    except OSError as error:
        wrong.append(f"{path}: cannot be read ({error.strerror})")
        return {}
    try:
        with zipfile.ZipFile(path) as bundle:
            files = members(bundle, wrong)
            ending = bundle.comment.decode("ascii", "replace")
    except Exception as error:  # whatever a damaged zip makes of the library
        wrong.append(f"{path}: is no whole zip file ({error})")
        return {}
    signed = b'"signature"' in files.get("manifest.json", b"")
    if (signed or ending) and ending != hashlib.sha256(whole[:-SUM]).hexdigest():
        wrong.append(f"{path}: a byte of it was changed since it was exported, or another program packed it")
    return files


def members(bundle: zipfile.ZipFile, wrong: list[str]) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    for entry in bundle.infolist():
        if entry.filename in files:
            wrong.append(f"{entry.filename}: is in the zip twice")
            continue
        try:
            files[entry.filename] = bundle.read(entry)
        except Exception as error:  # whatever a damaged zip makes of the library
            wrong.append(f"{entry.filename}: cannot be read from the zip ({error})")
    return files


def clean(sentence: str) -> str:
    """On one line, and harmless to a terminal."""
    return "".join(letter if letter.isprintable() else "�" for letter in sentence)


def main(arguments: list[str]) -> int:
    wrong: list[str] = []
    key = None
    if len(arguments) not in (1, 3) or "--public-key" in arguments[:1] or arguments[1:2] not in ([], ["--public-key"]):
        print("python verify.py BUNDLE.zip [--public-key FILE]")
        return 2
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    if len(arguments) == 3:
        try:
            key = Path(arguments[2]).read_bytes()
        except OSError as error:
            wrong.append(f"{arguments[2]}: the public key cannot be read ({error.strerror})")
            key = b""
    files = load(Path(arguments[0]), wrong)
    sentences, rows, heads, sealed = proved(files, key)
    for sentence in [*wrong, *sentences]:
        print(clean(sentence))
    for sentence in in_words([row for row in rows if not shape(row)]):
        print(clean(sentence))
    trusted = "the public key that was given" if key is not None else "the bundle's own public key, trusted"
    number = len(wrong) + len(sentences)
    print(f"{len(rows)} audit rows in {len(heads)} chains, {len(sealed)} seals, {trusted}: {number} findings")
    return 1 if number else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
