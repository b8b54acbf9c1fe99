"""What does not fit together in one casebook: pointed out to a person, gone when the data no longer say it.

Nothing is refused here. A rule that cannot be judged says nothing rather than that all is well.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from accounts import site_scope
from accounts.roles import Role
from adverse_events.models import AdverseEvent
from adverse_events.reconciliation import reconcile
from assessments.models import Function, Imaging, Labs, Neurology, Pain, Quality, Visit, Wound
from enrollment.models import Consent, EndOfStudy
from oversight.casebook import facts
from oversight.casebook.book import Casebook
from oversight.checks import deviations
from oversight.endpoint import stopping_boundary
from procedures.surgery import TRANSFUSION_ASKED_FROM
from protocol.facts import local_day
from protocol.study import STUDY
from protocol.window import treatment_window
from records.model.base import Record

LETTER_AWAITED = timedelta(days=14)
LAB_NEAR = timedelta(days=7)
SERIOUS_FROM = 4


@dataclass(frozen=True)
class CheckResult:
    """One thing to look at: the rule, which record it is about, the sentence, and where below the casebook it is."""

    code: str
    subject: str
    sentence: str
    path: str
    values: str = ""  # what it rests on, where the sentence does not say all of it

    @property
    def rests_on(self) -> str:
        """Once a person accepted these, it is not asked again for as long as they stay."""
        return self.values or self.sentence


def _event(event: AdverseEvent, field: str) -> str:
    return f"adverse-event/{event.number}/#q-{field}"


def window(book: Casebook, now: datetime) -> Iterator[CheckResult]:
    """Surgery before SBRT is most likely a slip of the pen; a missing time leaves the window open."""
    treatment = facts.treatment(book)
    judged = treatment_window(treatment, now)
    if treatment.sbrt_end is None and treatment.sbrt_start is not None:
        sentence = _("SBRT has begun and its last beam off is not recorded: the 48 hours cannot be watched.")
        yield CheckResult("no-beam-off", "", sentence, "sbrt/#rows-fractions")
    elif treatment.sbrt_end is not None and not isinstance(treatment.sbrt_end, datetime):
        sentence = _("The time of last beam off is missing: the 48 hours are watched from the start of that day.")
        yield CheckResult("no-beam-off", "", sentence, "sbrt/#rows-fractions")
    operation = book.index_operation
    path = f"surgery/{operation.number}/#q-incision_at" if operation else "sbrt/"
    if judged.verdict == "reversed":
        times = f"{treatment.sbrt_end} {treatment.incision}"
        yield CheckResult(
            "reversed", "", _("Knife to skin is earlier than the end of SBRT. Check both times."), path, times
        )
    elif judged.verdict == "undetermined":
        yield CheckResult("window-unknown", "", _("The 48 hours cannot be judged: %s.") % judged.because, path)


def deaths(book: Casebook, now: datetime) -> Iterator[CheckResult]:
    """A fatal event, the death and the end of study are one story."""
    death, end = book.death, book.end_of_study
    fatal = [event for event in book.adverse_events if event.death == "yes" or event.outcome == "fatal"]
    for event in fatal:
        if death is None:
            sentence = _("Event %(number)s is fatal, and no death is recorded.") % {"number": event.number}
            yield CheckResult("fatal-without-death", str(event.number), sentence, "death/")
        elif event.ended_on and death.died_on and str(event.ended_on) != str(death.died_on):
            params = {"number": event.number, "end": event.ended_on, "death": death.died_on}
            sentence = _("Event %(number)s is fatal and ended on %(end)s, but the death is dated %(death)s.") % params
            yield CheckResult("fatal-other-date", str(event.number), sentence, _event(event, "ended_on"))
    if death is not None and death.cause == "adverse-event" and not fatal:
        sentence = _("The death is ascribed to an adverse event, and none is recorded as fatal.")
        yield CheckResult("death-without-event", "", sentence, "adverse-event/")
    if end is not None and end.outcome == "died" and death is None:
        yield CheckResult("end-without-death", "", _("The study ended by death, and no death is recorded."), "death/")


def events(book: Casebook, now: datetime) -> Iterator[CheckResult]:
    """Each adverse event against consent, seriousness, its like, and day 60."""
    consent = book.consent
    consented = consent.consented_at_date if consent else None
    reviewed = book.visits["d60"].visit
    all_events = book.adverse_events
    for event in all_events:
        number = {"number": event.number, "title": event.title}
        if consented and event.onset_on and event.onset_on.latest < consented:
            sentence = _("Event %(number)s (%(title)s) began before consent: that is medical history.") % number
            dates = f"{event.onset_on} {consented}"
            yield CheckResult("before-consent", str(event.number), sentence, _event(event, "onset_on"), dates)
        worst = max((row.grade or 0 for row in book.grades_of(event)), default=0)
        if worst >= SERIOUS_FROM and not event.is_serious:
            sentence = _("Event %(number)s (%(title)s) has grade 4 or more and is not serious. Is that right?") % number
            grade = f"{event.ctcae_code} {worst}"
            yield CheckResult(
                "severe-not-serious", str(event.number), sentence, _event(event, "life_threatening"), grade
            )
        twin = next((other for other in all_events if other.number < event.number and _twins(other, event)), None)
        if twin is not None:
            params = {**number, "other": twin.number}
            sentence = _("Events %(other)s and %(number)s are both %(title)s, and their dates overlap.") % params
            dates = " ".join(f"{either.onset_on}–{either.ended_on}" for either in (twin, event))
            yield CheckResult("twin-events", str(event.number), sentence, _event(event, "ctcae_code"), dates)
        if reviewed is not None and reviewed.done == "yes" and _not_reviewed(event, reviewed):
            sentence = _("Event %(number)s (%(title)s) was ongoing: review it at day 60.") % number
            yield CheckResult("review-day-60", str(event.number), sentence, _event(event, "ongoing"))


def _not_reviewed(event: AdverseEvent, visit: Visit) -> bool:
    """Ongoing, and not looked at since the visit was entered."""
    return event.ongoing == "yes" and max(event.created_at, event.updated_at) < visit.created_at


def _twins(one: AdverseEvent, other: AdverseEvent) -> bool:
    return bool(one.ctcae_code) and one.ctcae_code == other.ctcae_code and one.overlaps(other)


def unfounded(book: Casebook, now: datetime) -> Iterator[CheckResult]:
    """A rule drafted a deviation, a person worked on it, and the records no longer bear it out."""
    for record in deviations.unfounded(book, now):
        params = {"number": record.number, "what": record.get_kind_display()}
        sentence = _("Deviation %(number)s (%(what)s): the records no longer say so. Correct it, or say why it stays.")
        path = f"deviation/{record.number}/#q-description"
        yield CheckResult(
            "deviation-unfounded", str(record.number), sentence % params, path, str(record.rule_values)[:600]
        )


def said_yes(book: Casebook, now: datetime) -> Iterator[CheckResult]:
    """“Any adverse event?” was answered yes, and nothing was entered."""
    if book.adverse_events:
        return
    for visit in book.every(Visit):
        if visit.any_adverse_event == "yes":
            sentence = _("At a visit there was an adverse event, and none is recorded.")
            yield CheckResult("event-not-entered", visit.visit, sentence, "adverse-event/new/")


def transfusions(book: Casebook, now: datetime) -> Iterator[CheckResult]:
    """Two units or more: the protocol's rule is asked before anything is graded."""
    for operation in book.operations:
        units = (operation.red_cells_during_units or 0) + (operation.red_cells_after_units or 0)
        if units >= TRANSFUSION_ASKED_FROM and operation.transfusion_beyond_protocol is None:
            sentence = _("%(units)s units of red cells: was that more than the protocol allows for?") % {"units": units}
            path = f"surgery/{operation.number}/#q-transfusion_beyond_protocol"
            yield CheckResult("transfusion", str(operation.number), sentence, path)


