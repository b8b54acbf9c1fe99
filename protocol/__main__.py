"""python -m protocol RULE key=value …  → one JSON verdict with its reason (contract: `verdict`, `because`)."""

import json
import sys
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TextIO

from protocol import scores, stopping
from protocol.cli_args import (
    Malformed,
    answer,
    moment,
    needed,
    number,
    one_of,
    read_pairs,
    whole,
    zone,
)
from protocol.eligibility import EligibilityFacts, assess
from protocol.endpoint import primary_endpoint
from protocol.endpoint_json import read_endpoint
from protocol.facts import TreatmentFacts, local_day, zone_of
from protocol.schedule import authority_due, further_due, last_day, site_due
from protocol.study import STUDY
from protocol.window import treatment_window

Verdict = dict[str, Any]
_ROW = ("term", "grade", "began", "severe", "emergent", "in_window", "related", "qualifies")


def window(words: list[str], _stdin: TextIO) -> Verdict:
    """The 48-hour window (3.3)."""
    keys = ["sbrt_start", "sbrt_end", "incision", "now", "surgery_cancelled", "sbrt_complete", "zone"]
    pairs = read_pairs(words, keys)
    place = zone("zone", pairs.get("zone", STUDY.zone))
    facts = TreatmentFacts(
        sbrt_start=_moment(pairs, "sbrt_start", place),
        sbrt_end=_moment(pairs, "sbrt_end", place),
        incision=_moment(pairs, "incision", place),
        sbrt_complete=answer("sbrt_complete", pairs.get("sbrt_complete", "yes")) is not False,
        surgery_cancelled=bool(answer("surgery_cancelled", pairs.get("surgery_cancelled", "no"))),
        zone=place,
    )
    judged = treatment_window(facts, _moment(pairs, "now", place))
    verdict: Verdict = {
        "verdict": judged.verdict,
        "because": judged.because,
        "closes_at": _local(judged.closes_at, place),
    }
    verdict |= {"elapsed_hours": judged.elapsed_hours, "within_24h": judged.within_24h}
    if judged.earliest_hours is not None:
        verdict |= {"earliest_hours": judged.earliest_hours, "latest_hours": judged.latest_hours}
    return verdict


def eligibility(words: list[str], _stdin: TextIO) -> Verdict:
    """The criteria (1.3); one that failed is enough."""
    pairs = read_pairs(words, list(EligibilityFacts.__dataclass_fields__))
    read: dict[str, Callable[[str, str], Any]] = {
        "levels": _levels,
        "kps": _kps,
        "age": lambda name, text: whole(name, text, 0, 130),
        "bridged_levels": lambda name, text: whole(name, text, 1, 25),
        "bilsky": lambda name, text: one_of(name, text, STUDY.eligibility["bilsky"]),
        "ais": lambda name, text: one_of(name, text.upper(), STUDY.eligibility["ais"]),
    }
    answers = {name: read.get(name, answer)(name, text) for name, text in pairs.items() if text != "unknown"}
    judged = assess(EligibilityFacts(**answers))
    return {
        "verdict": judged.verdict,
        "because": judged.because,
        "failed": list(judged.failed),
        "unanswered": list(judged.unanswered),
        "version": judged.version,
    }


def followup(words: list[str], _stdin: TextIO) -> Verdict:
    """The last local day of the follow-up window (5.5)."""
    pairs = read_pairs(words, ["surgery", "day"])
    needed(pairs, "surgery")
    operated = local_day(moment("surgery", pairs["surgery"], STUDY.zone), STUDY.zone) or date.min
    days = whole("day", pairs.get("day", str(STUDY.endpoint["days"])), 0, 3650)
    final = last_day(operated, days)
    return {
        "verdict": str(final),
        "because": f"{operated} plus {days} days, day {days} included",
        "last_day": str(final),
    }


def sae(words: list[str], _stdin: TextIO) -> Verdict:
    """The clocks of a serious event (5.7)."""
    pairs = read_pairs(words, ["aware", "kind", "zone"])
    needed(pairs, "aware", "kind")
    place = zone("zone", pairs.get("zone", STUDY.zone))
    kind = one_of("kind", pairs["kind"], ["life-threatening", "fatal", "other"])
    aware = moment("aware", pairs["aware"], place)
    on = local_day(aware, place) or date.min
    due = _local(site_due(aware), place) if isinstance(aware, datetime) else None
    authority, further = authority_due(on, kind), further_due(on, kind)
    return {
        "verdict": str(authority),
        "because": f"site to sponsor {STUDY.reporting['site_hours']} elapsed hours, sponsor to committee "
        f"{(authority - on).days} days after awareness",
        "site_due": due,
        "authority_due": str(authority),
        "further_due": str(further) if further else None,
    }


def endpoint(words: list[str], stdin: TextIO) -> Verdict:
    """The primary endpoint (5.5), from one JSON document on standard input."""
    read_pairs(words, [])
    facts, days, grades = read_endpoint(stdin.read())
    judged = primary_endpoint(facts, days, grades)
    return {
        "verdict": judged.verdict,
        "because": judged.because,
        "at": judged.at,
        "last_day": str(judged.window_last_day) if judged.window_last_day else None,
        "rows": [{name: getattr(row, name) for name in _ROW} for row in judged.rows],
        "settle": list(judged.settle),
    }


