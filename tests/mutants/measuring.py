"""Which test runs which line, and how long it takes: one run with coverage, kept."""

import ast
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from coverage import CoverageData

from tests.environment import ROOT
from tests.mutants import drawing

LEFT_OUT = ("browser", "stack", "mutants", "sbrtspine/test_[!g]*")  # other processes run the code there
_OPTIONS = """\
[run]
source =
    protocol
    accounts
    exports
    oversight
    records
omit = */migrations/*
data_file = {data}
"""


class Measured:
    """The last such run."""

    def __init__(self, folder: Path, processes: int, tests: list[str]) -> None:
        self.folder, self.processes, self.tests = folder, processes, tests
        self.data, self.times, self.code = folder / "coverage", folder / "times.json", folder / "code"

    def measure(self) -> None:
        """Run the tests with coverage, and keep the code that they ran."""
        print("Measuring which test runs which line …", flush=True)
        for old in self.folder.glob("coverage*"):
            old.unlink()
        shutil.rmtree(self.code, ignore_errors=True)
        for path in [file for package in drawing.PACKAGES for file in drawing.files(package)]:
            copy = self.code / path.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
        options = self.folder / "coveragerc"
        options.write_text(_OPTIONS.format(data=self.data))
        left_out = [f"--ignore-glob={ROOT}/tests/{place}" for place in LEFT_OUT]
        command = [
            sys.executable, "-m", "pytest", "-q", "-n", str(self.processes), "--dist", "loadfile",
            "-p", "no:cacheprovider", "-p", "tests.mutants.timing", "--cov", f"--cov-config={options}",
            "--cov-context=test", "--cov-report=", *left_out, *self.tests,
        ]  # fmt: skip
        environment = {
            **os.environ, "SBRTSPINE_MUTANTS_TIMES": str(self.times), "SBRTSPINE_STATE": str(self.folder / "measuring")
        }  # fmt: skip
        subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
        if failed := json.loads(self.times.read_text())["failed"]:
            sys.exit(f"{len(failed)} tests fail on the code as it is: {failed[0]}")

    def tests_of(self, mutant: drawing.Mutant, seconds: float) -> tuple[list[str], float]:
        """The tests that run what it changes, the nearest and quickest first, as many as fit; and how long they take.

        Where the function has been written otherwise since, all tests that ran any of it.
        """
        then = self._functions(mutant.path).get(mutant.function)
        if then is None:
            return [], 0.0
        now = functions((ROOT / mutant.path).read_text())[mutant.function]
        lines: Iterable[int] = range(then.first, then.last + 1)
        if then.text == now.text:
            lines = range(mutant.first - now.first + then.first, mutant.last - now.first + then.first + 1)
        contexts = self._contexts(mutant.path)
        names = {context.rpartition("|")[0] for line in lines for context in contexts.get(line, ())} - {""}
        chosen, taken = [], 0.0
        for name in sorted(names - self._failed, key=lambda name: (-_near(mutant.path, name), self._took(name), name)):
            if taken + self._took(name) <= seconds or not chosen:
                chosen.append(name)
                taken += self._took(name)
        return chosen, taken

    def _took(self, name: str) -> float:
        return float(self._times["seconds"].get(name, 1.0))

    @cached_property
    def _failed(self) -> set[str]:
        return set(self._times["failed"])

    @cached_property
    def _times(self) -> dict[str, Any]:
        return json.loads(self.times.read_text()) if self.times.exists() else {"seconds": {}, "failed": []}

    def _functions(self, path: str) -> dict[str, "Function"]:
        if path not in self._known:
            copy = self.code / path
            self._known[path] = functions(copy.read_text()) if copy.exists() else {}
        return self._known[path]

    @cached_property
    def _known(self) -> dict[str, dict[str, "Function"]]:
        return {}

    def _contexts(self, path: str) -> dict[int, set[str]]:
        file = str(ROOT / path)
        if file not in self._lines:
            contexts_of: dict[int, set[str]] = {}
            for data in self._coverage:
                for line, contexts in data.contexts_by_lineno(file).items():
                    contexts_of.setdefault(line, set()).update(contexts)
            self._lines[file] = contexts_of
        return self._lines[file]

    @cached_property
    def _lines(self) -> dict[str, dict[int, set[str]]]:
        return {}

    @cached_property
    def _coverage(self) -> list[CoverageData]:
        coverage = [CoverageData(str(file)) for file in self.folder.glob("coverage*") if file.name != "coveragerc"]
        for data in coverage:
            data.read()
        return coverage


@dataclass(frozen=True)
class Function:
    """Where a function stood, and what it said."""

    first: int
    last: int
    text: str


@cache
def functions(source: str) -> dict[str, Function]:
    """Name, with those around it -> the function; of two with one name the last."""
    lines, by_name = source.splitlines(), {}

    def walk(node: ast.AST, around: tuple[str, ...]) -> None:
        for child in ast.iter_child_nodes(node):
            names = around
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                names = (*around, child.name)
                text = "\n".join(lines[child.lineno - 1 : child.end_lineno])
                by_name[".".join(names)] = Function(child.lineno, child.end_lineno or child.lineno, text)
            walk(child, names)

    walk(ast.parse(source), ())
    return by_name


def _near(path: str, test: str) -> int:
    """How far down the folders of a module and of a test are the same; a test file of its name is one nearer."""
    module, file = path.removesuffix(".py").split("/"), test.partition("::")[0].removesuffix(".py").split("/")[1:]
    same = 0
    for one, other in zip(module, [*file[:-1], file[-1].removeprefix("test_")], strict=False):
        if one != other:
            break
        same += 1
    return same