def levels(book: Casebook, now: datetime) -> Iterator[CheckResult]:
    """What was irradiated was screened."""
    screening, sbrt = book.screening, book.sbrt
    if screening is None or sbrt is None or not screening.index_levels:
        return
    if extra := set(sbrt.levels or []) - set(screening.index_levels):
        sentence = _("Irradiated, but not an index level at screening: %s.") % ", ".join(sorted(extra))
        yield CheckResult("levels-not-screened", "", sentence, "sbrt/#q-levels")


def performance(book: Casebook, now: datetime) -> Iterator[CheckResult]:
    """Karnofsky at baseline is worse than the one eligibility rests on: the investigator decides."""
    eligibility, baseline = book.eligibility, book.visits["bas"].function
    at_eligibility, at_baseline = eligibility.kps if eligibility else None, baseline.kps if baseline else None
    if at_eligibility is not None and at_baseline is not None and at_baseline < at_eligibility:
        params = {"then": at_eligibility, "now": at_baseline}
        sentence = _("Karnofsky was %(then)s at eligibility and %(now)s at baseline: check eligibility again.") % params
        yield CheckResult("karnofsky-fell", "", sentence, "eligibility/#q-kps")


def letters(book: Casebook, now: datetime) -> Iterator[CheckResult]:
    """A letter from elsewhere that does not come."""
    today = now.astimezone(book.participant.site.tz).date()
    for care in book.outside_care:
        asked = care.source_requested_on
        if asked and not care.source_received_on and today - asked > LETTER_AWAITED:
            sentence = _("The letter asked for on %(on)s has not come: %(what)s.") % {"on": asked, "what": care.title}
            yield CheckResult("letter-awaited", str(care.number), sentence, f"outside-care/{care.number}/")