def sins(words: list[str], _stdin: TextIO) -> Verdict:
    """SINS from its six components (2.1)."""
    components = list(STUDY.sins["points"])
    pairs = read_pairs(words, components)
    needed(pairs, *[name for name in components if name not in pairs])
    scored = scores.sins({name: whole(name, text, 0, 18) for name, text in pairs.items()})
    return {"verdict": scored.band, "because": scored.arithmetic, "total": scored.total}


def eq5d(words: list[str], _stdin: TextIO) -> Verdict:
    """The Dutch EQ-5D-5L index (2.6)."""
    pairs = read_pairs(words, ["profile"])
    needed(pairs, "profile")
    index = scores.eq5d_index(pairs["profile"])
    return {"verdict": index, "because": f"profile {pairs['profile']} by {STUDY.eq5d['table']}", "index": index}


def omed(words: list[str], _stdin: TextIO) -> Verdict:
    """Oral morphine equivalent (2.9)."""
    pairs = read_pairs(words, ["drugs"])
    needed(pairs, "drugs")
    doses = []
    for part in pairs["drugs"].split(","):
        drug, colon, dose = part.strip().partition(":")
        if not colon:
            raise Malformed(f"drugs: “{part[:40]}” is not of the form drug:dose.")
        doses.append((drug, number(drug or "drugs", dose)))
    total = float(scores.omed_of(doses))
    return {"verdict": total, "because": f"mg oral morphine a day by {STUDY.opioids['table']}", "omed": total}


def pain(words: list[str], _stdin: TextIO) -> Verdict:
    """Pain response (2.10)."""
    pairs = read_pairs(words, ["baseline", "now"])
    judged = scores.pain_response(_pain(pairs, "baseline"), _pain(pairs, "now"))
    return {"verdict": judged.verdict, "because": judged.because}


def stop(words: list[str], _stdin: TextIO) -> Verdict:
    """The stopping boundary (5.9)."""
    judged = stopping.judge(*_counts(words))
    return {
        "verdict": judged.verdict,
        "because": judged.because,
        "posterior": round(judged.posterior, 6),
        "boundary": judged.boundary,
    }


def interval(words: list[str], _stdin: TextIO) -> Verdict:
    """Exact 95 % limits (5.9)."""
    events, evaluable = _counts(words)
    low, high = stopping.interval(events, evaluable)
    limits = f"{100 * low:.1f} % to {100 * high:.1f} %"
    return {"verdict": limits, "because": f"Clopper–Pearson, {events} of {evaluable}", "low": low, "high": high}


RULES: dict[str, Callable[[list[str], TextIO], Verdict]] = {
    "window": window,
    "eligibility": eligibility,
    "followup": followup,
    "sae": sae,
    "endpoint": endpoint,
    "sins": sins,
    "eq5d": eq5d,
    "omed": omed,
    "pain": pain,
    "stopping": stop,
    "interval": interval,
}


def _moment(pairs: dict[str, str], name: str, place: str) -> Any:
    return moment(name, pairs[name], place) if name in pairs else None


def _local(at: datetime | None, place: str) -> str | None:
    return at.astimezone(zone_of(place)).isoformat() if at else None


def _levels(name: str, text: str) -> tuple[str, ...]:
    levels = tuple(level.strip().upper() for level in text.split(","))
    known = [*(f"C{n}" for n in range(1, 9)), *STUDY.eligibility["levels"], *(f"S{n}" for n in range(1, 6))]
    return tuple(one_of(name, level, known) for level in levels)


def _kps(name: str, text: str) -> int:
    points = whole(name, text, 0, 100)
    if points % 10:
        raise Malformed(f"{name}: Karnofsky goes in steps of 10; {points} is between two of them.")
    return points


def _pain(pairs: dict[str, str], name: str) -> tuple[int | None, Decimal | None]:
    """worst pain : OMED; either may be empty, as missing."""
    if name not in pairs:
        return None, None
    worst, colon, opioid = pairs[name].partition(":")
    if not colon:
        raise Malformed(f"{name}: give worst pain and OMED as 8:60.")
    return whole(name, worst, 0, 10) if worst else None, number(name, opioid) if opioid else None


def _counts(words: list[str]) -> tuple[int, int]:
    pairs = read_pairs(words, ["events", "evaluable"])
    needed(pairs, "events", "evaluable")
    return whole("events", pairs["events"], 0, 1_000_000), whole("evaluable", pairs["evaluable"], 0, 1_000_000)


def main(words: list[str], stdin: TextIO, stdout: TextIO, stderr: TextIO) -> int:
    """Exit code 0 with a verdict, 2 with one sentence about what cannot be read."""
    if not words or words[0] not in RULES:
        stderr.write(f"Usage: python -m protocol RULE key=value …, with RULE one of {', '.join(RULES)}.\n")
        return 2
    try:
        verdict = RULES[words[0]](words[1:], stdin)
    except (ValueError, OverflowError) as error:
        stderr.write(" ".join(str(error).split()) + "\n")
        return 2
    json.dump(verdict, stdout, ensure_ascii=False)
    stdout.write("\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], sys.stdin, sys.stdout, sys.stderr))
