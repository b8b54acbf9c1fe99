"""A clearly fictional study of thirteen participants, written through the real door, relative to now.

Every story shows one situation a nurse or an investigator must not miss (study.md 8 and 9).
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import product
from typing import Any, TypeVar

from django.utils import timezone

from accounts import delegation
from accounts.models import Person, Site
from accounts.roles import ON_DELEGATION, Role, Task
from accounts.services import give_role
from adverse_events.models import AdverseEvent, AdverseEventGrade, SeriousEvent
from assessments.models import Function, Imaging, Labs, Neurology, OpioidDose, Pain, Quality, SinsLevel, Visit, Wound
from enrollment.models import Baseline, Consent, Death, Eligibility, EndOfStudy, Screening, Therapy
from procedures.models import Sbrt, SbrtFraction, Surgery
from protocol.study import STUDY
from protocol.toxicity import SERIOUSNESS
from records import services
from records.model import fields
from records.model.base import ItemGroupRecord, ParticipantRecord, Record, VisitRecord
from records.models import Participant

Form = TypeVar("Form", bound=ParticipantRecord)

FICTIONAL = "Fictional demo data"
ACCOUNTS: dict[str, tuple[str, str, list[Role]]] = {
    "nurse": ("Noor", "de Vries", [Role.NURSE]),
    "surgeon": ("Sem", "Bakker", [Role.SURGEON]),
    "radonc": ("Ria", "Jansen", [Role.RADIATION_ONCOLOGIST]),
    "pi": ("Pim", "Visser", [Role.PRINCIPAL_INVESTIGATOR]),
    "datamanager": ("Daan", "Smit", [Role.DATA_MANAGER]),
    "monitor": ("Mila", "Mulder", [Role.MONITOR]),
    "admin": ("Anna", "de Boer", [Role.ADMIN]),
    "nurse-b": ("Bea", "Silva", [Role.NURSE]),
}
WHOLE_STUDY = ("pi", "datamanager")  # at both sites: what is about the study as a whole needs the role at every one


def accounts(password: str) -> dict[str, Person]:
    """The demo accounts, at the trial's site; nurse-b at a second one, which sees none of the first."""
    home, _ = Site.objects.get_or_create(code="umcu", defaults={"name": "UMC Utrecht (demo)"})
    other, _ = Site.objects.get_or_create(
        code="second", defaults={"name": "Second site (demo)", "zone": "Europe/Lisbon"}
    )
    people = {}
    for username, (first, last, roles) in ACCOUNTS.items():
        person, _ = Person.objects.get_or_create(
            username=username,
            defaults={"first_name": first, "last_name": last, "email": f"{username}@example.org"},
        )
        if not person.check_password(password):  # a new hash would log everybody out at each start
            person.set_password(password)
            person.save()
        sites = [home, other] if username in WHOLE_STUDY else [other if username == "nurse-b" else home]
        for role, site in product(roles, sites):
            if not person.memberships.filter(site=site, role=role).exists():
                give_role(person, role, site)
        people[username] = person
    _delegated(people, home, other)
    return people


def _delegated(people: dict[str, Person], home: Site, other: Site) -> None:
    """Both sites' delegation logs; at the second one an investigator signs whom nobody can log in as."""
    investigator, created = Person.objects.get_or_create(
        username="pi-b", defaults={"first_name": "Paulo", "last_name": "Costa", "email": "pi-b@example.org"}
    )
    if created:
        investigator.set_unusable_password()
        investigator.save(update_fields=["password"])
        give_role(investigator, Role.PRINCIPAL_INVESTIGATOR, other)
    now = timezone.now()
    since = now - timedelta(days=400)
    for username, person in people.items():
        site, by = (other, investigator) if username == "nurse-b" else (home, people["pi"])
        if set(person.roles) & ON_DELEGATION and not person.delegations.exists():
            trained_on = (since - timedelta(days=14)).date()
            delegation.sign(person, site, list(Task.values), starts_at=since, trained_on=trained_on, by=by, now=now)


def seed(people: dict[str, Person], now: datetime) -> list[str]:
    """Write the thirteen stories; answers the participants' codes."""
    site = Site.objects.get(code="umcu")
    return [Story(people, site, now, number).tell(story).code for number, story in enumerate(STORIES, start=1)]


