"""What the figures must show, computed a second time from the exported CSV files alone: no model, no rule of ours."""

import csv
import io
from calendar import monthrange
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from scipy.stats import beta

ZONE = ZoneInfo("Europe/Amsterdam")
RELATED = ["possible", "probable", "definite"]
FOREVER = (datetime(1900, 1, 1), datetime(2999, 1, 1))


class Exported:
    """Every form as its lines, as the browser of this person downloads them."""

    def __init__(self, browser):
        self.browser, self.read, self.by_person, self.treated = browser, {}, {}, None

    def __getitem__(self, slug):
        if slug not in self.read:
            self.read[slug] = list(self.stream(slug))
            self.by_person[slug] = {}
            for line in self.read[slug]:
                self.by_person[slug].setdefault(line["participant"], []).append(line)
        return self.read[slug]

    def stream(self, slug, query=""):
        """The lines of one file, which are not kept."""
        answer = self.browser.get(f"/exports/{slug}.csv?{query}")
        assert answer.status_code == 200, slug
        return csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode()))

    def queries(self):
        """What was said in every query."""
        return self["queries"]

    def entered(self, slug, participant, field):
        """The day on which the form that counts came to say what it says there, by the audit trail."""
        lines = [line for line in self.stream("audit", f"purpose=archive&participants={participant}")
                 if line["form"] == slug]  # fmt: skip
        void = {line["record_key"] for line in lines if line["field"] == "voided_at" and line["new"]}
        lines = [line for line in lines if line["record_key"] not in void]
        change = [line["change"] for line in lines if line["field"] == field][-1]
        at = next(line["new"] for line in lines if line["field"] == "updated_at" and line["change"] == change)
        return datetime.fromisoformat(at).astimezone(ZONE).date()

    def of(self, slug, participant):
        return self.by_person[slug].get(participant, []) if self[slug] else []

    def one(self, slug, participant):
        return next(iter(self.of(slug, participant)), None)


def clock(text):
    """Local clock time of an exported instant; a day is a date."""
    if not text:
        return None
    return datetime.fromisoformat(text).replace(tzinfo=None) if "T" in text else date.fromisoformat(text)


def day(moment):
    return moment.date() if isinstance(moment, datetime) else moment


def span(text):
    """First and last day of 2016, 2016-03 or 2016-03-08."""
    parts = [int(part) for part in text.split("-")]
    if len(parts) == 3:
        return date(*parts), date(*parts)
    if len(parts) == 2:
        return date(*parts, 1), date(*parts, monthrange(*parts)[1])
    return date(parts[0], 1, 1), date(parts[0], 12, 31)


def start_of(on):
    return datetime.combine(on, time())


def end_of(on):
    return datetime.combine(on + timedelta(days=1), time()) - timedelta(microseconds=1)


