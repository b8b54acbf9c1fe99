"""How root runs PostgreSQL, which refuses to be root: in a user namespace, else as the user nobody."""

import os
import subprocess
from pathlib import Path

from sbrtspine.devserver.processes import CannotStart

NOBODY = 65534
_NAMESPACE = ["unshare", "-U", f"--map-user={NOBODY}", f"--map-group={NOBODY}"]
# setpriv clears what the parent asked of the kernel, so it asks again: end when the parent ends.
_NOBODY = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--pdeathsig", "INT"]
_READING = ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]  # below folders that only root may enter
# The program runs, and a file can be made in each folder: tried, not asked, for rights can come from many places.
_TRIAL = """
test "$(id -u)" = 65534 && "$0" --version || exit 1
for folder; do : >"$folder/trial" && rm "$folder/trial" || exit 1; done
"""


def prefix(program: Path, *folders: Path) -> list[str]:
    """The words before the program's own; [] for whoever is not root. Folders may change owner, their parents never."""
    if os.geteuid() != 0:
        return []
    if _works(_NAMESPACE, program, folders):
        return _NAMESPACE
    for folder in folders:
        _hand_over(folder)
    for words in ([*_NOBODY, *_READING], _NOBODY):
        if _works(words, program, folders):
            return words
    raise CannotStart(
        "PostgreSQL does not run as root, and can here neither run in a user namespace (unshare) nor as nobody "
        "(setpriv). Run this as another user, or give DATABASE_URL and REDIS_URL."
    )


def _works(words: list[str], program: Path, folders: tuple[Path, ...]) -> bool:
    trial = [*words, "sh", "-c", _TRIAL, str(program), *map(str, folders)]
    try:
        return subprocess.run(trial, capture_output=True, cwd="/", timeout=10).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _hand_over(folder: Path) -> None:
    """Give a folder and all in it to nobody; folders above it are never touched."""
    for path in (folder, *folder.rglob("*")):
        os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