@dataclass
class Story:
    """One participant's life up to now, told form by form."""

    people: dict[str, Person]
    site: Site
    now: datetime
    number: int

    def __post_init__(self) -> None:
        self.chance = random.Random(self.number)  # noqa: S311 - a demo that is the same each time, no secret
        self.level = "T12"
        self.kps, self.ecog = self.chance.choice([(60, "2"), (70, "1"), (80, "1"), (90, "0")])
        self.sins = {
            "location": "3",
            "pain": "3",
            "bone_lesion": "2",
            "alignment": self.chance.choice(["0", "2"]),
            "collapse": self.chance.choice(["1", "2"]),
            "posterolateral": self.chance.choice(["0", "1"]),
        }
        code = f"BLEND-{self.number:02}"
        self.participant = Participant(code=code, site=self.site)
        services.write(self.participant, by=self.people["nurse"], reason=FICTIONAL, version=0, now=self.now)

    def tell(self, story: Callable[["Story"], None]) -> Participant:
        story(self)
        return self.participant

    def local(self, moment: datetime) -> datetime:
        """On the site's clocks, to the minute."""
        return moment.astimezone(self.site.tz).replace(second=0, microsecond=0)

    @property
    def today(self) -> date:
        return self.local(self.now).date()

    def form(
        self,
        model: type[Form],
        by: str = "nurse",
        *,
        rows: Sequence[ItemGroupRecord] = (),
        complete: bool = True,
        **answers: Any,
    ) -> Form:
        """One form: what the story says, and something plausible for every other required question."""
        visit = answers.pop("visit", None)
        record = model(participant=self.participant)
        if visit and isinstance(record, VisitRecord):
            record.visit = visit
        record.fill(**answers)
        self._complete(record)
        for row in rows:
            self._complete(row)
        return services.write(
            record,
            by=self.people[by],
            reason=FICTIONAL,
            version=0,
            complete=complete,
            rows=rows,
            now=self.now,
        )

    def _complete(self, record: Record) -> None:
        for _round in range(3):  # an answer may open a dependent question
            for field in record.unanswered():
                value = self._plausible(field)
                if value is None:
                    record.missing[field.name] = "UNK"
                else:
                    record.fill(**{field.name: value})

    def _plausible(self, field: fields.CrfField) -> Any:
        if isinstance(field, fields.YesNo):
            return "no"
        if isinstance(field, fields.Choice):
            return self.chance.choice([code for code, _label in field.flatchoices])
        if isinstance(field, fields.Integer | fields.Decimal):
            low, high = field.warn_range or (field.min_value, field.max_value)
            if low is None or high is None:
                return None
            number = float(low) + self.chance.random() * (float(high) - float(low)) * 0.6
            places = getattr(field, "decimal_places", 0) or 0
            return int(number) if isinstance(field, fields.Integer) else round(Decimal(number), places)
        return None

    # The forms of an ordinary course -------------------------------------------------------------------

    def screened(self, on: date, **answers: Any) -> None:
        defaults = {
            "screened_on": on,
            "birth_year": on.year - self.chance.randint(48, 74),
            "sex": self.chance.choice(["female", "male"]),
            "index_levels": [self.level],
            "outcome": "eligible",
        }
        self.form(Screening, **{**defaults, **answers})

    def consented(self, at: datetime) -> None:
        self.form(
            Consent,
            given="yes",
            consented_at=self.local(at),
            form_version="demo 1.0",
            information_on=(self.local(at) - timedelta(days=2)).date(),
            copy_given="yes",
            withdrawn="no",
        )

    def eligible(self, on: date, **answers: Any) -> None:
        defaults = {
            "assessed_on": on,
            "painful": "yes",
            "worst_pain": self.chance.randint(5, 9),
            "solid_tumour": "yes",
            "pain_where": ["index"],
            "pain_mechanical": "yes",
            "levels": [self.level],
            "surgery_needed": "yes",
            "radiosensitive": "yes",
            "sins_total": sum(int(points) for points in self.sins.values()),
            "histology": "yes",
            "histology_on": f"{on.year - 1}-0{self.chance.randint(1, 9)}",
            "histology_site": "primary",
            "imaging": ["mri", "ct"],
            "imaging_on": on - timedelta(days=5),
            "kps": self.kps,
            "age": self.chance.randint(48, 74),
            "bridged_upper": "T11",
            "bridged_lower": "L1",
            "consent": "yes",
            "earlier_surgery": "no",
            "earlier_radiotherapy": "no",
            "bilsky": self.chance.choice(["0", "1a", "1b", "1c"]),
            "ais": "E",
            "prior_deficit": "no",
            "can_lie_flat": "yes",
            "ambulation": "independent",
            "hospice": "no",
            "life_expectancy": ">12",
            "operable": "yes",
            "refuses_surgery": "no",
        }
        self.form(Eligibility, by="surgeon", **{**defaults, **answers})

    def described(self, on: date) -> None:
        """Baseline, as most of these patients are: in pain, on opioids, walking."""
        self.form(
            Baseline,
            assessed_on=on,
            primary_tumour=self.chance.choice(["breast", "prostate", "lung", "kidney"]),
            histology="adenocarcinoma (fictional)",
            metastases=["bone"],
            spinal_metastases=self.chance.randint(1, 4),
            systemic_therapy="no",
            grade_pain=3,
            grade_weakness=0,
            grade_sensory=0,
            grade_constipation=self.chance.choice([0, 1]),
            grade_nausea=0,
            grade_urinary_retention=0,
            grade_fatigue=self.chance.choice([0, 1]),
        )
        row = SinsLevel().fill(level=self.level, **self.sins)
        self.form(
            Imaging, "surgeon", rows=[row], visit="scr", imaged_on=on - timedelta(days=5), modalities=["mri", "ct"],
            bilsky=self.chance.choice(["0", "1a", "1b"]),
        )  # fmt: skip
        self.worst, self.dose = self.chance.randint(6, 9), self.chance.choice([20, 40, 60])
        self.measured("scr", on - timedelta(days=5))
        self.visited("bas", on)
        self.measured("bas", on)

    def measured(self, visit: str, on: date, *, better: float = 0.0) -> None:
        """What a visit measures; `better` (0 to 1) is how much of pain and opioids has gone."""
        worst = round(self.worst * (1 - better))
        forms = STUDY.visit(visit).forms
        if "pain" in forms:
            self._in_pain(visit, on, worst, better)
        if "neurology" in forms:
            self.form(Neurology, visit=visit, assessed_on=on, ais="E", prior_deficit="no")
        self._examined(visit, on)
        if "quality" in forms:
            self._asked(visit, on, better)

    def _in_pain(self, visit: str, on: date, worst: int, better: float) -> None:
        rows = [OpioidDose().fill(drug="oxycodone_po_mg", dose=Decimal(round(self.dose * (1 - better / 2))))]
        self.form(
            Pain, rows=rows, visit=visit, assessed_on=on, informant="patient", takes_opioids="yes", worst_pain=worst,
            least_pain=max(worst - 4, 0), average_pain=max(worst - 2, 0), pain_now=max(worst - 3, 0),
        )  # fmt: skip

    def _examined(self, visit: str, on: date) -> None:
        forms = STUDY.visit(visit).forms
        if "function" in forms:
            answers: dict[str, Any] = {"kps": self.kps, "ecog": self.ecog, "ambulation": "independent"}
            self.form(Function, visit=visit, assessed_on=on, **answers)
        if "wound" in forms:
            self.form(
                Wound, visit=visit, assessed_on=on, seen="yes", by_whom="nurse", closed_dry="yes", discharge="none",
                redness="no", ssi_class="none", treatment=["none"],
            )  # fmt: skip
        if "labs" in forms:
            hb = Decimal(self.chance.choice(["6.8", "7.4", "7.9", "8.3"]))
            values: dict[str, Any] = {
                "platelets": Decimal(240),
                "white_cells": Decimal("7.1"),
                "creatinine": Decimal(78),
            }
            self.form(Labs, visit=visit, sampled_at=on, hb=hb, hb_unit="mmol/l", creatinine_upper_limit=110, **values)

    def _asked(self, visit: str, on: date, better: float) -> None:
        levels = ("mobility", "self_care", "usual_activities", "pain_discomfort", "anxiety_depression")
        answers: dict[str, Any] = {name: max(1, self.chance.choice([2, 3, 4]) - round(2 * better)) for name in levels}
        self.form(
            Quality, visit=visit, completed_on=on, mode="paper", informant="patient", language="nl", eq5d_done="yes",
            eq5d_version="5L", vas=self.chance.randint(40, 80), c15_done="no", bm22_done="no", sosgoq_done="no",
            **answers,
        )  # fmt: skip

    def irradiated(self, ended: datetime, **answers: Any) -> None:
        ended = self.local(ended)
        fraction = SbrtFraction().fill(
            beam_on_at=self.local(ended - timedelta(minutes=35)),
            beam_off_at=ended,
            dose_gy=Decimal("18.0"),
            time_source="machine",
        )
        defaults = {
            "levels": [self.level],
            "planned_fractions": 1,
            "delivered_fractions": 1,
            "prescription_metastasis_gy": Decimal("18.0"),
            "prescription_vertebra_gy": Decimal("8.0"),
            "delivery": "completed",
            "interrupted": "no",
        }
        self.form(Sbrt, by="radonc", rows=[fraction], **{**defaults, **answers})
        self.visited("sbrt", ended.date(), mode="ward")
        self.measured("sbrt", ended.date())

    def operated(self, incision: datetime, **answers: Any) -> None:
        incision = self.local(incision)
        minutes = self.chance.randint(75, 240)
        defaults = {
            "index": "yes",
            "performed": "yes",
            "completed": "yes",
            "incision_at": incision,
            "closed_at": self.local(incision + timedelta(minutes=minutes)),
            "admission_on": incision.date() - timedelta(days=2),
            "upper_level": "T11",
            "lower_level": "L1",
            "blood_loss_ml": self.chance.choice([80, 100, 150, 250, 400]),
        }
        operation = {**defaults, **answers}
        self.form(Surgery, by="surgeon", **operation)
        if operation["index"] == "yes":
            self.visited("surg", incision.date(), mode="ward")
            self.measured("surg", incision.date())

    def visited(self, visit: str, on: date, **answers: Any) -> None:
        self.form(
            Visit,
            visit=visit,
            **{
                "done": "yes",
                "visited_on": on,
                "mode": "clinic",
                "informant": "patient",
                "any_adverse_event": "no",
                **answers,
            },
        )

    def event(self, grades: list[tuple[int, str]], by: str = "nurse", **answers: Any) -> AdverseEvent:
        rows = [AdverseEventGrade().fill(grade=grade, from_on=since) for grade, since in grades]
        defaults = {
            "onset_on": grades[0][1],
            "ongoing": "yes",
            "at_baseline": "no",
            "onset_order": "after-surgery",
            "outcome": "recovering",
            **dict.fromkeys(SERIOUSNESS, "no"),
        }
        return self.form(AdverseEvent, by=by, rows=rows, **{**defaults, **answers})

    def course(self, incision: datetime, hours: float = 20, visits: int = 99, **surgery: Any) -> date:
        """Screening to the visits that have been, for an operation `hours` after the last beam."""
        beam_off = incision.astimezone(UTC) - timedelta(hours=hours)  # elapsed hours, also over a clock change
        start = self.local(beam_off).date()
        self.screened(start - timedelta(days=9))
        self.consented(beam_off - timedelta(days=3, hours=4))
        self.eligible(start - timedelta(days=3))
        self.described(start)
        self.irradiated(beam_off)
        self.operated(incision, **surgery)
        operated = self.local(incision).date()
        for visit, day in list(VISIT_DAYS.items())[:visits]:
            if operated + timedelta(days=day) <= self.today:
                on = operated + timedelta(days=day)
                self.visited(visit, on)
                self.measured(visit, on, better=min(day / 40, 0.7))
        return operated