class Person:
    """One participant as the files tell it."""

    def __init__(self, files, code):
        self.files, self.code = files, code
        fractions = files.of("sbrt-fraction", code)
        first = [moment for line in fractions if (moment := clock(line["beam_on_at"]))]
        self.beam = min(first, key=str) if first else None
        last = [line["beam_off_at"] for line in fractions if line["beam_off_at"]]
        self.beam_off_text = max(last, key=lambda text: text if "T" in text else f"{text}T99", default="")
        self.beam_off = clock(self.beam_off_text)
        index = [line for line in files.of("surgery", code) if line["index"] == "yes"]
        self.index = index[0] if index else None
        done = self.index is not None and self.index["performed"] != "no"
        self.knife = clock(self.index["incision_at"]) if done else None
        self.operated, self.began = day(self.knife), day(self.beam) or day(self.knife)
        self.anchor = self.operated or self.began
        self.ended, self.why = self._end()
        self.seen = self._seen()

    def _end(self):
        death, end = self.files.one("death", self.code), self.files.one("end-of-study", self.code)
        if death:
            return self._died(death["died_on"], death["learned_on"]), "died"
        if end and end["outcome"] in ("died", "withdrew", "lost"):
            on = clock(end["ended_on"]) or self.files.entered("end-of-study", self.code, "outcome")
            return on, end["outcome"]
        consent = self.files.one("consent", self.code)
        if consent and consent["withdrawn"] == "yes" and "visits" in consent["withdrawn_what"].split("|"):
            on = clock(consent["withdrawn_on"]) or self.files.entered("consent", self.code, "withdrawn_what")
            return on, "withdrew"
        return None, ""

    def _died(self, on, learned):
        """A whole day is as it stands; of a month or a year no later day than that on which it was entered."""
        if len(on or learned) == 10:
            return clock(on or learned)
        entered = self.files.entered("death", self.code, "created_at")
        if on and span(on)[0] > entered:
            entered = self.files.entered("death", self.code, "died_on")
        return min(span(on)[1], entered) if on else entered

    def _seen(self):
        days = [clock(line["visited_on"]) for line in self.files.of("visit", self.code) if line["done"] == "yes"]
        if end := self.files.one("end-of-study", self.code):
            days.append(clock(end["last_seen_on"]))
            days.append(clock(end["ended_on"]) if end["outcome"] == "completed" else None)
        return max((on for on in days if on), default=None)

    def last_day(self, days):
        """The last day of "within so many days after the surgery"."""
        return self.anchor + timedelta(days=days) if self.anchor else None

    @property
    def died(self):
        return self.ended if self.why == "died" else None

    @property
    def known_until(self):
        days = [self.seen, day(self.beam), self.operated, self.died]
        return max((on for on in days if on), default=None)

    def grades(self, event):
        return [line for line in self.files.of("adverse-event-grade", self.code) if line["parent"] == event["record"]]

    def events(self):
        return self.files.of("adverse-event", self.code)

    def days(self, on):
        return (on - self.anchor).days if on and self.anchor else None


def people(files):
    """The treated in the order of treatment."""
    if files.treated is None:
        codes = {line["participant"] for slug in ("sbrt-fraction", "surgery") for line in files[slug]}
        persons = [person for code in codes if (person := Person(files, code)).began]
        files.treated = sorted(
            persons, key=lambda person: (str(person.beam or person.knife), len(person.code), person.code)
        )
    return files.treated


def counting(event, treatment):
    if event[f"decided_{treatment}"]:
        return event[f"decided_{treatment}"]
    order = ["none", "unlikely", *RELATED]
    opinions = [event[f"{who}_{treatment}"] for who in ("related", "second") if event[f"{who}_{treatment}"]]
    return max(opinions, key=order.index) if opinions else ""


def related(event, treatments=("sbrt", "surgery", "combination")):
    words = [counting(event, treatment) for treatment in treatments]
    if any(word in RELATED for word in words):
        return True
    return None if "" in words else False


def together(answers):
    """All of some conditions: yes, no, or cannot be told."""
    return False if False in answers else None if None in answers else True


def conditions(person, event, grade, on, last, severe):
    """The four conditions of one grade row: severe, worse than before, in the window, related."""
    baseline = int(event["baseline_grade"]) if event["at_baseline"] == "yes" and event["baseline_grade"] else None
    bad = None if grade is None else grade in severe
    if baseline is None:
        worse = True
    elif grade is None:
        worse = None if any(limit > baseline for limit in severe) else False
    else:
        worse = grade > baseline
    low, high = FOREVER
    if on:
        low, high = start_of(span(on)[0]), end_of(span(on)[1])
    floor = person.beam if event["onset_order"] in ("between", "after-surgery") else None
    onset = start_of(span(event["onset_on"])[0]) if event["onset_on"] else None
    for bound in (floor if isinstance(floor, datetime) else None, onset):
        low = max(low, bound) if bound else low
    if event["ended_on"]:
        high = min(high, end_of(span(event["ended_on"])[1]))
    inside = within(person, low, high, last)
    return [bad, worse, inside, related(event)]


def within(person, low, high, last):
    if last is None or low > high:
        return None
    if low > end_of(last):
        return False
    if person.beam is None:
        return None
    first, sure = (person.beam, person.beam) if isinstance(person.beam, datetime) else (
        start_of(person.beam), end_of(person.beam))  # fmt: skip
    if high < first:
        return False
    return True if low >= sure and high <= end_of(last) else None


