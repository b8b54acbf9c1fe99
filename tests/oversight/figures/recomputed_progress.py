"""What the figures of /progress/ must show, a second time, from the exported CSV files alone."""

from collections import Counter
from datetime import datetime, timedelta
from statistics import median
from zoneinfo import ZoneInfo

from protocol.study import STUDY
from tests.oversight.figures.recomputed import Person, clock, day, end_of, people, start_of

LEVELS = [*(f"T{n}" for n in range(1, 13)), *(f"L{n}" for n in range(1, 6))]
ZONE = ZoneInfo("Europe/Amsterdam")
FORMS = ("visit", "pain", "function", "neurology", "quality", "wound", "labs", "imaging")
OWN = {"scr": "screening", "bas": "baseline", "sbrt": "sbrt", "surg": "surgery"}


def everybody(files):
    """Every participant who is in any file, the treated first."""
    treated = [person.code for person in people(files)]
    forms = ("screening", "consent", "eligibility", "surgery", "adverse-event", "deviation")
    codes = {line["participant"] for slug in forms for line in files[slug]} - set(treated)
    return [*treated, *sorted(codes, key=lambda code: (len(code), code))]


def criteria(line):
    """Criterion -> met, failed or open, as the protocol's table reads (study.md 1.3)."""
    yes = {"yes": True, "no": False, "": None}
    no = {"yes": False, "no": True, "": None}
    places = [LEVELS.index(line[name]) for name in ("bridged_upper", "bridged_lower") if line[name]]
    bridged = places[1] - places[0] + 1 if len(places) == 2 else None
    met = {
        "I1a": yes[line["painful"]], "I1b": yes[line["solid_tumour"]],
        "I1c": all(level in LEVELS for level in line["levels"].split("|")) if line["levels"] else None,
        "I1d": yes[line["surgery_needed"]], "I2": yes[line["histology"]], "I3": True if line["imaging"] else None,
        "I4": int(line["kps"]) > 50 if line["kps"] else None, "I5": int(line["age"]) >= 18 if line["age"] else None,
        "I6": yes[line["consent"]], "E1": bridged <= 5 if bridged else None,
        "E2": both(no[line["earlier_surgery"]], no[line["earlier_radiotherapy"]]),
        "E3": line["bilsky"] in ("0", "1a", "1b", "1c") if line["bilsky"] else None,
        "E4": line["ais"] in ("D", "E") if line["ais"] else None,
        "E5": (True if line["ais"] != "D" else no[line["ais_progressing"]]) if line["ais"] else None,
        "E6": yes[line["can_lie_flat"]], "E7": line["ambulation"] != "none" if line["ambulation"] else None,
        "E8": both(no[line["hospice"]], line["life_expectancy"] != "<3" if line["life_expectancy"] else None),
        "E9": both(yes[line["operable"]], no[line["refuses_surgery"]]),
    }  # fmt: skip
    return met


def both(one, other):
    if one is False or other is False:
        return False
    return None if None in (one, other) else True


def _answers(files, code):
    line = files.one("eligibility", code)
    return criteria(line) if line else None


def _hours(person):
    """Shortest and longest elapsed hours from beam to knife, in instants."""
    ends = []
    for moment in (person.beam_off, person.knife):
        first, last = (moment, moment) if isinstance(moment, datetime) else (start_of(moment), end_of(moment))
        ends.append((_utc(first), _utc(last)))
    (off_first, off_last), (knife_first, knife_last) = ends
    return (knife_first - off_last) / timedelta(hours=1), (knife_last - off_first) / timedelta(hours=1)


def _utc(local):
    return local.replace(tzinfo=ZONE).timestamp() * timedelta(seconds=1)


def window(person, now):
    """(state, why it cannot be told) of the 48 hours, by the table of study.md 3.3."""
    if partial(person):
        return "sbrt incomplete", ""
    if person.beam_off is None:
        without = "surgery is recorded, but the end of SBRT is not"
        return ("undetermined", without) if person.knife else ("planned", "")
    if person.knife is None:
        return _waiting(person, now)
    low, high = _hours(person)
    words = {"reversed" if hours <= 0 else "compliant" if hours <= 48 else "late" for hours in (low, high)}
    hours = f"between {round(low, 4):g} and {round(high, 4):g} elapsed hours after SBRT: a time is needed to tell"
    return (words.pop(), "") if len(words) == 1 else ("undetermined", f"knife to skin was {hours}")


