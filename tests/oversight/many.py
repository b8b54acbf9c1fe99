"""A trial of any size in a few statements: five hundred participants through the real tables, past the write door."""

import random
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

from django.db import transaction

from adverse_events.models import AdverseEvent, AdverseEventGrade, SeriousEvent
from assessments.models import Neurology, OpioidDose, Pain, Quality, Visit, Wound
from enrollment.models import Consent, Death, Eligibility, EndOfStudy, Screening
from procedures.models import Sbrt, SbrtFraction, Surgery
from records.audit.context import audit_context
from records.models import Participant
from tests.oversight import many_answers

TERMS = ["10048038", "10016558", "10013963", "10061229"]
WORDS = ["none", "unlikely", "possible", "probable", None]


def trial(site, by, size, now, seed=1):
    """So many participants, treated over the months before `now`, with everything that a figure reads."""
    chance = random.Random(seed)  # noqa: S311 - the same trial each time, no secret
    rows: dict[type, list] = {}

    def add(record, **answers):
        number = answers.pop("number", 1)
        visit, status = answers.pop("visit", None), answers.pop("status", "complete")
        record.fill(**answers)
        record.version, record.status, record.number = 1, status, number
        if visit:
            record.visit = visit
        record.created_at = record.updated_at = now
        record.completed_at = now if status == "complete" else None
        record.created_by = record.updated_by = by
        rows.setdefault(type(record), []).append(record)
        return record

    with transaction.atomic(), audit_context(by, "Fictional trial"):
        people = [
            Participant(code=f"BLEND-{number:02}", site=site, version=1, created_at=now, created_by=by,
                        updated_at=now, updated_by=by)
            for number in range(1, size + 1)
        ]  # fmt: skip
        Participant.objects.bulk_create(people)
        for participant in people:
            _life(participant, chance, add, now)
        parents = (Sbrt, AdverseEvent, Pain)
        for model in sorted(rows, key=lambda model: model not in parents):
            for record in rows[model]:
                if field := "adverse_event" if model is SeriousEvent else getattr(record, "parent_field", ""):
                    setattr(record, field, getattr(record, field))  # its key is known only now
            model.objects.bulk_create(rows[model])
        many_answers.asked(people, chance, by, now)
        many_answers.compared((Eligibility, Sbrt, SbrtFraction, Surgery, Visit), chance, by, now)
    return people


def _life(participant, chance, add, now):
    zone = participant.site.tz
    start = (now - timedelta(days=chance.randint(1, 700))).astimezone(zone)
    day = start.date()
    failed = chance.random() < 0.1
    add(Screening(participant=participant), screened_on=day - timedelta(days=9), outcome="failed" if failed else
        "eligible", failure_reason="E3" if failed else None, **many_answers.screening(chance))  # fmt: skip
    if failed:
        return
    add(Eligibility(participant=participant), assessed_on=day - timedelta(days=4), **many_answers.eligibility(chance))
    many_answers.history(participant, chance, add)
    add(Consent(participant=participant), given="yes", consented_at=start - timedelta(days=3), withdrawn="no")
    off = start.replace(second=0, microsecond=0)
    sbrt = add(Sbrt(participant=participant), **many_answers.plan(chance))
    add(SbrtFraction(participant=participant, sbrt=sbrt), beam_on_at=off - timedelta(minutes=35), beam_off_at=off)
    _measured(participant, chance, add, "bas", day - timedelta(days=2))
    knife = (off.astimezone(UTC) + timedelta(minutes=chance.randint(600, 3100))).astimezone(zone)
    if chance.random() < 0.08 or knife > now:
        return
    closed = (knife.astimezone(UTC) + timedelta(minutes=chance.randint(60, 240))).astimezone(zone)
    exact = chance.random() > 0.05
    add(Surgery(participant=participant), index="yes", performed="yes", incision_at=knife if exact else knife.date(),
        closed_at=closed if exact else None, blood_loss_ml=chance.choice([50, 100, 400, None]),
        **many_answers.operation(chance, knife.date()))  # fmt: skip
    many_answers.happened(participant, chance, add, knife.date())
    _afterwards(participant, chance, add, now, knife.date())


