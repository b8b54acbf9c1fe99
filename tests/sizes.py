"""How much the heavy laws try: little on each run, much in `make test-long`."""

import os

LONG = os.environ.get("SBRTSPINE_LONG") == "1"


def examples(short: int, long: int) -> int:
    """How many, in this run."""
    return long if LONG else short
