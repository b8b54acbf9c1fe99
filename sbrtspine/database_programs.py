"""pg_dump and pg_restore that fit a server: from PATH in production, else from the wheel of the embedded server."""

import os
import re
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from sbrtspine.devserver import embedded_servers
from sbrtspine.devserver.processes import CannotStart


class NoProgram(RuntimeError):
    """No program on this machine fits; the message says what to install."""


def find(name: str, major: int) -> Path:
    """`name` of the server's own major version, else the next newer one; an older one cannot read the server."""
    fitting = {version: path for path in _candidates(name) if (version := _major(path)) >= major}
    if not fitting:
        raise NoProgram(f"No {name} here fits PostgreSQL {major}. Install postgresql-client-{major}.")
    return fitting[min(fitting)]


def _candidates(name: str) -> list[Path]:
    """The wheel's first: of two that fit equally the one found last is taken."""
    programs = []
    with suppress(CannotStart):  # production may have no embedded server
        programs.append(embedded_servers.programs() / name)
    for debian in sorted(Path("/usr/lib/postgresql").glob("*/bin")):
        programs.append(debian / name)
    if on_path := shutil.which(name):
        programs.append(Path(on_path))
    return [path for path in programs if os.access(path, os.X_OK)]


def _major(program: Path) -> int:
    """Its major version; 0 where it does not even start."""
    try:
        output = subprocess.run([str(program), "--version"], capture_output=True, text=True, timeout=20).stdout
    except (OSError, subprocess.TimeoutExpired):
        return 0
    number = re.search(r"(\d+)(\.\d+|devel|beta\d|rc\d)", output)
    return int(number[1]) if number else 0


def address(url: str) -> tuple[str, dict[str, str]]:
    """For `--dbname` and the environment: the password never stands in a command line, which everybody may read."""
    params = conninfo_to_dict(url)
    password = params.pop("password", None)
    return make_conninfo("", **params), {**os.environ, **({"PGPASSWORD": str(password)} if password else {})}
