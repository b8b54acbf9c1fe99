"""Exports in the background: made, watched, cancelled, taken up again, fetched in pieces, removed; each one logged."""

import io
import zipfile
from datetime import timedelta

import pytest
from django.db import ProgrammingError, connection, transaction

from exports import jobs
from exports.models import ExportJob, ExportLog
from exports.reading import read_sbrtspine
from tests import builders
from tests.exports.conftest import NOW

State = ExportJob.State


def clock():
    return NOW


def finished(job):
    jobs.make(job.pk, clock)
    job.refresh_from_db()
    return job


def test_a_person_asks_watches_and_fetches(ask, people, client):
    client.force_login(people["datamanager"])
    assert client.post("/exports/prepare/", {"choice": "purpose=archive"}).status_code == 302
    job = ExportJob.objects.get()
    assert "progress" in client.get("/exports/jobs/").content.decode()
    assert "hx-trigger" in client.get("/exports/").content.decode()

    finished(job)

    page = client.get("/exports/jobs/").content.decode()
    assert (job.state, "hx-trigger" in page, f"/exports/jobs/{job.pk}/file/" in page) == (State.READY, False, True)
    content = b"".join(client.get(f"/exports/jobs/{job.pk}/file/").streaming_content)
    assert "audit.csv" in zipfile.ZipFile(io.BytesIO(content)).namelist()
    assert (len(content), job.done > 0) == (job.size, True)
    assert [(line.what, line.parameters["purpose"]) for line in ExportLog.objects.order_by("pk")] == [
        ("prepared", "archive"), ("fetched", "archive"),
    ]  # fmt: skip
    assert {line.sha256 for line in ExportLog.objects.all()} == {job.sha256}


def test_a_download_goes_on_where_it_broke_off(ask, people, client):
    job = finished(ask())
    client.force_login(people["datamanager"])
    address = f"/exports/jobs/{job.pk}/file/"

    def part(asked, **more):
        answer = client.get(address, headers={"Range": asked, **more})
        return answer.status_code, answer.headers.get("Content-Range"), b"".join(answer)

    whole = b"".join(client.get(address))
    size = len(whole)
    assert part("bytes=0-999") == (206, f"bytes 0-999/{size}", whole[:1000])
    assert part("bytes=1000-") == (206, f"bytes 1000-{size - 1}/{size}", whole[1000:])
    assert part("bytes=-10") == (206, f"bytes {size - 10}-{size - 1}/{size}", whole[-10:])
    assert part(f"bytes={size}-")[:2] == (416, f"bytes */{size}")
    assert part("bytes=5-", **{"If-Range": '"another"'})[0] == 200
    assert part("lines=1-2")[0] == part("bytes=-")[0] == 200
    assert ExportLog.objects.filter(what="fetched").count() == 7  # each part that was sent


def test_cancelling_one_that_waits(ask, people, client):
    job = ask()
    client.force_login(people["datamanager"])
    client.post(f"/exports/jobs/{job.pk}/cancel/")

    assert finished(job).state == State.CANCELLED


def test_what_the_queue_lost_is_taken_up_by_beat(ask, monkeypatch):
    from exports import tasks

    job = ask()
    queued = []
    monkeypatch.setattr(tasks.prepare, "delay", queued.append)
    monkeypatch.setattr(tasks.timezone, "now", lambda: NOW + timedelta(minutes=1))
    tasks.look_after()

    assert queued == [job.pk]


def test_one_that_cannot_be_made_says_so_and_why(ask, people):
    job = ask()
    builders.leave(people["datamanager"])

    assert finished(job).state == State.FAILED
    assert job.error == "PermissionError"


def test_the_file_is_removed_when_its_time_is_over(ask, people, client, folder):
    job = finished(ask())
    assert jobs.remove_old(NOW + timedelta(days=6)) == 0
    assert jobs.remove_old(NOW + timedelta(days=8)) == 1
    job.refresh_from_db()
    client.force_login(people["datamanager"])

    assert (job.state, list(folder.iterdir())) == (State.EXPIRED, [])
    assert client.get(f"/exports/jobs/{job.pk}/file/").status_code == 404


def test_nobody_fetches_another_persons_or_after_leaving_the_site(ask, people, client):
    job = finished(ask())
    client.force_login(people["pi"])
    assert client.get(f"/exports/jobs/{job.pk}/file/").status_code == 404
    assert client.post(f"/exports/jobs/{job.pk}/cancel/").status_code == 404

    builders.leave(people["datamanager"])
    client.force_login(people["datamanager"])
    assert client.get(f"/exports/jobs/{job.pk}/file/").status_code in (403, 404)


def leaves(person, site):
    person.memberships.filter(site=site).update(ends_at=NOW, starts_at=NOW)
    person.forget_roles()


def test_a_zip_of_two_sites_is_gone_for_who_left_one_of_them(committed, whole_study, ask, people, client, site_b):
    """It still holds the other hospital's participants."""
    job = finished(ask())
    client.force_login(people["datamanager"])
    address = f"/exports/jobs/{job.pk}/file/"
    assert client.get(address).status_code == 200

    leaves(people["datamanager"], site_b)

    assert client.get(address).status_code == 404
    assert ExportLog.objects.filter(what="fetched").count() == 1


def test_a_zip_of_two_sites_is_not_made_for_who_has_left_one_of_them(committed, whole_study, ask, people, site_b):
    job = ask()
    leaves(people["datamanager"], site_b)

    assert (finished(job).state, job.error) == (State.FAILED, "PermissionError")


def test_every_export_is_logged_with_its_parameters_before_it_leaves(login, people, site):
    builders.register(site, people["nurse"])
    browser = login("datamanager")
    browser.get("/exports/surgery.csv?manner=spreadsheet&participants=BLEND-01")
    browser.get("/exports/all.zip?purpose=sharing")
    one, all_of_it = ExportLog.objects.order_by("pk")

    assert (one.what, one.name, one.person_id) == ("file", "surgery.csv", people["datamanager"].pk)
    assert one.parameters["participants"] == ["BLEND-01"]
    assert (one.parameters["spreadsheet"], all_of_it.parameters["deidentified"]) == (True, True)
    page = login("pi").get("/exports/log/").content.decode()
    assert "surgery.csv" in page
    assert "data manager" in page
    assert "purpose: sharing" in page
    assert "participants: BLEND-01" in page


def test_the_log_is_only_added_to(login):
    login("datamanager").get("/exports/surgery.csv")
    for sql in ("UPDATE exports_exportlog SET name = 'x'", "DELETE FROM exports_exportlog"):
        with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)


def test_the_finished_file_is_read_by_its_own_script(ask):
    job = finished(ask())

    assert len(read_sbrtspine.read(jobs.path(job))["surgery"]) == 1
