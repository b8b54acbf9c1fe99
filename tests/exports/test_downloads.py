"""What was sent is in the log, and nothing else: every address that gives a file × what a browser may ask of it."""

import pytest
from django.utils import timezone

from exports import jobs, snapshots
from exports.models import ExportJob, ExportLog
from records.audit.read_log import Read
from tests.exports.test_jobs import finished
from tests.test_every_url import GET

NINES = "9" * 5000
# What is asked, and which bytes are sent of a file of 0 to e (its last byte); None: nothing of it is.
RANGES = {
    "bytes=0-": (0, "e"), "bytes=00-": (0, "e"), "bytes=0-0": (0, 0), "bytes=1-": (1, "e"), "bytes=1-1": (1, 1),
    "bytes=-1": ("e", "e"), "bytes=-99999999": (0, "e"), f"bytes=-{NINES}": (0, "e"), f"bytes=0-{NINES}": (0, "e"),
    f"bytes=5-{NINES}": (5, "e"), f"bytes={'0' * 5000}1-": (1, "e"), "bytes=000000-000001": (0, 1),
    "Bytes=2-3": (2, 3), " bytes=2-3 ": (2, 3),
    "bytes=-0": None, f"bytes={NINES}-": None, "bytes=99999999-": None, f"bytes={NINES}-{NINES}": None,
    "x": (0, "e"), "": (0, "e"), "bytes": (0, "e"), "bytes=": (0, "e"), "bytes=-": (0, "e"), "bytes=x-": (0, "e"),
    "1-": (0, "e"), "bytes=5-2": (0, "e"), "bytes=0-1,4-5": (0, "e"), "bytes=0-0,0-0,0-0,0-0": (0, "e"),
    "lines=1-2": (0, "e"), "bytes=+1-": (0, "e"), "bytes=1_0-": (0, "e"), "bytes=٣-": (0, "e"), "bytes=-1-2": (0, "e"),
    "bytes=0x1-": (0, "e"), "bytes=1.5-": (0, "e"),
}  # fmt: skip


@pytest.fixture
def prepared(ask, people, client):
    """A finished export of the data manager, and its address."""
    job = finished(ask())
    client.force_login(people["datamanager"])
    return job, f"/exports/jobs/{job.pk}/file/"


def lines():
    return list(ExportLog.objects.exclude(what="prepared").order_by("pk"))


@pytest.mark.parametrize("asked", list(RANGES), ids=lambda asked: asked[:20] or "nothing")
def test_every_part_that_is_sent_is_in_both_logs(asked, prepared, client):
    job, address = prepared
    whole, end = jobs.path(job).read_bytes(), job.size - 1
    seen = Read.objects.count()

    answer = client.get(address, headers={"Range": asked})
    sent = b"".join(answer) if answer.streaming else answer.content

    if RANGES[asked] is None:
        assert (answer.status_code, answer.headers["Content-Range"], sent) == (416, f"bytes */{job.size}", b"")
        assert (lines(), Read.objects.count()) == ([], seen)
        return
    first, last = (end if place == "e" else place for place in RANGES[asked])
    assert sent == whole[first : last + 1]
    assert int(answer.headers["Content-Length"]) == len(sent)
    assert answer.status_code in (200, 206)
    assert answer.headers.get("Content-Range") == (
        f"bytes {first}-{last}/{job.size}" if answer.status_code == 206 else None
    )
    [line] = lines()
    assert (line.name, line.sha256, line.what) == (jobs.path(job).name, job.sha256, "fetched")
    assert (line.first_byte, line.bytes_sent, line.file_size) == (first, len(sent), job.size)
    assert Read.objects.count() == seen + 1


def test_only_get_asks_for_a_part_and_head_sends_nothing(prepared, client):
    job, address = prepared
    seen = Read.objects.count()
    answer = client.head(address, headers={"Range": "bytes=0-5"})

    assert (answer.status_code, answer.headers["Content-Length"], b"".join(answer)) == (200, str(job.size), b"")
    assert (lines(), Read.objects.count()) == ([], seen)