def graded(person, days=60, severe=(3, 4, 5)):
    """(event, grade, from when, the four conditions) of every row of every event."""
    last, gradings = person.last_day(days), []
    for event in person.events():
        rows = [(int(line["grade"]) if line["grade"] else None, line["from_on"]) for line in person.grades(event)]
        for grade, on in rows or [(None, "")]:
            gradings.append((event, grade, on, conditions(person, event, grade, on, last, severe)))
    return gradings


def named(event):
    return event["ctcae_term"] or event["verbatim"] or f"event {event['record']}"


def judged(person, days=60, severe=(3, 4, 5)):
    """(verdict, first qualifying onset, why) of one participant."""
    last, gradings = person.last_day(days), graded(person, days, severe)
    yes = [row for row in gradings if together(row[3])]
    if yes:
        event, grade, on, _answers = min(yes, key=lambda row: str(span(row[2])[0]) if row[2] else "")
        on = on or "unknown"
        return "yes", on, f"{named(event)}, grade {grade}, began {on}"
    if unsure := sorted({named(row[0]) for row in gradings if together(row[3]) is None}):
        return "undetermined", "", f"it cannot be told yet whether these count: {'; '.join(unsure)}"
    if last is None:
        return "undetermined", "", "no treatment is recorded"
    if person.ended and person.ended < last:
        return "not evaluable", "", f"{person.why} on {person.ended}, before {last}, without an event"
    if person.seen and person.seen >= last:
        return "no", "", f"no event, and followed until {person.seen}; the last day was {last}"
    return "undetermined", "", f"no event so far, but follow-up until {last} is not complete"


def boundary_of(n):
    """The fewest events that say stop, from scipy's beta distribution."""
    if n < 3:
        return None
    return next((k for k in range(n + 1) if beta.sf(0.30, 0.36 + k, 1.64 + n - k) > 0.80), None)


def boundary(files):
    rows, n, events = [], 0, 0
    for case, person in enumerate(people(files), start=1):
        verdict, _on, _why = judged(person)
        row = {"case": case, "participant": person.code, "verdict": verdict}
        if verdict in ("yes", "no"):
            n, events = n + 1, events + (verdict == "yes")
            chance = round(float(beta.sf(0.30, 0.36 + events, 1.64 + n - events)), 4)
            row |= {"evaluable": n, "events": events, "boundary": boundary_of(n), "posterior": chance}
        else:
            row |= dict.fromkeys(("evaluable", "events", "boundary", "posterior"))
        rows.append(row)
    return rows


def endpoint(files):
    rows = []
    for case, person in enumerate(people(files), start=1):
        verdict, on, why = judged(person)
        rows.append({
            "case": case, "participant": person.code, "began": str(person.began), "primary": verdict,
            "secondary": judged(person, 90)[0], "sensitivity": judged(person, 60, (3, 4))[0], "event_on": on,
            "day": person.days(date.fromisoformat(on)) if len(on) == 10 else None, "because": why,
        })  # fmt: skip
    return rows


def events(files, asked="all", days="all"):
    """Term × worst grade."""
    treatments = {"any": ("sbrt", "surgery", "combination")}.get(asked, (asked,))
    groups = {}
    persons = {person.code: person for person in people(files)}
    for event in files["adverse-event"]:
        person = persons.get(event["participant"]) or Person(files, event["participant"])
        if asked != "all" and not related(event, treatments):
            continue
        rows = [(int(line["grade"]) if line["grade"] else 0, line["from_on"] or event["onset_on"])
                for line in person.grades(event)]  # fmt: skip
        sure = True
        if days != "all":
            if not person.anchor:
                continue
            first, last = person.began, person.anchor + timedelta(days=int(days))
            rows = [(g, on) for g, on in rows or [(0, event["onset_on"])]
                    if not on or (span(on)[1] >= first and span(on)[0] <= last)]  # fmt: skip
            if not rows:
                continue
            worst = max(rows, key=lambda row: row[0])
            sure = bool(worst[1]) and span(worst[1])[0] >= first and span(worst[1])[1] <= last
        worst = max((grade for grade, _on in rows), default=0)
        key = (event["soc"] or "not coded", event["ctcae_term"] or event["verbatim"] or "not described")
        groups.setdefault(key, []).append((event["participant"], worst, sure))
    return [_event_row(soc, term, entries) for (soc, term), entries in sorted(groups.items())]


