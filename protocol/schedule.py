"""Every deadline: visits counted in local days from an anchor, and the clocks of serious events (study.md 4, 5.7)."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from protocol.facts import Ended, FollowUpFacts, Moment, SeriousFacts, local_day, zone_of
from protocol.study import STUDY, Study
from protocol.window import WARNING, WINDOW, bounds, treatment_window

TREATMENT_VISITS = ("scr", "bas", "sbrt", "surg")  # up to the operation: the treatment itself is their evidence
WARD_VISITS = ("d1", "d2", "d3", "disch")
_OWN_KIND = {"d60": "day-60", "d90": "day-90"}
LAST_DATE = date(9000, 1, 1)  # beyond it ("9999: unknown") nothing is counted
SITE_CLOCK = timedelta(hours=STUDY.reporting["site_hours"])


@dataclass(frozen=True)
class Anchor:
    """The day from which follow-up counts: surgery, or SBRT where surgery never happens (4.2)."""

    on: date
    kind: str


@dataclass(frozen=True)
class VisitWindow:
    """Local days, all included."""

    opens: date
    target: date
    closes: date


@dataclass(frozen=True)
class SaeClocks:
    """When a serious event is due: the site by an instant, the sponsor by the end of local days."""

    site_due: datetime
    authority_due: date
    further_due: date | None


@dataclass(frozen=True)
class Deadline:
    """Something that must have happened by `due_at`; people are told from `raise_at` on. Both are instants in UTC.

    `subject` tells several of one kind apart. A local day is due at its end in the site's zone.
    """

    kind: str
    raise_at: datetime
    due_at: datetime
    met: bool
    because: str
    subject: str = ""


def last_day(surgery: date, days: int = STUDY.endpoint["days"]) -> date:
    """The last local day of "within so many days after the surgery", that day included (5.5)."""
    return min(surgery, LAST_DATE) + timedelta(days=days)


def days_postop(on: date, surgery: date) -> int:
    """0 on the day of surgery; never printed as a study day."""
    return (on - surgery).days


def study_day(on: date, reference: date) -> int:
    """CDISC --DY: the day of first treatment is 1, the day before is -1; there is no day 0 (4.1)."""
    days = (on - reference).days
    return days + 1 if days >= 0 else days


def anchor(facts: FollowUpFacts, now: Moment) -> Anchor | None:
    """Surgery's local day; SBRT's where surgery was cancelled or its window has passed without it."""
    treatment = facts.treatment
    if operated := local_day(treatment.incision, treatment.zone):
        return Anchor(operated, "surgery")
    irradiated = local_day(treatment.sbrt_end or treatment.sbrt_start, treatment.zone)
    if irradiated is None:
        return None
    if treatment.surgery_cancelled or not treatment.sbrt_complete:
        return Anchor(irradiated, "SBRT")
    done = treatment_window(treatment, now).verdict == "not done"
    return Anchor(irradiated, "SBRT") if done else None


def visit_window(code: str, anchor_on: date, study: Study = STUDY) -> VisitWindow:
    """The days of one visit of the schedule; KeyError for a visit that does not exist."""
    visit = study.visit(code)
    start = min(anchor_on, LAST_DATE)
    opens, target, closes = (start + timedelta(days=days) for days in (visit.opens, visit.day, visit.closes))
    return VisitWindow(opens, target, closes)


def day_start(on: date, zone: str) -> datetime:
    """The first instant of a local day, in UTC."""
    return datetime.combine(on, time(), zone_of(zone)).astimezone(UTC)


def day_end(on: date, zone: str) -> datetime:
    """The instant at which a local day is over, in UTC."""
    return day_start(on + timedelta(days=1), zone)


def site_due(aware: datetime) -> datetime:
    """24 elapsed hours after the site's awareness, in UTC."""
    return aware.astimezone(UTC) + SITE_CLOCK


def authority_due(aware: date, kind: str) -> date:
    """7 calendar days for fatal or life-threatening, 15 for others, from the sponsor's awareness."""
    days = "authority_days_other" if kind == "other" else "authority_days_severe"
    return aware + timedelta(days=STUDY.reporting[days])


def further_due(aware: date, kind: str) -> date | None:
    """Eight more days for further information on fatal or life-threatening events."""
    if kind == "other":
        return None
    return authority_due(aware, kind) + timedelta(days=STUDY.reporting["further_days"])


def sae_clocks(aware: datetime, kind: str, zone: str = STUDY.zone) -> SaeClocks:
    """All clocks of a case that site and sponsor learned of at the same instant."""
    day = aware.astimezone(zone_of(zone)).date()
    return SaeClocks(site_due(aware), authority_due(day, kind), further_due(day, kind))


