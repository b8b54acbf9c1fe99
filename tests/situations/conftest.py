"""One participant whose treatment a test tells in a line or two; times are Dutch."""

from datetime import date, timedelta

import pytest

from adverse_events.models import AdverseEvent, AdverseEventGrade
from enrollment.models import Consent, Eligibility, Screening
from oversight.casebook import facts, loading, status
from oversight.checks import rule_queries
from oversight.endpoint import history
from oversight.models import EndpointVerdict
from oversight.scanning import scan
from procedures.models import Sbrt, SbrtFraction, Surgery
from records.models import Participant
from tests import builders
from tests.builders import amsterdam

OPERATED = date(2016, 1, 12)


class Story:
    """What the tests say to the system, and ask of it."""

    def __init__(self, people, site):
        self.people, self.site = people, site
        self.participant = builders.register(site, people["nurse"])

    def record(self, model, by="nurse", **answers):
        return builders.record(model, self.participant, self.people[by], **answers)

    def change(self, record, by="nurse", **answers):
        return builders.change(record, self.people[by], **answers)

    def consented(self, at="2016-01-08 10:00"):
        self.record(Screening, outcome="eligible", index_levels=["T12"])
        return self.record(Consent, given="yes", consented_at=amsterdam(at))

    def irradiated(self, *ends, **answers):
        """One session for each end, of 35 minutes."""
        ends = ends or ("2016-01-11 15:00",)
        rows = [
            SbrtFraction().fill(beam_on_at=end - timedelta(minutes=35), beam_off_at=end, dose_gy=18 / len(ends))
            for end in (amsterdam(end) for end in ends)
        ]
        defaults = {
            "delivery": "completed", "planned_fractions": 1, "levels": ["T12"],
            "prescription_metastasis_gy": 18, "prescription_vertebra_gy": 8,
        }  # fmt: skip
        return self.record(Sbrt, rows=rows, **{**defaults, **answers})

    def operated(self, at="2016-01-12 09:00", **answers):
        when = amsterdam(at) if isinstance(at, str) else at
        return self.record(Surgery, **{"index": "yes", "performed": "yes", "incision_at": when, **answers})

    def treated(self):
        self.consented()
        self.irradiated()
        return self.operated()

    def event(self, *grades, related="possible", **answers):
        rows = [AdverseEventGrade().fill(grade=grade, from_on=since) for grade, since in grades]
        defaults = {
            "verbatim": "Wound infection", "ctcae_code": "10048038", "at_baseline": "no", "ongoing": "yes",
            "related_sbrt": "none", "related_surgery": related, "related_combination": "none",
        }  # fmt: skip
        return self.record(AdverseEvent, rows=rows, **{**defaults, **answers})

    def eligible(self, **answers):
        return self.record(Eligibility, **answers)

    @property
    def book(self):
        participant = Participant.objects.select_related("site").get(pk=self.participant.pk)
        return loading.load([participant])[participant.pk]

    def window(self, now="2016-06-01 12:00"):
        return status.participant_status(self.book, amsterdam(now)).window

    def endpoint(self, variant=history.PRIMARY):
        return next(endpoint for reading, endpoint in history.judged(self.book) if reading.code == variant)

    def findings(self, now="2016-06-01 12:00"):
        return {result.code for result in rule_queries.judge(self.book, amsterdam(now)).results}

    def scan(self, now="2016-06-01 12:00"):
        return scan.scan(amsterdam(now))

    def kept(self):
        verdicts = EndpointVerdict.objects.filter(participant=self.participant, variant=history.PRIMARY)
        return list(verdicts.order_by("pk"))

    def facts(self):
        return facts.follow_up(self.book)


@pytest.fixture
def story(people, site):
    return Story(people, site)