VISIT_DAYS = {"d1": 1, "d2": 2, "d3": 3, "disch": 5, "w2": 14, "w4": 28, "w6": 42, "d60": 62, "d90": 90}


def _at(story: Story, days_ago: int, clock: time = time(9, 30)) -> datetime:
    return datetime.combine(story.today - timedelta(days=days_ago), clock, story.site.tz)


def _day(operated: date, day: int) -> str:
    return (operated + timedelta(days=day)).isoformat()


def completed(story: Story) -> None:
    """Everything done, nothing happened."""
    operated = story.course(_at(story, 125), hours=22.5)
    story.form(
        EndOfStudy,
        outcome="completed",
        ended_on=operated + timedelta(days=92),
        last_seen_on=operated + timedelta(days=92),
    )


def over_the_clock_change(story: Story) -> None:
    """47.9 elapsed hours over the last clock change: in the window, whatever the wall clock says."""
    day = story.today
    offset = _at(story, 0, time(12)).utcoffset()
    while datetime.combine(day, time(12), story.site.tz).utcoffset() == offset:
        day -= timedelta(days=1)
    incision = datetime.combine(day + timedelta(days=2), time(15, 0), story.site.tz)
    story.course(incision, hours=47.9)


def grade_three(story: Story) -> None:
    """A wound infection with antibiotics by drip on day 12, and a second operation for it."""
    operated = story.course(_at(story, 75), hours=18)
    event = story.event(
        [(2, _day(operated, 10)), (3, _day(operated, 12))],
        verbatim="Wound red and leaking, antibiotics by drip",
        ctcae_code="10048038",
        hospitalisation="yes",
        ongoing="no",
        ended_on=_day(operated, 31),
        outcome="recovered",
        admitted_on=operated + timedelta(days=12),
        learned_on=operated + timedelta(days=12),
    )
    for username, judged in (
        ("radonc", {"related_sbrt": "possible"}),
        ("surgeon", {"related_surgery": "probable", "related_combination": "possible"}),
    ):
        event.refresh_from_db()
        event.fill(**judged)
        services.write(
            event, by=story.people[username], reason="Relatedness judged", version=event.version, now=story.now
        )
    aware = story.local(datetime.combine(operated + timedelta(days=12), time(16, 20), story.site.tz))
    story.form(
        SeriousEvent,
        adverse_event=event,
        kind="other",
        site_aware_at=aware,
        sponsor_aware_at=aware + timedelta(hours=2),
        site_reported_at=aware + timedelta(hours=3),
        authority_reported_on=operated + timedelta(days=20),
        exempt="no",
    )
    again = datetime.combine(operated + timedelta(days=13), time(11, 15), story.site.tz)
    story.operated(again, index="no", at_index_level="no", blood_loss_ml=100)