def laboratory(book: Casebook, now: datetime) -> Iterator[CheckResult]:
    """A value of grade 3 or more after SBRT, without an event of that term about then."""
    irradiated = local_day(facts.treatment(book).sbrt_start, book.participant.site.zone)
    for sample in book.every(Labs):
        on = sample.sampled_at_date
        if on is None or irradiated is None or on < irradiated:
            continue
        for name, suggested in sample.suggestions().items():
            if suggested.grade >= 3 and not _recorded(book, suggested.code, on):
                params = {"on": on, "because": suggested.because, "grade": suggested.grade}
                sentence = _("Blood of %(on)s: %(because)s, which would be grade %(grade)s; no event says so.") % params
                yield CheckResult("lab-grade", f"{sample.visit}-{name}", sentence, f"{sample.visit}/labs/")


def _recorded(book: Casebook, code: str, on: date) -> bool:
    known = (event.span() for event in book.adverse_events if event.ctcae_code == code)
    return any(first - LAB_NEAR <= on <= last for first, last in known)


def adjudication(book: Casebook, now: datetime) -> Iterator[CheckResult]:
    """The specialists lie on both sides of the border: somebody decides."""
    for event in book.adverse_events:
        for treatment in event.undecided():
            sentence = _("The specialists disagree on event %(number)s (%(title)s): decide.") % {
                "number": event.number,
                "title": event.title,
            }
            subject, opinions = f"{event.number}-{treatment}", " ".join(map(str, event.opinions(treatment)))
            yield CheckResult("adjudicate", subject, sentence, _event(event, f"decided_{treatment}"), opinions)


def reports(book: Casebook, now: datetime) -> Iterator[CheckResult]:
    """A serious event as it was reported and the event as it stands say the same."""
    events_by_pk: dict[int | None, AdverseEvent] = {event.pk: event for event in book.adverse_events}
    for case in book.serious_events:
        event = events_by_pk.get(case.adverse_event_id)
        if event is None or not case.is_complete:
            continue
        for index, line in enumerate(reconcile(case, event, book.grades_of(event), book.reports_of(case))):
            if not line.agrees:
                params = {"case": case.number, "what": line.what, "said": line.reported or "–", "now": line.now or "–"}
                sentence = _("Case %(case)s, “%(what)s”: reported %(said)s, and the event now says %(now)s.") % params
                yield CheckResult("not-reconciled", f"{case.number}-{index}", sentence, f"serious-event/{case.number}/")


