"""What the environment says, asked in a process of its own."""

import os
import subprocess
import sys

import pytest

from tests.environment import ROOT


@pytest.mark.parametrize(
    ("environment", "debug"),
    [
        ({"SBRTSPINE_DEMO": "1", "SBRTSPINE_DEV": "1"}, "True"),
        ({"SBRTSPINE_DEMO": "1"}, "False"),
        ({"SBRTSPINE_DEV": "1", "SECRET_KEY": "of production " * 5}, "False"),
        ({"SBRTSPINE_DEV": "1", "SBRTSPINE_DEMO": "0", "SECRET_KEY": "of production " * 5}, "False"),
        ({"DEBUG": "1", "SECRET_KEY": "of production " * 5}, "False"),
    ],
)
def test_tracebacks_are_shown_to_developers_of_the_demo_alone(environment, debug, tmp_path):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SBRTSPINE_")}
    done = subprocess.run(
        [sys.executable, "-c", "from sbrtspine import settings; print(settings.DEBUG)"],
        cwd=ROOT, env={**kept, "SBRTSPINE_STATE": str(tmp_path), **environment}, capture_output=True, text=True,
        check=True,
    )  # fmt: skip

    assert done.stdout.split() == [debug]