def died(story: Story) -> None:
    """Died of the cancer on day 20, without an event: not evaluable, and nothing more is expected."""
    operated = story.course(_at(story, 55), hours=26, visits=5)
    died_on = operated + timedelta(days=20)
    story.form(
        Death,
        died_on=died_on.isoformat(),
        learned_on=died_on + timedelta(days=1),
        told_by="gp",
        cause="progression",
        related_sbrt="none",
        related_surgery="none",
    )
    story.form(EndOfStudy, outcome="died", ended_on=died_on, last_seen_on=operated + timedelta(days=14))


def partial_date(story: Story) -> None:
    """Of a grade 3 event only the month is known, and it lies across the end of the window."""
    operated = story.course(_at(story, 95), hours=12)
    month = (operated + timedelta(days=60)).strftime("%Y-%m")
    story.event(
        [(3, month)],
        by="surgeon",
        verbatim="Pneumonia treated by the GP's locum, letter without a date",
        ctcae_code="10061229",
        related_surgery="possible",
        learned_on=operated + timedelta(days=92),
    )


def late(story: Story) -> None:
    """Theatre was full: operated 50 hours and a half after the last beam."""
    story.course(_at(story, 33), hours=50.5)
    story.form(
        Therapy, kind="hormonal", name="hormone therapy (fictional)", started_on="2024", ongoing="yes",
        radiosensitising="no",
    )  # fmt: skip


