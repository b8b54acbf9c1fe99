"""Every dated fact of one participant on one line: what the order of facts says of each date (participant.md 1).

A fact has a span, the first and the last instant it can be. An order says that one kind of fact is not later than
another. Two things follow, whatever the order of entry: a pair that certainly breaks an order is a breach, and a law
(an order that cannot be broken in truth: nobody is operated after the death) tightens the spans of the others.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from protocol.facts import Moment
from protocol.partial_dates import PartialDate
from protocol.study import Order
from protocol.window import bounds

BEGINNING = datetime.min.replace(tzinfo=UTC) + timedelta(days=2)
END = datetime.max.replace(tzinfo=UTC) - timedelta(days=2)


@dataclass(frozen=True)
class Fact:
    """Something that happened between `earliest` and `latest` (UTC, both inclusive).

    `kind` is the form and the field it was read from ("surgery.incision_at"); `groups` are what it has in common with
    others ("adverse-event 3": the event, its grades, its case); `path` is the address of the field below the casebook.
    """

    kind: str
    earliest: datetime = BEGINNING
    latest: datetime = END
    groups: frozenset[str] = frozenset()
    path: str = ""

    @property
    def form(self) -> str:
        """The form of the field."""
        return self.kind.partition(".")[0]


@dataclass(frozen=True)
class Breach:
    """Two facts that certainly do not lie in the order in which they must."""

    order: Order
    first: Fact
    then: Fact


@dataclass(frozen=True)
class Tightened:
    """A fact with the span that all the others leave it; `after` and `before` are the facts that moved its ends."""

    fact: Fact
    earliest: datetime
    latest: datetime
    after: Fact | None = None
    before: Fact | None = None

    @property
    def moved(self) -> bool:
        """Whether anything is known beyond what was written."""
        return self.after is not None or self.before is not None


def span(moment: Moment | PartialDate, zone: str) -> tuple[datetime, datetime]:
    """The first and the last instant of an instant, a local day, a month, a year, or of nothing known, in UTC."""
    if moment is None:
        return BEGINNING, END
    if isinstance(moment, PartialDate):
        return bounds(moment.earliest, zone)[0], bounds(moment.latest, zone)[1]
    return bounds(moment, zone)


def fact_of(kind: str, moment: Moment | PartialDate, zone: str, *, groups: Iterable[str] = (), path: str = "") -> Fact:
    """A fact from an answer, on the clocks of `zone`."""
    earliest, latest = span(moment, zone)
    return Fact(kind, earliest, latest, frozenset(groups), path)


def joins(order: Order, first: Fact, then: Fact) -> bool:
    """Whether an order speaks of these two facts, in this order."""
    if first is then or not (_names(order, order.first, first) and _names(order, order.then, then)):
        return False
    return not order.within or any(group.startswith(f"{order.within} ") for group in first.groups & then.groups)


def _names(order: Order, kinds: tuple[str, ...], fact: Fact) -> bool:
    if fact.kind in kinds:
        return True
    if fact.kind in order.apart_from or f"{fact.form}.*" in order.apart_from:
        return False
    return "*" in kinds or f"{fact.form}.*" in kinds


def broken(order: Order, first: Fact, then: Fact) -> bool:
    """Whether the two certainly lie the other way round."""
    return first.earliest >= then.latest if order.strict else first.earliest > then.latest


def breaches(facts: Sequence[Fact], orders: Iterable[Order]) -> list[Breach]:
    """Every pair that certainly breaks an order, in the order of the table and of the facts."""
    return [
        Breach(order, first, then)
        for order in orders
        for first, then in _pairs(facts, order)
        if broken(order, first, then)
    ]


def tighten(facts: Sequence[Fact], orders: Iterable[Order]) -> dict[Fact, Tightened]:
    """What the laws leave of each span.

    A fact that certainly breaks a law, with another or through others between them, neither moves anything nor is
    moved: who is right is for a person to say.
    """
    laws = [order for order in orders if order.law]
    edges = {(first, then) for order in laws for first, then in _pairs(facts, order)}
    known, spans = set(facts), {}
    while True:
        spans = _closure(sorted(known, key=_rank), [edge for edge in edges if known.issuperset(edge)])
        if not (disputed := _disputed(spans)):
            break
        known -= disputed
    return {fact: spans.get(fact, Tightened(fact, fact.earliest, fact.latest)) for fact in facts}


def _pairs(facts: Sequence[Fact], order: Order) -> Iterable[tuple[Fact, Fact]]:
    firsts = [fact for fact in facts if _names(order, order.first, fact)]
    thens = [fact for fact in facts if _names(order, order.then, fact)]
    return ((first, then) for first in firsts for then in thens if joins(order, first, then))


def _rank(fact: Fact) -> tuple[str, str, datetime, datetime]:
    """Any order that does not depend on the order of entry."""
    return fact.kind, fact.path, fact.earliest, fact.latest


def _closure(facts: Sequence[Fact], edges: Sequence[tuple[Fact, Fact]]) -> dict[Fact, Tightened]:
    """Carry each end along the edges until nothing moves: the latest start before it, the earliest end after it."""
    starts: dict[Fact, Fact] = {fact: fact for fact in facts}
    ends: dict[Fact, Fact] = {fact: fact for fact in facts}
    ordered = sorted(edges, key=lambda edge: (_rank(edge[0]), _rank(edge[1])))
    moving = True
    while moving:
        moving = False
        for first, then in ordered:
            if starts[first].earliest > starts[then].earliest:
                starts[then], moving = starts[first], True
            if ends[then].latest < ends[first].latest:
                ends[first], moving = ends[then], True
    return {
        fact: Tightened(
            fact,
            starts[fact].earliest,
            ends[fact].latest,
            after=None if starts[fact] is fact else starts[fact],
            before=None if ends[fact] is fact else ends[fact],
        )
        for fact in facts
    }


def _disputed(spans: dict[Fact, Tightened]) -> set[Fact]:
    """The facts whose ends cross somewhere on the line."""
    crossed = [tight for tight in spans.values() if tight.earliest > tight.latest]
    return {end for tight in crossed for end in (tight.after or tight.fact, tight.before or tight.fact)}
