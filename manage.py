#!/usr/bin/env python
"""The command line: `up`, `scan`, `verify_audit`, `load_ctcae`, `export`, `write_docs`, `demo` and Django's own."""

import os
import sys

from django.core.management import execute_from_command_line

from sbrtspine import guard

if __name__ == "__main__":
    guard.begin()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sbrtspine.settings")
    os.environ.setdefault("SBRTSPINE_READS", "everything")
    execute_from_command_line(sys.argv)
