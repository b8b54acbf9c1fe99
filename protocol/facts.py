"""What a rule may know of a participant: frozen, and silent about where it was stored."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from protocol.partial_dates import PartialDate
from protocol.study import STUDY, Study

# An aware datetime: the instant is known. A date: only the local day is known. None: nothing is known.
Moment = datetime | date | None
Relatedness = Literal["none", "unlikely", "possible", "probable", "definite"]
SeriousKind = Literal["fatal", "life-threatening", "other"]
EndReason = Literal["died", "withdrew", "lost"]


@dataclass(frozen=True)
class TreatmentFacts:
    """The two treatments, on the clocks of one site."""

    sbrt_start: Moment = None
    sbrt_end: Moment = None
    incision: Moment = None
    closed: Moment = None
    sbrt_complete: bool = True
    surgery_cancelled: bool = False
    zone: str = STUDY.zone


@dataclass(frozen=True)
class GradeRow:
    """From `began` on the event had this grade; `began` may be an instant or a partial date.

    `not_before` and `not_after` carry what else is known, such as "seen well on 14 March".
    """

    grade: int | None
    began: datetime | PartialDate | None = None
    not_before: Moment = None
    not_after: Moment = None
    key: str = ""


@dataclass(frozen=True)
class EventFacts:
    """One adverse event as the endpoint sees it."""

    term: str
    baseline_grade: int | None = None
    sbrt: Relatedness | None = None
    surgery: Relatedness | None = None
    combination: Relatedness | None = None
    ended: PartialDate | None = None
    grades: tuple[GradeRow, ...] = ()
    seen_well_on: date | None = None
    key: str = ""


@dataclass(frozen=True)
class Ended:
    """Why follow-up stopped, and on which local day."""

    on: date
    why: EndReason


@dataclass(frozen=True)
class EndpointFacts:
    """All that the primary endpoint rests on. `seen_until`: the last day the participant was assessed."""

    sbrt_start: Moment
    surgery_on: date | None
    seen_until: date | None
    events: tuple[EventFacts, ...] = ()
    ended: Ended | None = None
    zone: str = STUDY.zone


@dataclass(frozen=True)
class SeriousFacts:
    """The clocks of one serious-event case."""

    subject: str
    kind: SeriousKind | None
    site_aware: Moment = None
    site_reported: bool = False
    sponsor_aware: Moment = None
    authority_reported: bool = False
    further_reported: bool = False
    exempt: bool = False


@dataclass(frozen=True)
class FollowUpFacts:
    """What the schedule may know. `finished_on`: the last day of somebody who is through as planned.

    `study` is the version of the protocol under which the participant consented.
    """

    treatment: TreatmentFacts
    visits_done: frozenset[str] = frozenset()
    ended: Ended | None = None
    finished_on: date | None = None
    study: Study = STUDY
    serious: tuple[SeriousFacts, ...] = ()


def zone_of(name: str) -> ZoneInfo:
    """The zone in which local days are counted."""
    return ZoneInfo(name)


def local_day(moment: Moment, zone: str) -> date | None:
    """The local date of a moment."""
    if isinstance(moment, datetime):
        return moment.astimezone(zone_of(zone)).date()
    return moment