def cancelled(story: Story) -> None:
    """Irradiated, then too ill for surgery."""
    beam_off = _at(story, 30, time(11))
    story.screened(story.today - timedelta(days=36))
    story.consented(beam_off - timedelta(days=2))
    story.eligible(story.today - timedelta(days=33))
    story.described(story.today - timedelta(days=33))
    story.irradiated(beam_off)
    story.form(Surgery, by="surgeon", index="yes", performed="no", cancelled_reason="instability")


def screen_failure(story: Story) -> None:
    """A new MRI shows cord compression."""
    story.screened(story.today - timedelta(days=20), outcome="failed", failure_reason="E3")
    story.eligible(story.today - timedelta(days=18), bilsky="2")
    story.form(EndOfStudy, outcome="screen-failure", ended_on=story.today - timedelta(days=18))


def day_60_due(story: Story) -> None:
    """The day-60 visit is due now."""
    story.course(_at(story, 63), hours=30, visits=7)


def day_60_overdue(story: Story) -> None:
    """The day-60 visit was forgotten."""
    story.course(_at(story, 79), hours=21, visits=7)


def in_the_window(story: Story) -> None:
    """Irradiated 20 hours ago; surgery is awaited."""
    _awaiting_surgery(story, 20)


def closing_window(story: Story) -> None:
    """Irradiated 41 hours ago: seven hours left."""
    _awaiting_surgery(story, 41)


def _awaiting_surgery(story: Story, hours: float) -> None:
    beam_off = story.now - timedelta(hours=hours)
    story.screened(story.today - timedelta(days=8))
    story.consented(beam_off - timedelta(days=1, hours=3))
    story.eligible(story.today - timedelta(days=4))
    story.described(story.today - timedelta(days=4))
    story.irradiated(beam_off)


def in_screening(story: Story) -> None:
    """Screened and informed this week, consented this morning."""
    story.screened(story.today - timedelta(days=3), outcome="pending")
    story.consented(story.now - timedelta(hours=1))


STORIES: list[Callable[[Story], None]] = [
    completed,
    over_the_clock_change,
    grade_three,
    died,
    partial_date,
    late,
    cancelled,
    screen_failure,
    day_60_due,
    day_60_overdue,
    in_the_window,
    closing_window,
    in_screening,
]
