"""Windows, serious-event clocks and serious events without a case: on top for everybody, cut by no limit."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Person
from accounts.roles import ROLE_PERMISSIONS, Permission, Role
from accounts.services import give_role
from adverse_events.models import AdverseEvent, SeriousEvent
from oversight.models import Alert, Deadline, Finding, Snooze
from oversight.scanning import scan
from oversight.worklist import build, snooze
from procedures.models import Surgery
from records import queries
from tests import builders
from tests.oversight.views.test_pages import irradiated, page

SEERS = [role for role in Role if Permission.SEE in ROLE_PERMISSIONS[role].may]


def rows(text):
    """Heading -> (the number it says, its lines)."""
    parts = re.split(r"<h2[^>]*>", text.partition('id="content"')[2].partition("</main>")[0])[1:]
    headings = {}
    for part in parts:
        name, number = re.match(r"\s*([^<]+?) <small[^>]*>(\d+)", part).groups()
        headings[name] = (int(number), part.count("<tr class="))
    return headings


def overdue(site, people, participants=13, visits=25):
    """Participants with visits long overdue, far more than a page shows."""
    now = timezone.now()
    for number in range(participants):
        participant = builders.register(site, people["nurse"])
        Alert.objects.bulk_create(
            Alert(
                participant=participant,
                kind="visit-overdue",
                subject=f"v{visit}",
                due_at=(due := now - timedelta(days=300 - visit, minutes=number)),
                raised_at=due,
                told_at=due,
                because="the window closed",
            )
            for visit in range(visits)
        )


@pytest.fixture
def anybody(people, site, client):
    """A browser of somebody with one role."""

    def of(role):
        person, new = Person.objects.get_or_create(username=f"only-{role.value}")
        if new:
            give_role(person, role, site)
        client.force_login(person)
        return client

    return of


def test_hundreds_of_overdue_visits_push_no_window_out(anybody, people, site):
    closing = irradiated(site, people, 46)
    scan.scan(timezone.now())
    overdue(site, people)

    for role in SEERS:
        for tail in ("", "?by=participant", "?by=kind", "?all=1"):
            text = anybody(role).get(f"/{tail}").content.decode()
            lane = text.index(f"/participants/{closing.code}/surgery/new/#q-incision_at")
            assert "48-hour window is closing" in text
            assert lane < text.index("A visit is overdue"), (role, tail)


def test_every_window_and_every_clock_is_shown(anybody, people, site):
    windows = [irradiated(site, people, hours) for hours in (3, 40, 47)]
    now = timezone.now()
    for number in range(25):
        participant = builders.register(site, people["nurse"])
        event = builders.record(AdverseEvent, participant, people["nurse"], verbatim=f"event {number}", death="yes")
        builders.record(
            SeriousEvent, participant, people["nurse"], adverse_event=event,
            site_aware_at=now - timedelta(hours=number + 1), exempt="no",
        )  # fmt: skip
    alone = builders.register(site, people["nurse"])
    builders.record(AdverseEvent, alone, people["nurse"], verbatim="Sepsis", life_threatening="yes")
    scan.scan(now)
    overdue(site, people)

    for role in SEERS:
        text = anybody(role).get("/").content.decode()
        lane = text.partition("Safety <small")[2].partition("</table>")[0]
        assert rows(text)["Safety"] == (29, 29), role
        assert all(f">{participant.code}<" in lane for participant in [*windows, alone]), role


def test_no_heap_of_what_is_late_cuts_off_a_window_that_can_still_be_kept(login, people, site):
    closing = irradiated(site, people, 46)
    scan.scan(timezone.now())
    late, due = builders.register(site, people["nurse"]), timezone.now() - timedelta(days=30)
    Deadline.objects.bulk_create(
        Deadline(participant=late, kind=kind, subject=str(number), raise_at=due, due_at=due, met=False, because="24 h")
        for number in range(build.LANE + 5)
        for kind in ("sae-site-report", "sae-site-late")
    )

    text = page(login, "nurse", "/")

    lane = text.partition("Safety <small")[2].partition("</table>")[0]
    assert f"/participants/{closing.code}/surgery/new/#q-incision_at" in lane
    assert rows(text)["Safety"] == (build.LANE + 1, build.LANE + 1)
    assert "There are more lines of safety" in text
    assert "of safety everything" not in text
    assert rows(page(login, "nurse", "/?all=1"))["Safety"] == (build.LANE + 6, build.LANE + 6)


def test_the_number_said_is_that_of_the_lines_that_show_all_shows(anybody, people, site):
    irradiated(site, people, 46)
    scan.scan(timezone.now())
    overdue(site, people)

    for role in SEERS:
        browser = anybody(role)
        first = rows(browser.get("/").content.decode())
        whole = rows(browser.get("/?all=1").content.decode())
        numbers = {name: number for name, (number, _shown) in first.items()}
        assert numbers == {name: number for name, (number, _shown) in whole.items()}, role
        assert all(number == shown for number, shown in whole.values()), role


@pytest.mark.parametrize("who", ["nurse", "pi", "surgeon"])
def test_what_is_only_counted_is_counted_as_what_is_read(people, site, who):
    irradiated(site, people, 46)
    scan.scan(timezone.now())
    overdue(site, people, participants=3)
    for number in range(30):
        participant = builders.register(site, people["nurse"])
        builders.record(AdverseEvent, participant, people["nurse"], verbatim=f"event {number}")
    now = timezone.now()

    whole, first = (build.for_person(people[who], now, drawn=drawn) for drawn in (None, 20))

    def all_of(work):
        return {bucket: [(item.url, item.order, item.tone) for item in items] for bucket, items in work.lines.items()}

    def drawn(work):
        return {bucket: [(item.what, item.why) for item in items[:20]] for bucket, items in work.lines.items()}

    assert (all_of(first), first.more) == (all_of(whole), whole.more)
    assert drawn(first) == drawn(whole)
    assert sum(item.unread for items in first.lines.values() for item in items) > 50
    assert not [item for items in whole.lines.values() for item in items if item.unread]


def test_a_line_that_moves_up_is_shown_with_its_words(login, people, site):
    """Twenty findings that lead to one page are one line; the nineteen after it were to be counted only."""
    now = timezone.now()
    participants = [builders.register(site, people["nurse"]) for _each in range(22)]
    Finding.objects.bulk_create(
        Finding(participant=participants[0], code="stage", subject=str(number), sentence="one of many",
                tail="surgery/1/", since=now - timedelta(days=9))
        for number in range(20)
    )  # fmt: skip
    Finding.objects.bulk_create(
        Finding(participant=participant, code="stage", sentence=f"found {number}", tail="surgery/1/", since=now)
        for number, participant in enumerate(participants[1:])
    )

    text = page(login, "nurse", "/")

    assert text.count("<strong>one of many<") == 1
    assert sum(f"<strong>found {number}<" in text for number in range(21)) == 19


def test_the_foot_says_what_is_shown(login, people, site):
    overdue(site, people)
    text = page(login, "nurse", "/")

    assert "The most urgent lines are shown" not in text
    assert "The most urgent 20 of each list are shown" in text


def test_an_open_window_is_in_the_lane_before_anybody_is_told(login, people, site):
    participant = irradiated(site, people, 2)
    scan.scan(timezone.now())

    lane = page(login, "nurse", "/").partition("Safety <small")[2].partition("</table>")[0]

    assert participant.code in lane
    assert "48-hour window is open" in lane


def test_a_window_is_late_in_the_lane_although_no_scan_has_run_since(people, site):
    irradiated(site, people, 47)
    scan.scan(timezone.now())

    lane = build.for_person(people["nurse"], timezone.now() + timedelta(hours=2)).lines["safety"]

    assert [(item.tone, item.what) for item in lane] == [("late", "48-hour window was missed")]


def test_a_missed_window_leads_to_the_draft_of_its_deviation_once(login, people, site):
    participant = irradiated(site, people, 50)
    scan.scan(timezone.now())

    text = page(login, "nurse", "/")

    assert text.count(f"/participants/{participant.code}/deviation/1/") == 1
    assert participant.code in text.partition("Safety <small")[2].partition("</table>")[0]


def test_a_case_without_a_clock_and_a_case_that_was_voided_are_in_the_lane(login, people, site):
    from records import services

    participant = builders.register(site, people["nurse"])
    event = builders.record(AdverseEvent, participant, people["nurse"], verbatim="Sepsis", life_threatening="yes")
    case = builders.record(SeriousEvent, participant, people["nurse"], adverse_event=event)
    scan.scan(timezone.now())
    lane = page(login, "nurse", "/").partition("Safety <small")[2].partition("</table>")[0]
    assert f"/participants/{participant.code}/serious-event/1/#q-site_aware_at" in lane

    services.void(case, by=people["nurse"], reason="Typed twice", version=case.version)
    lane = page(login, "nurse", "/").partition("Safety <small")[2].partition("</table>")[0]
    assert "Open a serious-event case" in lane


def test_what_was_put_aside_before_hides_no_window(people, site):
    """A snooze of the next form, the surgery, from before the beam."""
    participant = irradiated(site, people, 46)
    now = timezone.now()
    scan.scan(now)
    for tail in ("surgery/new/", "surgery/new/#q-incision_at"):
        Snooze.objects.create(
            person=people["nurse"], url=f"/participants/{participant.code}/{tail}", reason="waits", at=now,
            until=now + timedelta(days=7),
        )  # fmt: skip

    lines = build.for_person(people["nurse"], now).lines
    snooze.split(people["nurse"], lines, now)

    assert [item.code for item in lines["safety"]] == [participant.code]


def test_another_sites_lines_take_no_room(people, site, site_b, client):
    """Roles at two sites: what one may do at either comes first there, whatever the other one is full of."""
    person = people["nurse"]
    give_role(person, Role.STATISTICIAN, site_b)
    for _each in range(build.COUNTED + 5):
        waits = builders.register(site_b, people["nurse_b"])
        Finding.objects.create(participant=waits, code="twin-events", sentence="twins", tail="", since=waits.created_at)
    mine = builders.register(site, person)
    Finding.objects.create(participant=mine, code="transfusion", sentence="units", tail="x/", since=timezone.now())
    person.forget_roles()

    lines = build.for_person(person, timezone.now()).lines

    assert "units" in [item.what for item in lines["today"]]
    assert "twins" not in [item.what for item in lines["today"]]


def test_a_specialists_own_judgements_are_not_behind_those_of_the_other(people, site):
    participant = builders.register(site, people["nurse"])
    for number in range(build.COUNTED + 5):
        builders.record(AdverseEvent, participant, people["nurse"], verbatim=f"judged {number}", related_sbrt="none")
    builders.record(AdverseEvent, participant, people["nurse"], verbatim="the one")

    lines = build.for_person(people["radonc"], timezone.now()).lines

    assert "the one" in [item.why for item in lines["today"]]


def test_an_urgent_query_is_not_behind_old_ones(login, people, site):
    participant, now = builders.register(site, people["nurse"]), timezone.now()
    for number in range(60):
        queries.ask(participant, by=people["datamanager"], text=f"question {number}", now=now, assignee="nurse")
    queries.ask(participant, by=people["datamanager"], text="the beam?", now=now, assignee="nurse", priority="high")

    assert "the beam?" in page(login, "nurse", "/")
    listed = page(login, "datamanager", "/queries/")
    assert listed.index("the beam?") < listed.index("question 0")


def test_a_met_window_leaves_the_lane(login, people, site):
    participant = irradiated(site, people, 40)
    builders.record(
        Surgery, participant, people["nurse"], index="yes", performed="yes",
        incision_at=timezone.now() - timedelta(hours=3),
    )  # fmt: skip
    scan.scan(timezone.now())

    assert "48-hour window" not in page(login, "nurse", "/")
    assert Deadline.objects.get(kind="window-missed").met