def _waiting(person, now):
    off = person.beam_off
    first, last = (off, off) if isinstance(off, datetime) else (start_of(off), end_of(off))
    if person.index and person.index["performed"] == "no":
        return "not done", ""
    if _utc(now) - _utc(first) <= timedelta(hours=48):
        return "open", ""
    if _utc(now) - _utc(last) > timedelta(hours=48):
        return "not done", ""
    return "undetermined", "the end of SBRT is known to the day only, so the window may or may not be over"


def partial(person):
    plan = person.files.one("sbrt", person.code)
    return plan is not None and plan["delivery"] in ("partial", "aborted")


def flow(files, now):
    """Box by box how many are in it, and why those of the box before are not."""
    counts = Counter()
    persons = {code: Person(files, code) for code in everybody(files)}
    boxes = [("assessed", set(persons), None)]
    answers = {code: _answers(files, code) for code in persons}
    good = {code for code, met in answers.items() if met and all(met.values())}
    asked = {code for code in persons if (line := files.one("consent", code)) and line["given"] == "yes"}
    boxes += [("eligible", good, _not_eligible), ("consented", asked, _not_consented)]
    boxes.append(("sbrt", {c for c, person in persons.items() if person.beam}, _not_irradiated))
    boxes.append(("surgery", {c for c, person in persons.items() if person.operated}, _not_operated))
    for days in (60, 90):
        boxes.append((f"day-{days}", {c for c, person in persons.items() if _reached(person, days)}, _not_seen(days)))
    before = set(persons)
    for step, inside, why in boxes:
        counts[step, ""] = len(inside)
        for code in before - inside:
            counts[step, why(persons[code], now)] += 1
        if extra := inside - before:
            counts[step, "of whom without the step before"] = len(extra)
        before = inside
    inside = [person for person in persons.values() if person.operated and window(person, now)[0] == "compliant"]
    counts["surgery", "within 48 hours"] = len(inside)
    return [{"step": step, "what": what, "participants": n} for (step, what), n in sorted(counts.items())]


def _gone(person):
    return {"died": "died", "withdrew": "withdrew", "lost": "lost to follow-up", "": ""}[person.why]


def _not_eligible(person, now):
    line, met = person.files.one("screening", person.code), _answers(person.files, person.code)
    if line and line["outcome"] == "failed":
        return line["failure_reason_label"] or "no reason given"
    failed = [name for name, holds in (met or {}).items() if holds is False]
    return ", ".join(failed) or "not decided yet"


def _not_consented(person, now):
    line = person.files.one("consent", person.code)
    if line and line["given"] == "no":
        return line["declined_reason_label"] or "no reason given"
    return _gone(person) or "not asked yet"


def _not_irradiated(person, now):
    return _gone(person) or "not given yet"


def _not_operated(person, now):
    if person.index and person.index["performed"] == "no":
        return person.index["cancelled_reason_label"] or "cancelled"
    return _gone(person) or ("in the window now" if window(person, now)[0] == "open" else "not done")


def _reached(person, days):
    last = person.operated and person.operated + timedelta(days=days)
    return bool(last and not (person.ended and person.ended < last) and person.known_until >= last)


def _not_seen(days):
    def why(person, now):
        last = person.anchor + timedelta(days=days) if person.anchor else None
        if last and person.ended and person.ended < last:
            return _gone(person)
        return "not that far yet" if last is None or now.date() <= last else "not seen since"

    return why


def accrual(files):
    consents = [day(clock(line["consented_at"])) for line in files["consent"] if line["given"] == "yes"]
    first = min((on for on in consents if on), default=None)
    rows = []
    for place, person in enumerate(people(files), start=1):
        line = files.one("consent", person.code)
        planned = first + timedelta(days=round(19 * 30.4375 * place / 13)) if first and place <= 13 else ""
        consented = line is not None and line["given"] == "yes"
        rows.append({"treated": place, "participant": person.code, "began_on": str(person.began),
                     "consented_on": str(day(clock(line["consented_at"])) or "") if consented else "",
                     "planned_on": str(planned)})  # fmt: skip
    return rows


