"""Loaded by pytest before Django's settings (`-p tests.plugin`): which tests are in this run, and in which order."""

import gc

import pytest

from tests import environment, sizes

environment.begin()

# Long files first, so that no worker is left alone with one at the end; a worker's browser tests share one system.
LONGEST_FIRST = ["browser/", "stack/", "test_", "oversight/figures/", "records/", ""]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "long: for the long run alone (tests/sizes.py)")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What is deselected here is in the other run."""
    kept = [item for item in items if sizes.is_in_this_run(item)]
    config.hook.pytest_deselected(items=[item for item in items if not sizes.is_in_this_run(item)])
    items[:] = sorted(kept, key=_turn)


def pytest_collection_finish() -> None:
    """What is there for the whole run is not looked through for garbage again and again: a tenth of a test's time."""
    gc.collect()
    gc.freeze()


def _turn(item: pytest.Item) -> int:
    file = item.nodeid.removeprefix("tests/")
    return next(turn for turn, begin in enumerate(LONGEST_FIRST) if file.startswith(begin))
