"""What five hundred participants answer beside the course of their treatment: what the tables of the report read."""

from datetime import UTC, timedelta
from decimal import Decimal

from adverse_events.models import SeriousEvent
from enrollment.models import Baseline, Deviation, Therapy
from procedures.models import Stay, Surgery, TechniqueChange
from records.models import Query, QueryMessage
from records.workflow.source_verification import Verification, answers, digest_of, to_compare

DOSES = {"prescription_metastasis_gy": (14, 20), "prescription_vertebra_gy": (6, 9), "coverage_v95_pct": (70, 99),
         "dmax_gy": (17, 25), "cord_dmax_gy": (5, 14), "cauda_dmax_gy": (4, 16), "oesophagus_dmax_gy": (2, 15),
         "surgical_area_mean_gy": (2, 6)}  # fmt: skip
CRITERIA = ("painful", "solid_tumour", "surgery_needed", "histology", "consent", "can_lie_flat", "operable")
AGAINST = ("earlier_surgery", "earlier_radiotherapy", "hospice", "refuses_surgery")


def screening(chance):
    return {
        "sex": chance.choice(["female", "male", None]),
        "index_levels": chance.choice([["T12"], ["L1", "L2"], None]),
    }


def eligibility(chance):
    """Eligible, not, or with one question open."""
    values = dict.fromkeys(CRITERIA, "yes") | dict.fromkeys(AGAINST, "no")
    values |= {
        "levels": ["T12"], "imaging": ["mri"], "kps": chance.choice([50, 60, 70, 90]), "age": chance.randint(30, 85),
        "bridged_upper": "T11", "bridged_lower": chance.choice(["L1", "L2"]), "bilsky": chance.choice(["0", "1c"]),
        "ais": "E", "ambulation": "aid", "life_expectancy": "3-6", "sins_total": chance.randint(7, 15),
        "asa": chance.choice(["II", "III", None]),
    }  # fmt: skip
    if chance.random() < 0.2:
        values[chance.choice(sorted(values))] = None
    return values


def plan(chance):
    doses = {name: Decimal(chance.randint(10 * low, 10 * high)) / 10 for name, (low, high) in DOSES.items()}
    delivery = chance.choice(["completed"] * 15 + ["partial"])
    return doses | {"delivered_fractions": chance.choice([1, 1, 2, None]), "delivery": delivery}


def operation(chance, on):
    return {
        "approach": chance.choice(["open", "percutaneous"]), "upper_level": "T11", "lower_level": "L2",
        "screws": chance.randint(4, 12), "cement": chance.choice(["yes", "no", None]), "decompression": "laminectomy",
        "red_cells_during_units": chance.choice([0, 1, 2, None]), "red_cells_after_units": chance.randint(0, 3),
        "mobilised_on": on + timedelta(days=chance.randint(1, 4)), "admission_on": on - timedelta(days=1),
        "discharge_on": chance.choice([None, on + timedelta(days=chance.randint(3, 30))]),
    }  # fmt: skip


def history(participant, chance, add):
    tumour, others = chance.choice(["breast", "lung", None]), chance.choice([["none"], ["visceral", "bone"]])
    add(Baseline(participant=participant), primary_tumour=tumour, metastases=others,
        systemic_therapy=chance.choice(["yes", "no"]))  # fmt: skip


def happened(participant, chance, add, on):
    """A deviation, a change of technique, a readmission, another treatment of the same vertebra: of some."""
    if chance.random() < 0.2:
        add(Deviation(participant=participant), kind=chance.choice(["levels", "fractions"]), occurred_on=f"{on:%Y-%m}",
            classification=chance.choice(["minor", "major", None]), cause="other", description="Fictional")  # fmt: skip
    if chance.random() < 0.1:
        add(TechniqueChange(participant=participant), changed_on=on, area="implant", what="Fictional", why="Fictional",
            kept=chance.choice(["yes", "no", None]))  # fmt: skip
    if chance.random() < 0.1:
        add(Stay(participant=participant), kind="readmission", admitted_on=on + timedelta(days=chance.randint(5, 60)))
    if chance.random() < 0.1:
        add(Surgery(participant=participant), number=2, index="no", performed="yes", at_index_level="yes",
            incision_at=on + timedelta(days=chance.randint(5, 60)))  # fmt: skip
    if chance.random() < 0.1:
        add(Therapy(participant=participant), kind="radiotherapy", at_index_level="yes", name="Fictional",
            started_on=f"{on + timedelta(days=chance.randint(-30, 60)):%Y-%m}")  # fmt: skip


def case(participant, chance, add, event, aware):
    """The case of a serious event, whose clocks stand as chance has it."""
    zone, hours = participant.site.tz, chance.choice([None, 1, 23, 24, 25, 90])
    reported_at = aware.astimezone(UTC) + timedelta(hours=hours or 0)
    days = chance.choice([None, 3, 7, 8, 15, 16])
    exact, done_exact = chance.random() > 0.2, chance.random() > 0.2
    add(
        SeriousEvent(participant=participant, adverse_event=event), number=event.number,
        kind=chance.choice(["fatal", "life-threatening", "other", None]), exempt=chance.choice(["no"] * 9 + ["yes"]),
        site_aware_at=aware if exact else aware.date(),
        site_reported_at=None if hours is None else reported_at if done_exact else reported_at.astimezone(zone).date(),
        sponsor_aware_at=chance.choice([aware, aware.date(), None]),
        authority_reported_on=aware.date() + timedelta(days=days) if days else None,
    )  # fmt: skip


def asked(people, chance, by, now):
    """Queries of every age and state, of some of them."""
    states = [Query.State.OPEN, Query.State.ANSWERED, Query.State.CLOSED]
    queries = [
        Query(participant=participant, number=1, sentence="Fictional", raised_by=by, moved_at=now,
              raised_at=now - timedelta(days=chance.randint(0, 60), minutes=5), state=chance.choice(states),
              priority=chance.choice(["normal", "high"]))
        for participant in chance.sample(people, min(120, len(people)))
    ]  # fmt: skip
    Query.objects.bulk_create(queries)
    QueryMessage.objects.bulk_create(
        QueryMessage(query=query, participant=query.participant, act="raised", text="Fictional", at=query.raised_at,
                     by=by) for query in queries
    )  # fmt: skip


def compared(models, chance, by, now):
    """Of some records of these forms every answer, as the database holds it; of others one."""
    verifications = []
    for model in models:
        keys = sorted(model.objects.values_list("pk", flat=True))
        for record in model.objects.filter(pk__in=chance.sample(keys, min(50, len(keys)))).order_by("pk"):
            names, contents = to_compare(record), answers(record)
            verifications += [
                Verification(participant_id=record.participant_id, table=model._meta.db_table, record_id=record.pk,
                             field=name, digest=digest_of(contents[name]), verified_at=now, verified_by=by,
                             lost_at=chance.choice([None] * 9 + [now]))
                for name in (names if chance.random() < 0.6 else names[:1])
            ]  # fmt: skip
    Verification.objects.bulk_create(verifications)