def _event_row(soc, term, entries):
    worst = {}
    for code, grade, _sure in entries:
        worst[code] = max(worst.get(code, 0), grade)
    row = {"soc": soc, "term": term}
    row |= {f"grade_{grade}": list(worst.values()).count(grade) for grade in range(1, 6)}
    row["ungraded"] = list(worst.values()).count(0)
    uncertain = sum(not sure for _code, _grade, sure in entries)
    return row | {"participants": len(worst), "events": len(entries), "date_uncertain": uncertain}


def deaths(files):
    order = {person.code: (case, person) for case, person in enumerate(people(files), start=1)}
    rows = []
    for line in files["death"]:
        case, person = order.get(line["participant"], (None, Person(files, line["participant"])))
        rows.append({"case": case, "participant": line["participant"], "died_on": line["died_on"],
                     "day": person.days(person.died), "cause": line["cause"], "related_sbrt": line["related_sbrt"],
                     "related_surgery": line["related_surgery"]})  # fmt: skip
    return sorted(rows, key=lambda row: row["case"] or 10_000)


def swimmer(files):
    rows = []
    for case, person in enumerate(people(files), start=1):
        index = person.index
        severe = sorted(
            (span(line["from_on"])[0] if line["from_on"] else date.max)
            for event in person.events() for line in person.grades(event) if line["grade"] and int(line["grade"]) >= 3
        )  # fmt: skip
        stays = [clock(line["admitted_on"]) for line in files.of("stay", person.code) if line["admitted_on"]]
        left = clock(index["discharge_on"]) if index else None
        rows.append({
            "case": case, "participant": person.code, "sbrt_on": str(day(person.beam) or ""),
            "surgery_on": str(person.operated or ""), "discharge_day": person.days(left),
            "severe_days": " ".join("?" if on == date.max else str(person.days(on)) for on in severe),
            "readmitted_days": " ".join(str(person.days(on)) for on in stays if on > person.anchor),
            "died_day": person.days(person.died), "last_day": person.days(person.known_until), "ended": person.why,
        })  # fmt: skip
    return rows


def first_severe(files):
    """(day, what) of each treated, and the incidence by that day written as a sum over the days before."""
    courses = []
    for case, person in enumerate(people(files), start=1):
        last = person.last_day(90)
        onsets = [max(span(on)[0], person.began) for _event, _grade, on, answers in graded(person, 90)
                 if on and together(answers)]  # fmt: skip
        if onsets:
            on, what = min(onsets), "event"
        elif person.died and person.died <= last:
            on, what = person.died, "competing"
        else:
            on, what = min(person.known_until or person.began, last), "censored"
        courses.append((case, person.code, max((on - person.began).days, 0), what))
    shares = {at: incidence(courses, at) for at in {course[2] for course in courses}}
    return [{"case": case, "participant": code, "day": at, "what": what, "estimate": shares[at]}
            for case, code, at, what in courses]  # fmt: skip


def incidence(courses, until):
    total, free = 0.0, 1.0
    for at in sorted({course[2] for course in courses if course[2] <= until}):
        risk = sum(course[2] >= at for course in courses)
        total += free * sum(course[2:] == (at, "event") for course in courses) / risk
        free *= 1 - sum(course[2] == at and course[3] != "censored" for course in courses) / risk
    return round(total, 4)


STATES = {"closed": "closed", "open": "open", "superficial": "superficial", "deep": "deep",
          "organ_space": "organ-space", "not_judged": "not judged"}  # fmt: skip


def wounds(files, schedule):
    treated = {person.code for person in people(files)}
    rows = []
    for visit in schedule:
        lines = [line for line in files["wound"] if line["visit"] == visit and line["participant"] in treated]
        states = [wound(line) for line in lines]
        rows.append({"visit": visit} | {name: states.count(state) for name, state in STATES.items()})
    return rows


def wound(line):
    if line["ssi_class"] in ("superficial", "deep", "organ-space"):
        return line["ssi_class"]
    if line["seen"] != "yes" or not line["closed_dry"]:
        return "not judged"
    return "closed" if line["closed_dry"] == "yes" else "open"
