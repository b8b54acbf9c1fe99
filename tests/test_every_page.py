"""Whatever stands in the records, every page of it can be read by everybody who may read it.

Every page × one record of every form × every state × every role is read by `make test-long`; `make test` reads of it
what has every two of the four together, a third of the records at their own address, and each list as two people.
"""

from itertools import combinations, product

import pytest

from records.entry.target import FormTarget
from records.model import registry
from tests import builders, population
from tests.sizes import LONG
from tests.test_every_url import GET, ROLES

READERS = [role for role in ROLES if role not in ("anonymous", "nurse_b")]
OF_A_PARTICIPANT = [
    "", "endpoint/", "endpoint/sign/", "sign/", "locks/", "redactions/", "changes/", "?as_of=2016-06-02",
]  # fmt: skip
OF_A_RECORD = ["", "history/", "as-of/?at=2016-06-02", "query/", "sign/"]
SIZES = {"form": len(registry.forms()), "state": len(population.STATES), "role": len(READERS)}
HEAVY = ("report", "figure", "progress", "outcomes", "export-all", "exports", "calendar")
LISTS = {
    name: address
    for name, (address, _expected) in GET.items()
    if "BLEND" not in address and not name.startswith(("log", "second-factor", "people", "password"))
}


def read(browser, address):
    """An answer, whole; an exception of the page is its answer too."""
    try:
        answer = browser.get(address)
        return answer.status_code, b"".join(answer.streaming_content) if answer.streaming else answer.content
    except Exception as error:
        return 500, repr(error).encode()


def broken(browser, addresses):
    """Address -> what it answered, where that is an error of ours."""
    answers = {address: read(browser, address) for address in addresses}
    return {address: text[:300] for address, (status, text) in answers.items() if status >= 500}


def turns(pages, *, form, state, role):
    """Those of these pages that are read of this form in this state by this role, all of them numbered."""
    if LONG:
        return pages
    turn = form + 3 * state + form // len(pages)  # the last, else as many roles as pages meet half of them
    return [pages[turn % len(pages)]] if (form + state) % len(READERS) == role else []


@pytest.mark.parametrize("pages", [OF_A_RECORD, OF_A_PARTICIPANT], ids=["of a record", "of a participant"])
def test_what_is_read_has_every_two_of_form_state_role_and_page_together(pages):
    axes = {**{name: range(size) for name, size in SIZES.items()}, "page": pages}
    wanted = {((one, a), (two, b)) for one, two in combinations(axes, 2) for a, b in product(axes[one], axes[two])}

    for numbers in product(*(range(size) for size in SIZES.values())):
        where = dict(zip(SIZES, numbers, strict=True))
        for page in turns(pages, **where):
            wanted -= set(combinations({**where, "page": page}.items(), 2))

    assert wanted == set()


def at(record):
    return FormTarget(record.participant, type(record), record, getattr(record, "visit", None))


@pytest.mark.parametrize("state", population.STATES)
def test_every_page_of_every_record_in_a_state_is_read_by_every_role(state, people, nurse_two, site, client):
    participant = builders.register(site, people["nurse"])
    records = population.everything(participant, state, people)
    home, now = f"/participants/{participant.code}/", population.STATES.index(state)
    wrong = {}
    for role, reader in enumerate(READERS):
        client.force_login(people[reader])
        own = OF_A_PARTICIPANT[1:]
        pages = [home, *(home + tail for tail in (own if LONG else [own[(role + 3 * now) % len(own)]]))]
        for form, record in enumerate(records):
            pages += [at(record).url(tail) for tail in turns(OF_A_RECORD, form=form, state=now, role=role)]
        wrong |= {(reader, address): text for address, text in broken(client, pages).items()}

    assert wrong == {}


@pytest.mark.parametrize("state", population.STATES)
def test_every_page_of_who_has_one_record_and_no_other_is_read_by_every_role(state, people, nurse_two, site, client):
    now, wrong = population.STATES.index(state), {}
    for form, record in enumerate(population.only(site, state, people)):
        home = f"/participants/{record.participant.code}/"
        for role, reader in enumerate(READERS):
            pages = [home + tail for tail in turns(OF_A_PARTICIPANT, form=form, state=now, role=role)]
            pages += [at(record).url(tail) for tail in OF_A_RECORD] if LONG else []
            if pages:
                client.force_login(people[reader])
            wrong |= {(reader, record.slug, address): text for address, text in broken(client, pages).items()}

    assert wrong == {}


@pytest.mark.parametrize("state", population.STATES)
def test_the_own_page_of_a_record_shows_it(state, people, site, client):
    participant = builders.register(site, people["nurse"])
    client.force_login(people["nurse"])
    hidden, records = [], population.everything(participant, state, people)
    for record in records if LONG else records[population.STATES.index(state) % 3 :: 3]:
        status, text = read(client, at(record).url())
        if status != 200 or str(record._meta.verbose_name) not in text.decode():
            hidden.append(record.slug)

    assert hidden == []


def test_what_knows_one_answer_and_no_other_breaks_no_page(people, nurse_two, site, client, monkeypatch):
    monkeypatch.setattr("oversight.health.check", lambda now: {"status": "ok"})
    participants = list(population.alone(site, people))
    wrong = {}
    for turn, participant in enumerate(participants):
        client.force_login(people[READERS[turn % len(READERS)]])
        home = f"/participants/{participant.code}/"
        wrong |= broken(client, [home, home + ("endpoint/", "changes/", "sign/")[turn % 3]])
    for turn, role in enumerate(sorted(READERS, key="pi".__eq__)):
        client.force_login(people[role])
        light = [address for name, address in LISTS.items() if not name.startswith(HEAVY)]
        others = light if LONG else light[turn :: len(READERS) - 1]
        pages = LISTS.values() if role == "pi" else others
        wrong |= {(role, address): text for address, text in broken(client, pages).items()}

    assert wrong == {}
