"""Whatever stands in the records, every page of it can be read by everybody who may read it."""

import pytest

from records.places import Place
from tests import builders, population
from tests.test_every_url import GET, ROLES

READERS = [role for role in ROLES if role not in ("anonymous", "nurse_b")]
OF_A_PARTICIPANT = [
    "", "endpoint/", "endpoint/sign/", "sign/", "locks/", "redactions/", "changes/", "?as_of=2016-06-02",
]  # fmt: skip
OF_A_RECORD = ["", "history/", "as-of/?at=2016-06-02", "query/", "sign/"]
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


@pytest.mark.parametrize("state", population.STATES)
def test_every_page_of_every_record_in_a_state_is_read_by_every_role(state, people, site, client):
    participant = builders.register(site, people["nurse"])
    made = population.everything(participant, state, people)
    home = f"/participants/{participant.code}/"
    places = [Place(participant, type(record), record, getattr(record, "visit", None)) for record in made]
    wrong = {}
    for turn, role in enumerate(READERS):
        client.force_login(people[role])
        pages = [home + tail for tail in OF_A_PARTICIPANT]
        for number, place in enumerate(places):  # over all states, every role has read every page of every form
            shift = turn + number + population.STATES.index(state)
            pages += [place.url(OF_A_RECORD[shift // 2 % len(OF_A_RECORD)])] * (shift % 2)
        wrong |= {(role, address): text for address, text in broken(client, pages).items()}

    assert wrong == {}


@pytest.mark.parametrize("state", population.STATES)
def test_the_own_page_of_a_record_shows_it(state, people, site, client):
    participant = builders.register(site, people["nurse"])
    client.force_login(people["nurse"])
    hidden = []
    for record in population.everything(participant, state, people):
        status, text = read(client, Place(participant, type(record), record, getattr(record, "visit", None)).url())
        if status != 200 or str(record._meta.verbose_name) not in text.decode():
            hidden.append(record.slug)

    assert hidden == []


def test_what_knows_one_answer_and_no_other_breaks_no_page(people, site, client, monkeypatch):
    monkeypatch.setattr("oversight.health.check", lambda now: {"status": "ok"})
    participants = list(population.alone(site, people))
    wrong = {}
    for turn, participant in enumerate(participants):
        client.force_login(people[READERS[turn % len(READERS)]])
        home = f"/participants/{participant.code}/"
        wrong |= broken(client, [home, home + ("endpoint/", "changes/", "sign/")[turn % 3]])
    for role in READERS:
        client.force_login(people[role])
        pages = [address for name, address in LISTS.items() if role == "pi" or not name.startswith(HEAVY)]
        wrong |= {(role, address): text for address, text in broken(client, pages).items()}

    assert wrong == {}
