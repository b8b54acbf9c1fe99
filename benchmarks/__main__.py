"""`make bench`: every workload on the tests' own servers, in databases of its own; one table, and the bars that hold.

`python -m benchmarks pages export` runs only these; all of them take a quarter of an hour. Exit 1 where a bar fails.
"""

import os
import sys

from tests import environment  # before Django: it says where the servers are

environment.begin()

from django.conf import settings

settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "import_export", "simple_history", "benchmarks"]

settings.ROOT_URLCONF = "benchmarks.bare_django"

import django

django.setup()

from django.utils import timezone

from benchmarks import (
    export_events,
    pages,
    results,
    save_a_form,
    scan_a_million,
    site_policies,
    study,
)  # after setup, as models are

ALL = ("export", "save", "scan", "pages", "sites")


def main() -> None:
    wanted, now = sys.argv[1:] or ALL, timezone.now()
    load = os.getloadavg()[0]
    _say("the demo study")
    study.small(now)
    measurements: list[results.Result] = []
    if {"pages", "export"} & set(wanted):
        _say("50,000 participants")
        study.copied(study.LARGE, study.SMALL)
        study.multiply(study.LARGE, 50_000)
    if "export" in wanted:
        _say("500,000 adverse events")
        study.copied(study.EVENTS, study.LARGE)
        study.events(study.EVENTS, export_events.EVENTS)
        measurements += export_events.run()
    if "save" in wanted:
        _say("saves")
        measurements += save_a_form.run()
    if "scan" in wanted:
        _say("1,000,000 participants")
        scan_a_million.prepare()
        measurements += scan_a_million.run(now)
    if "pages" in wanted:
        _say("pages")
        measurements += pages.run()
    if "sites" in wanted:
        _say("row-level security")
        study.use(environment.DATABASE)
        with study.built(environment.DATABASE) as (participant, nurse):
            measurements += results.of_pairs(site_policies.run(participant, nurse))
    _tell(measurements, load)


def _say(what: str) -> None:
    print(f"{timezone.now():%H:%M:%S} {what} …", file=sys.stderr, flush=True)


def _tell(measurements: list[results.Result], load: float) -> None:
    print(results.table(measurements))
    failed = [measurement.name for measurement in measurements if not measurement.holds]
    print(f"\n{os.cpu_count()} cores; others kept {load:.1f} of them busy when this began.")
    bars = sum(measurement.most is not None for measurement in measurements)
    print(f"{len(failed)} of {bars} bars do not hold: {'; '.join(failed)}"
          if failed else "Every bar holds.")  # fmt: skip
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