def deadlines(facts: FollowUpFacts, now: datetime) -> list[Deadline]:
    """Every deadline of one participant, met or not. What fell due after death, withdrawal or loss is not expected."""
    expected = [*_window(facts, now), *_visits(facts, now)]
    if facts.ended is not None:
        end = day_start(facts.ended.on, facts.treatment.zone)
        expected = [
            deadline for deadline in expected if deadline.due_at <= end and not _pointless(deadline, facts.ended)
        ]
    for case in facts.serious:
        expected += _serious(case, facts.treatment.zone)
    return expected


def _pointless(deadline: Deadline, ended: Ended) -> bool:
    """Nobody is reminded of a visit of somebody who died; a window that was missed before is still explained."""
    return ended.why == "died" and not deadline.met and deadline.kind != "window-missed"


def _window(facts: FollowUpFacts, now: datetime) -> list[Deadline]:
    """The closing window (told at 36 h) and the missed one (told when it is over)."""
    treatment = facts.treatment
    if treatment.sbrt_end is None or not treatment.sbrt_complete:
        return []
    window = treatment_window(treatment, now)
    # Where only the day is known, people are warned for its first instant, and told of a miss that is certain.
    first, last = bounds(treatment.sbrt_end, treatment.zone)
    operated = treatment.incision is not None
    gone = treatment.surgery_cancelled or window.verdict == "not done"
    compliant = window.verdict == "compliant" or (operated and window.verdict == "undetermined")
    return [
        Deadline("window-closing", first + WARNING, first + WINDOW, operated or gone, window.because),
        Deadline("window-missed", last + WINDOW, last + WINDOW, compliant, window.because),
    ]


def _visits(facts: FollowUpFacts, now: datetime) -> list[Deadline]:
    """Due when a visit's window opens, overdue when it has closed; days on the ward are asked for afterwards."""
    visit_deadlines: list[Deadline] = []
    start = anchor(facts, now)
    if start is None:
        return visit_deadlines
    zone = facts.treatment.zone
    for visit in facts.study.visits:
        window = visit_window(visit.code, start.on, facts.study)
        if visit.code in TREATMENT_VISITS or (facts.finished_on and window.opens > facts.finished_on):
            continue
        met = visit.code in facts.visits_done
        opens, closes = day_start(window.opens, zone), day_end(window.closes, zone)
        counted = f"{visit.name} after {start.kind} on {start.on}"
        kind, subject = (_OWN_KIND[visit.code], "") if visit.code in _OWN_KIND else ("visit", visit.code)
        if visit.code not in WARD_VISITS:
            because = f"{counted}: {window.opens} to {window.closes}"
            visit_deadlines.append(Deadline(f"{kind}-due", opens, closes, met, because, subject))
        because = f"{counted}: the window closed on {window.closes}"
        visit_deadlines.append(Deadline(f"{kind}-overdue", closes, closes, met, because, subject))
    return visit_deadlines


def _serious(case: SeriousFacts, zone: str) -> list[Deadline]:
    """Told at awareness, and again when a clock has run out; an exempt case has no clocks."""
    if case.exempt:
        return []
    clocks = []
    if case.site_aware is not None:
        aware = bounds(case.site_aware, zone)[0]  # a day without a time counts from its first instant
        due = site_due(aware)
        because = f"{STUDY.reporting['site_hours']} elapsed hours after the site learned of it"
        because += "" if isinstance(case.site_aware, datetime) else ", on a day of which the time is unknown"
        clocks += _clock("sae-site", aware, due, case.site_reported, because, case.subject)
    aware_on = local_day(case.sponsor_aware, zone)
    if aware_on is None or case.kind is None:
        return clocks
    aware_at = day_start(aware_on, zone)
    if isinstance(case.sponsor_aware, datetime):
        aware_at = case.sponsor_aware.astimezone(UTC)
    due_on = authority_due(aware_on, case.kind)
    because = f"{(due_on - aware_on).days} days after the sponsor learned of it on {aware_on}"
    clocks += _clock("sae-authority", aware_at, day_end(due_on, zone), case.authority_reported, because, case.subject)
    further = further_due(aware_on, case.kind)
    if further is not None and case.authority_reported:
        because = f"{STUDY.reporting['further_days']} more days for further information"
        due = day_end(further, zone)
        clocks += _clock("sae-further", day_end(due_on, zone), due, case.further_reported, because, case.subject)
    return clocks


def _clock(kind: str, aware_at: datetime, due: datetime, met: bool, because: str, subject: str) -> list[Deadline]:
    return [
        Deadline(f"{kind}-report", aware_at, due, met, because, subject),
        Deadline(f"{kind}-late", due, due, met, because, subject),
    ]
