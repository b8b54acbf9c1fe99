"""`make mutants`: break the code in hundreds of small ways, and print what share of the breaks the tests notice.

First, where that is not known yet, a run of the tests with coverage says which test runs which line, and how long it
takes; what was written since is found again by the name of its function. Then the guards (tests.mutants.guards) and a
seeded sample of mutants are judged by some processes side by side, each with servers of its own: every mutant in a
fork, by the tests that run its line, the nearest and quickest first, until one fails. What survives is printed, with
the word that docs/mutants.md has for it. Exit 1 where a guard survives, or more of the sample than the floor allows.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.environment import ROOT
from tests.mutants import drawing, survivors
from tests.mutants.guards import GUARDS
from tests.mutants.measuring import Measured

FOLDER = ROOT / ".local" / "mutants"
KILLED = ("killed", "timed out")
Job = dict[str, Any]
Verdict = dict[str, Any]


def main() -> int:
    asked = _arguments()
    FOLDER.mkdir(parents=True, exist_ok=True)
    measured = Measured(FOLDER, asked.processes, asked.tests)
    if asked.size and (asked.measure or not measured.times.exists()):
        measured.measure()
    failed = 0 if asked.sample_alone else _guards(asked)
    return max(failed, _sample(asked, measured) if asked.size else 0)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__.split("\n")[0])
    parser.add_argument("--size", type=int, default=320, help="mutants in the sample; 0: only the guards")
    parser.add_argument("--seed", default="blend", help="another word draws another sample")
    parser.add_argument("--packages", nargs="+", default=list(drawing.PACKAGES), choices=drawing.PACKAGES)
    parser.add_argument("--tests", nargs="+", default=["tests"], help="that judge: folders or files")
    parser.add_argument("--sample-alone", action="store_true", help="without the guards")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seconds", type=float, default=45, help="of tests for one mutant, at the most")
    parser.add_argument("--floor", type=float, default=85, help="per cent that must be killed")
    parser.add_argument("--measure", action="store_true", help="run the tests with coverage again (10 minutes)")
    parser.add_argument("--again", action="store_true", help="judge mutants anew that were judged before")
    return parser.parse_args()


def _guards(asked: argparse.Namespace) -> int:
    """The breaks made by hand; each must be noticed by its own test."""
    jobs = [
        {
            "key": guard.key,
            "path": guard.path,
            "source": guard.source,
            "sql": guard.sql,
            "tests": [guard.test],
            "seconds": 120,
        }
        for guard in GUARDS
    ]
    verdicts = _judged("guards", jobs, asked, again=True)
    alive = [guard for guard in GUARDS if verdicts[guard.key]["verdict"] not in KILLED]
    for guard in alive:
        print(f"SURVIVED  {guard.name}: {guard.path}, {guard.test} ({verdicts[guard.key]['verdict']})")
    print(f"guards: {len(GUARDS) - len(alive)} of {len(GUARDS)} killed")
    return 1 if alive else 0


def _sample(asked: argparse.Namespace, measured: Measured) -> int:
    every = {name: [m for path in drawing.files(name) for m in drawing.mutants(path)] for name in asked.packages}
    total = sum(len(mutants) for mutants in every.values())
    drawn = {
        name: drawing.draw(of_package, max(1, round(asked.size * len(of_package) / total)), asked.seed)
        for name, of_package in every.items()
    }
    mutants = [mutant for of_package in drawn.values() for mutant in of_package]
    jobs = []
    for mutant in mutants:
        tests, seconds = measured.tests_of(mutant, asked.seconds)
        jobs.append(
            {"key": mutant.key, "path": mutant.path, "source": mutant.source, "tests": tests, "seconds": seconds}
        )
    verdicts = _judged("sample", jobs, asked, again=asked.again)
    return _report(drawn, {name: len(of_package) for name, of_package in every.items()}, verdicts, asked)


def _judged(name: str, jobs: list[Job], asked: argparse.Namespace, *, again: bool) -> dict[str, Verdict]:
    """Key -> what became of it. What was killed before is dead; what survived is judged anew by other tests alone."""
    results = FOLDER / name
    if again:
        shutil.rmtree(results, ignore_errors=True)
    results.mkdir(exist_ok=True)
    for job in jobs:
        before = _read(results / job["key"])
        if before["verdict"] not in KILLED and before.get("tests") != job["tests"]:
            (results / job["key"]).unlink(missing_ok=True)
    _run([job for job in jobs if job["tests"] and not (results / job["key"]).exists()], results, asked.processes)
    return {job["key"]: _read(results / job["key"]) for job in jobs}


def _read(file: Path) -> Verdict:
    """A mutant whose line no test runs has survived."""
    text = file.read_text() if file.exists() else ""
    return json.loads(text) if text else {"verdict": "survived", "by": "", "seconds": 0}


def _run(jobs: list[Job], results: Path, processes: int) -> None:
    """Let some processes take the jobs one by one; each is a pytest with servers of its own."""
    if not jobs:
        return
    file = results.with_suffix(".jobs")
    file.write_text("\n".join(json.dumps(job) for job in jobs))
    tests = sorted({name for job in jobs for name in job["tests"]})
    files = sorted({name.partition("::")[0] for name in tests})
    judging = []
    for number in range(min(processes, len(jobs))):
        environment = {
            **os.environ, "SBRTSPINE_STATE": str(FOLDER / f"state{number}"), "SBRTSPINE_MUTANTS_JOBS": str(file),
            "SBRTSPINE_MUTANTS_RESULTS": str(results), "SBRTSPINE_MUTANTS_LOG": str(FOLDER / f"forks{number}.log"),
        }  # fmt: skip
        command = [sys.executable, "-m", "pytest", "-q", "-s", "-p", "no:cacheprovider", "-p", "tests.mutants.running"]
        judging.append(
            subprocess.Popen(
                [*command, *files], cwd=ROOT, env=environment, stdout=(FOLDER / f"judge{number}.log").open("w")
            )
        )
    if any([process.wait() for process in judging]):
        sys.exit(f"The tests could not be begun: {FOLDER}/judge0.log says why.")


def _report(
    drawn: dict[str, list[drawing.Mutant]],
    sizes: dict[str, int],
    verdicts: dict[str, Verdict],
    asked: argparse.Namespace,
) -> int:
    words = survivors.words()
    for mutants in drawn.values():
        for mutant in mutants:
            if verdicts[mutant.key]["verdict"] not in (*KILLED, "unfit"):
                word = words.get(mutant.key, "NEW: write a test, or a word in docs/mutants.md")
                print(f"{mutant.key}  {mutant.path}:{mutant.first} {mutant.function}\n    {mutant.words}\n    {word}")
    total = killed = 0
    for name, mutants in drawn.items():
        judged = [verdicts[mutant.key]["verdict"] for mutant in mutants if verdicts[mutant.key]["verdict"] != "unfit"]
        dead = sum(verdict in KILLED for verdict in judged)
        total, killed = total + len(judged), killed + dead
        print(
            f"{name:12} {dead:4} of {len(judged):4} killed  {_percent(dead, len(judged))}  (drawn from {sizes[name]})"
        )
    print(f"{'together':12} {killed:4} of {total:4} killed  {_percent(killed, total)}  seed {asked.seed}")
    return 1 if total and 100 * killed < asked.floor * total else 0


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "–"


if __name__ == "__main__":
    sys.exit(main())