def interval(files, now):
    rows = []
    for case, person in enumerate(people(files), start=1):
        if person.operated is None:
            continue
        low, high = _hours(person) if person.beam_off and not partial(person) else (None, None)
        exact = low is not None and abs(low - high) < 1e-6
        inside = "cannot be told"
        if low is not None:
            inside = "yes" if low > 0 and high <= 24 else "no" if low > 24 or high <= 0 else inside
        rows.append({
            "case": case, "participant": person.code, "beam_off": person.beam_off_text,
            "incision": person.index["incision_at"], "hours": round(low, 2) if exact else None,
            "earliest": None if exact or low is None else round(low, 2),
            "latest": None if exact or low is None else round(high, 2), "verdict": window(person, now)[0],
            "within_24h": inside,
        })  # fmt: skip
    return rows


def _schedule(files, person, now):
    """Visit -> done, not done, due, overdue, upcoming, not expected, by the days of the protocol's table."""
    statuses, today = {}, now.date()
    cancelled = person.index is not None and person.index["performed"] == "no"
    anchor = person.operated
    if anchor is None and (cancelled or window(person, now)[0] in ("sbrt incomplete", "not done")):
        anchor = day(person.beam_off or person.beam)
    end = files.one("end-of-study", person.code)
    early = ("died", "withdrew", "lost")
    finished = clock(end["ended_on"]) if end and end["outcome"] not in early else None
    for visit in STUDY.visits:
        start = day(person.beam) if visit.anchor == "sbrt" else anchor
        opens, closes = (start + timedelta(days=n) for n in (visit.opens, visit.closes)) if start else (None, None)
        line = next(
            (visit_line for visit_line in files.of("visit", person.code) if visit_line["visit"] == visit.code), None
        )
        if line and line["done"]:
            status = "done" if line["done"] == "yes" else "not done"
        elif visit.code in OWN:
            status = "done" if files.of(OWN[visit.code], person.code) else "upcoming"
        elif (person.ended and (closes is None or closes >= person.ended)) or (
            finished and (opens is None or opens > finished)
        ):
            status = "not expected"
        elif opens is None or opens > today:
            status = "upcoming"
        else:
            status = "due" if today <= closes else "overdue"
        statuses[visit.code] = status
    return statuses


def overdue(files, now):
    rows = []
    for code in everybody(files):
        statuses = _schedule(files, Person(files, code), now)
        if {"due", "overdue"} & set(statuses.values()):
            rows.append({"participant": code} | {visit: status.replace(" ", "-") for visit, status in statuses.items()})
    return rows


DATES = {"visit": "visited_on", "quality": "completed_on", "labs": "sampled_at", "imaging": "imaged_on"}


def completeness(files, now):
    """(visit, form) -> numbers. All was entered today, as the demo study and the builders do."""
    forms = {}
    for code in everybody(files):
        statuses = _schedule(files, Person(files, code), now)
        for visit in STUDY.visits:
            for form in FORMS:
                line = next((candidate for candidate in files.of(form, code) if candidate["visit"] == visit.code), None)
                status = statuses[visit.code]
                if line is None and (form not in visit.forms or status not in ("done", "due", "overdue")):
                    continue
                empty = {"complete": 0, "draft": 0, "missing": 0, "due": 0, "days": []}
                row = forms.setdefault((visit.code, form), empty)
                if line is None:
                    row["due" if status == "due" else "missing"] += 1
                    continue
                row[line["status"]] += 1
                if on := day(clock(line[DATES.get(form, "assessed_on")])):
                    row["days"].append((now.date() - on).days)
    rows = []
    for visit in STUDY.visits:
        for form in FORMS:
            if row := forms.get((visit.code, form)):
                days = row.pop("days")
                expected = row["complete"] + row["draft"] + row["missing"]
                times = {"median_days": median(days) if days else None, "max_days": max(days, default=None)}
                rows.append({"visit": visit.code, "form": form, "expected": expected, **row, **times})
    return rows


def queries(files, now):
    """Ages of the queries that are not closed."""
    standing = {}
    for line in files.queries():
        if line["state"] != "closed" and line["act"] == "raised":
            standing[line["participant"], line["query"]] = line
    bounds = [("0–7", 0, 7), ("8–14", 8, 14), ("15–28", 15, 28), ("> 28", 29, 10**6)]
    rows = []
    for name, low, high in bounds:
        here = [query for query in standing.values() if low <= (now - clock(query["at"])).days <= high]
        rows.append({"age": name, "open": sum(query["state"] == "open" for query in here),
                     "answered": sum(query["state"] == "answered" for query in here),
                     "high": sum(query["priority"] == "high" for query in here)})  # fmt: skip
    return rows
