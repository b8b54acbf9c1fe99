"""Loaded by pytest before Django's settings (`-p tests.plugin`): which tests are in this run, and in which order."""

import gc

import pytest

from tests import environment, sizes

environment.begin()

# Long files first, so that no worker is left alone with one at the end; the browser's tests share one running system.
LONGEST_FIRST = ["browser/", "stack/", "test_", "oversight/figures/", "records/", ""]
TOGETHER = "browser/"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "long: for the long run alone (tests/sizes.py)")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What is deselected here is in the other run; a worker gets whole files, which share what they set up."""
    kept = [item for item in items if sizes.is_in_this_run(item)]
    config.hook.pytest_deselected(items=[item for item in items if not sizes.is_in_this_run(item)])
    items[:] = sorted(kept, key=_turn)
    for item in items:
        file = _file(item)
        item.add_marker(pytest.mark.xdist_group(TOGETHER if file.startswith(TOGETHER) else file))


def pytest_collection_finish() -> None:
    """What is there for the whole run is not looked through for garbage again and again: a tenth of a test's time."""
    gc.collect()
    gc.freeze()


def _file(item: pytest.Item) -> str:
    return item.nodeid.split("::")[0].removeprefix("tests/")


def _turn(item: pytest.Item) -> int:
    return next(turn for turn, begin in enumerate(LONGEST_FIRST) if _file(item).startswith(begin))
