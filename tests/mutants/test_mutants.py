"""What `make mutants` breaks, and what it leaves alone."""

import sys
import types

import pytest

from tests.environment import ROOT
from tests.mutants import drawing, swapping
from tests.mutants.guards import GUARDS

MODULE = '''
from django.utils.translation import gettext as _

LIMIT = 3

def is_late(days: int = 7, *, log) -> str:
    """Whether it is late."""
    log.info("asked", days=days)
    if days > LIMIT:
        return _("This is late by far.")
    return "in time"
'''


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name)
def test_every_break_made_by_hand_still_fits_the_code_and_its_test_is_there(guard):
    assert compile(guard.source, guard.path, "exec")
    file, _colons, name = guard.test.partition("::")
    assert f"def {name.partition('[')[0]}(" in (ROOT / file).read_text()


def test_decisions_are_broken_and_wording_logging_and_defaults_are_not(tmp_path, monkeypatch):
    monkeypatch.setattr(drawing, "ROOT", tmp_path)
    (tmp_path / "late.py").write_text(MODULE)

    assert [mutant.words for mutant in drawing.mutants(tmp_path / "late.py")] == [
        "`days > LIMIT` → `days >= LIMIT`",
        '`return "in time"` → `return "XXin timeXX"`',
    ]


def test_a_functions_code_is_put_in_the_place_of_the_imported_one(tmp_path, monkeypatch):
    """Also where another module holds it under its own name."""
    monkeypatch.setattr(swapping, "ROOT", tmp_path)
    file = tmp_path / "late.py"
    file.write_text(MODULE)
    module = types.ModuleType("late")
    exec(compile(MODULE, str(file), "exec"), module.__dict__)  # noqa: S102
    monkeypatch.setitem(sys.modules, "late", module)
    imported = module.is_late
    log = types.SimpleNamespace(info=lambda *_words, **_more: None)
    assert imported(3, log=log) == "in time"

    alive = swapping.Alive()
    alive.swap("late.py", MODULE.replace("days > LIMIT", "days >= LIMIT"))

    assert imported(3, log=log) == "This is late by far."
    with pytest.raises(swapping.NothingChanged):
        alive.swap("late.py", MODULE)