@pytest.mark.parametrize("tag", ['"another"', "W/{}", "Wed, 25 Nov 2026 09:00:00 GMT", "", "*"])
def test_a_part_of_another_content_is_the_whole_file(tag, prepared, client):
    job, address = prepared
    tag = tag.format(f'"{job.sha256}"')
    assert client.get(address, headers={"Range": "bytes=1-", "If-Range": tag}).status_code == 200
    assert client.get(address, headers={"Range": "bytes=1-", "If-Range": f'"{job.sha256}"'}).status_code == 206

    assert [line.first_byte for line in lines()] == [0, 1]


def test_a_download_in_pieces_is_one_line_a_piece_and_all_of_them_can_be_read(prepared, people, client):
    job, address = prepared
    for place in range(205):
        client.get(address, headers={"Range": f"bytes={place}-{place}"})
    client.force_login(people["pi"])

    page = client.get("/exports/log/")
    older = client.get(f"/exports/log/?before={page.context['lines'][-1].pk}").content.decode()

    assert f"204 to 204 of {job.size}" in page.content.decode()
    assert f"0 to 0 of {job.size}" in older
    assert client.get(f"/exports/log/?before={NINES}").status_code == 200


FILES = [
    "/exports/surgery.csv", "/exports/audit.csv?purpose=archive", "/exports/all.zip", "/snapshots/1.zip",
    "/report/report.html", "/figures/boundary.svg", "/figures/boundary.png", "/figures/boundary.csv",
]  # fmt: skip


@pytest.fixture
def snapshot(records, people):
    return snapshots.take(
        by=people["pi"], name="First look", purpose="statistician", freeze=False, now=timezone.now()
    )  # fmt: skip


@pytest.mark.parametrize("address", FILES)
def test_each_file_that_is_sent_whole_is_in_the_log(address, snapshot, login):
    browser = login("pi")
    for asked in (None, "bytes=1-", "bytes=00-", "bytes=-99999999", "x", f"bytes={NINES}-"):
        before = len(lines())
        answer = browser.get(address, headers={"Range": asked} if asked else {})
        sent = b"".join(answer) if answer.streaming else answer.content
        assert (answer.status_code, len(lines())) == (200, before + 1), asked
        line = lines()[-1]
        assert line.bytes_sent in (None, len(sent))
        assert (line.bytes_sent is None) == answer.streaming
        assert f'filename="{line.name}"' in answer.headers["Content-Disposition"]
    before = len(lines())
    assert browser.head(address).status_code == 200
    assert len(lines()) == before


def test_a_snapshot_is_in_the_log_by_its_sum_and_sites(snapshot, site, login, client):
    login("pi").get("/snapshots/1.zip")
    [line] = lines()

    assert (line.what, line.sha256, line.sites) == ("snapshot", snapshot.sha256, [site.pk])
    assert "First look" in client.get("/exports/log/").content.decode()


def test_no_address_sends_a_file_without_a_line(snapshot, login):
    """Whatever is neither a page nor the state of the system is a file, and says so."""
    browser, sent = login("pi"), set()
    for name, (address, _expected) in GET.items():
        before = len(lines())
        answer = browser.get(address)
        is_page = answer.headers.get("Content-Type", "text/html").startswith(("text/html", "text/plain"))
        is_file = "attachment" in answer.headers.get("Content-Disposition", "")
        assert is_page or is_file or answer.status_code >= 300 or name in ("health", "calendar-feed"), name
        assert len(lines()) - before == is_file, name
        sent |= {name} if is_file else set()

    assert {"export-all", "export-form", "report-html", "report-pdf"} <= sent


def test_where_the_line_cannot_be_written_nothing_is_sent(snapshot, login, monkeypatch):
    def refuse(**_):
        raise RuntimeError("the log is away")

    monkeypatch.setattr(ExportLog.objects, "create", refuse)
    browser = login("pi")
    browser.raise_request_exception = False

    for address in FILES:
        assert browser.get(address).status_code == 500, address


def test_asking_for_a_file_as_a_fragment_hides_no_reading(snapshot, login):
    browser = login("pi")
    for _each in range(2):
        browser.get("/exports/surgery.csv", headers={"HX-Request": "true"})

    assert Read.objects.filter(kind="export").count() == 2


def test_a_part_is_refused_like_the_whole(prepared, people, client):
    """The choice of a job is looked at for every part: not only for the one that begins the file."""
    job, address = prepared
    ExportJob.objects.filter(pk=job.pk).update(choice="snapshot=7")

    assert client.get(address).status_code == client.get(address, headers={"Range": "bytes=1-"}).status_code == 404
    assert lines() == []