def _afterwards(participant, chance, add, now, operated):
    died = chance.choice([None] * 5 + [chance.randint(3, 120)])
    for code, after in (("w2", 14), ("w4", 28), ("w6", 42), ("d60", 62), ("d90", 88)):
        on = operated + timedelta(days=after)
        if on > now.date() or chance.random() < 0.12 or (died and after > died):
            continue
        add(Visit(participant=participant), visit=code, done="yes", visited_on=on)
        _measured(participant, chance, add, code, on)
        ssi = chance.choice(["none"] * 20 + ["deep", "superficial", "organ-space"])
        add(Wound(participant=participant), visit=code, assessed_on=on, seen="yes",
            closed_dry=chance.choice(["yes", "yes", "no", None]), ssi_class=ssi)  # fmt: skip
    if died and operated + timedelta(days=died) <= now.date():
        on = operated + timedelta(days=died)
        died_on = on.isoformat() if chance.random() > 0.2 else f"{on:%Y-%m}"
        add(Death(participant=participant), died_on=died_on, learned_on=on + timedelta(days=31), cause="progression",
            related_sbrt=chance.choice(WORDS), related_surgery=chance.choice(WORDS))  # fmt: skip
        add(EndOfStudy(participant=participant), outcome="died", ended_on=on)
    for number in range(1, chance.randint(0, 3) + 1):
        _event(participant, chance, add, operated, number)


def _event(participant, chance, add, operated, number):
    began = operated + timedelta(days=chance.randint(-5, 95))
    onset = began.isoformat() if chance.random() > 0.15 else f"{began:%Y-%m}"
    baseline = chance.choice(["no", "no", "yes"])
    serious = chance.random() < 0.3
    event = add(
        AdverseEvent(participant=participant), number=number, verbatim="Fictional", onset_on=onset,
        ctcae_code=chance.choice(TERMS), at_baseline=baseline,
        baseline_grade=chance.randint(0, 3) if baseline == "yes" else None, onset_order="after-surgery",
        related_sbrt=chance.choice(WORDS), related_surgery=chance.choice(WORDS), related_combination="none",
        hospitalisation="yes" if serious else "no", ongoing=chance.choice(["yes", "no"]), outcome="recovering",
    )  # fmt: skip
    event.clean()
    if serious:
        aware = datetime.combine(began, time(chance.randint(0, 23), 30), participant.site.tz)
        many_answers.case(participant, chance, add, event, aware)
    for grade in sorted(chance.sample(range(1, 6), chance.randint(0, 2))):
        add(AdverseEventGrade(participant=participant, adverse_event=event), grade=grade, from_on=onset)
        onset = (began + timedelta(days=chance.randint(1, 20))).isoformat()


def _measured(participant, chance, add, visit, on):
    opioids = chance.choice(["yes", "yes", "no"])
    pain = add(Pain(participant=participant), visit=visit, assessed_on=on, takes_opioids=opioids,
               worst_pain=chance.choice([*range(11), None]))  # fmt: skip
    if opioids == "yes":
        drug = chance.choice(["oxycodone_po_mg", "morphine_po_mg", "other"])
        add(OpioidDose(participant=participant, pain=pain), drug=drug, dose=Decimal(chance.choice([20, 40, 60])))
    add(
        Neurology(participant=participant),
        visit=visit,
        status=chance.choice(["complete", "draft"]),
        assessed_on=on,
        ais=chance.choice("EEEEEEDDCBA"),
    )
    levels = ("mobility", "self_care", "usual_activities", "pain_discomfort", "anxiety_depression")
    add(Quality(participant=participant), visit=visit, completed_on=on, eq5d_done=chance.choice(["yes", "no"]),
        eq5d_version="5L", **{name: chance.choice([1, 2, 3, 4, 5]) for name in levels})  # fmt: skip