def withdrawn(book: Casebook, now: datetime) -> Iterator[CheckResult]:
    """After consent to the use of data was withdrawn nothing new is entered."""
    consent = book.consent
    if consent is None or not consent.withdrawn_on or "data-use" not in (consent.withdrawn_what or []):
        return
    late = [
        record
        for model in (Visit, Pain, Function, Neurology, Quality, Wound, Labs, Imaging)
        for record in book.every(model)
        if (on := _happened(record)) and on > consent.withdrawn_on
    ]
    if late:
        sentence = _("Data of after the withdrawal of %(on)s are entered.") % {"on": consent.withdrawn_on}
        which = " ".join(f"{record.slug}-{record.pk}" for record in late)
        yield CheckResult("after-withdrawal", "", sentence, "consent/#q-withdrawn_what", which)


def enrolled_beyond(book: Casebook, now: datetime) -> Iterator[CheckResult]:
    """As many as planned are enrolled: who replaces whom is the sponsor's decision, so it is said, not refused."""
    consent = book.consent
    if consent is None or consent.given != "yes" or book.sbrt:
        return
    before = Consent.objects.filter(given="yes", voided_at__isnull=True, participant__pk__lt=book.participant.pk)
    over = EndOfStudy.objects.filter(
        participant=OuterRef("participant"), voided_at__isnull=True, outcome="screen-failure"
    )
    with site_scope.all_sites():  # the cap is the trial's
        enrolled = before.exclude(Exists(over)).count()
        treated = stopping_boundary.treated() if enrolled >= STUDY.participants else 0
    if enrolled >= STUDY.participants:
        params = {"enrolled": enrolled, "treated": treated, "planned": STUDY.participants}
        sentence = _(
            "%(enrolled)s are enrolled already and %(treated)s of %(planned)s operated: ask the sponsor first."
        )
        yield CheckResult("enrolled-beyond", "", sentence % params, "consent/")


def _happened(record: Record) -> date | None:
    names = ("visited_on", "assessed_on", "completed_on", "imaged_on", "sampled_at_date")
    return next((on for name in names if (on := getattr(record, name, None))), None)


@dataclass(frozen=True)
class Rule:
    """A rule over a whole casebook: its function, whose docstring says what it is for, and the codes that it raises.

    One that is not `on` raises nothing; the page of checks shows what it would raise.
    """

    find: Callable[[Casebook, datetime], Iterator[CheckResult]]
    codes: tuple[str, ...]
    on: bool = True
    to: Role = Role.NURSE  # who is asked
    urgent: bool = False

    @property
    def name(self) -> str:
        return self.find.__name__


RULES: list[Rule] = [
    Rule(window, ("no-beam-off", "reversed", "window-unknown"), urgent=True),
    Rule(deaths, ("fatal-without-death", "fatal-other-date", "death-without-event", "end-without-death")),
    Rule(events, ("before-consent", "severe-not-serious", "twin-events", "review-day-60")),
    Rule(unfounded, ("deviation-unfounded",)),
    Rule(said_yes, ("event-not-entered",)),
    Rule(transfusions, ("transfusion",)),
    Rule(levels, ("levels-not-screened",)),
    Rule(performance, ("karnofsky-fell",), to=Role.PRINCIPAL_INVESTIGATOR),
    Rule(letters, ("letter-awaited",)),
    Rule(laboratory, ("lab-grade",)),
    Rule(adjudication, ("adjudicate",), to=Role.PRINCIPAL_INVESTIGATOR, urgent=True),
    Rule(reports, ("not-reconciled",)),
    Rule(withdrawn, ("after-withdrawal",)),
    Rule(enrolled_beyond, ("enrolled-beyond",), to=Role.PRINCIPAL_INVESTIGATOR),
]
