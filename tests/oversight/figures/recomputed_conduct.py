"""Serious events with their clocks, listings and source verification, a second time, from the exported CSV alone."""

from datetime import UTC, date, datetime, time, timedelta

from tests.oversight.figures.recomputed import counting
from tests.oversight.figures.recomputed_progress import ZONE, everybody

ABOUT = {"participant", "site", "visit", "record", "status", "parent"}
BESIDE = ("_label", "_earliest", "_latest")
CRITERIA = ("death", "life_threatening", "hospitalisation", "disability", "congenital", "medically_important")
DAY = timedelta(hours=24)


def ends(text):
    """The first and the last instant that an exported moment can be: a day is all of its hours on the site's clocks."""
    if "T" in text:
        return (datetime.fromisoformat(text).astimezone(UTC),) * 2
    on = date.fromisoformat(text)
    first, after = (datetime.combine(day, time(), ZONE).astimezone(UTC) for day in (on, on + timedelta(days=1)))
    return first, after - timedelta(microseconds=1)


def timeliness(done, due, now):
    """Was it in time: of (first, last) pairs, and as long as nothing is done, of now."""
    if done is not None:
        return "yes" if done[1] <= due[0] else "no" if done[0] > due[1] else "cannot be told"
    return "due" if now <= due[0] else "overdue" if now > due[1] else "cannot be told"


def _site(line, now):
    """24 elapsed hours from the site's knowledge to the sponsor's (study.md 5.7)."""
    aware, done = line["site_aware_at"], line["site_reported_at"]
    if line["exempt"] == "yes":
        return "", "exempt"
    if not aware:
        return "", "cannot be told"
    due = tuple(end + DAY for end in ends(aware))
    written = due[0].astimezone(ZONE).isoformat() if "T" in aware else ""
    return written, timeliness(ends(done) if done else None, due, now)


def _committee(line, now):
    """7 calendar days for fatal and life-threatening, 15 for all others, from the sponsor's knowledge."""
    if line["exempt"] == "yes":
        return "", "exempt"
    if not line["sponsor_aware_at"] or not line["kind"]:
        return "", "cannot be told"
    due = date.fromisoformat(line["sponsor_aware_at"][:10]) + timedelta(days=15 if line["kind"] == "other" else 7)
    done = date.fromisoformat(line["authority_reported_on"]) if line["authority_reported_on"] else None
    return str(due), timeliness((done, done) if done else None, (due, due), now.astimezone(ZONE).date())


def serious(files, now):
    rows = []
    for code in everybody(files):
        for line in files.of("serious-event", code):
            events = [event for event in files.of("adverse-event", code) if event["record"] == line["adverse_event"]]
            (site_due, site_word), (due, word) = _site(line, now), _committee(line, now)
            rows.append({
                "participant": code, "number": line["record"],
                "event": (events[0]["ctcae_term"] or events[0]["verbatim"]) if events else "", "kind": line["kind"],
                "site_aware": line["site_aware_at"], "site_due": site_due, "site_reported": line["site_reported_at"],
                "site_in_time": site_word, "authority_due": due, "authority_reported": line["authority_reported_on"],
                "authority_in_time": word,
            })  # fmt: skip
    return rows


def listing(files, form, plain, labelled):
    """Every record of a form in case order; codes in the words of the form."""
    return [
        {"participant": code, "number": line["record"]}
        | {name: line[name] for name in plain}
        | {name: line[f"{name}_label"] for name in labelled}
        for code in everybody(files)
        for line in files.of(form, code)
    ]


def line_listing(files):
    return [_event(files, line) for code in everybody(files) for line in files.of("adverse-event", code)]


def _event(files, line):
    grades = [int(grade["grade"]) for grade in files.of("adverse-event-grade", line["participant"])
              if grade["parent"] == line["record"] and grade["grade"]]  # fmt: skip
    return {
        "participant": line["participant"], "number": line["record"], "term": line["ctcae_term"],
        "words": line["verbatim"], "worst": max(grades, default=None), "began": line["onset_on"],
        "ended": line["ended_on"] or ("ongoing" if line["ongoing"] == "yes" else ""),
        "serious": "yes" if "yes" in [line[name] for name in CRITERIA] else "no",
        **{name: counting(line, name) for name in ("sbrt", "surgery", "combination")}, "outcome": line["outcome"],
    }  # fmt: skip


def questions(line):
    """What stands in a line: the questions with an answer, or with the reason for none."""
    names = {name for name, value in line.items() if value and name not in ABOUT}
    beside = {name for name in names for end in BESIDE if name.endswith(end) and name.removesuffix(end) in line}
    return {name.removesuffix("_missing") for name in names - beside}


def compared(files):
    """By the trail: (form, key) -> questions compared, and (form, participant, visit, number) -> key."""
    acts, places = {}, {}
    for line in files.stream("audit", "purpose=archive"):
        if line["form"] == "records_verification":
            acts.setdefault(line["record_key"], {})[line["field"]] = line["new"]
        elif line["field"] in ("visit", "number", "voided_at"):
            places.setdefault((line["form"], line["participant"], line["record_key"]), {})[line["field"]] = line["new"]
    questions_compared = {}
    for act in acts.values():
        if not act.get("lost_at"):
            questions_compared.setdefault((act["table"].rpartition("_")[2], act["record_id"]), set()).add(act["field"])
    keys = {(form, code, place.get("visit") or "", place.get("number") or "1"): key
            for (form, code, key), place in places.items() if not place.get("voided_at")}  # fmt: skip
    return questions_compared, keys


def verification(files, rows_of):
    """Form by form: complete records, those wholly compared, their answers, how many of these are compared."""
    questions_compared, keys = compared(files)
    rows = []
    for form, inside in rows_of.items():
        answers = same = verified = 0
        forms = [line for line in files[form] if line["status"] == "complete"]
        for line in forms:
            code, visit, number = line["participant"], line["visit"], line["record"]
            parts = [(form, keys.get((form, code, visit, number), number), line)]
            parts += [(slug, row["record"], row) for slug in inside for row in files.of(slug, code)
                      if (row["visit"], row["parent"]) == (visit, number)]  # fmt: skip
            asked = [
                (questions(part), questions_compared.get((slug.replace("-", ""), key), set()))
                for slug, key, part in parts
            ]
            answers += sum(len(names) for names, _have in asked)
            same += sum(len(names & have) for names, have in asked)
            verified += all(names <= have for names, have in asked)
        if forms:
            rows.append({"form": form, "complete": len(forms), "verified": verified, "answers": answers,
                         "compared": same, "left": answers - same})  # fmt: skip
    return rows
