"""Run by `manage.py shell -c`: tries everything, then ends with an exception."""

import atexit
import json
import sys

from django.db import connection

from tests.sbrtspine.canary import CANARY, Unprintable, handlers, past_our_loggers

WAYS = [
    "raise ValueError(CANARY)",
    "try: int(CANARY)\nexcept ValueError as error: raise LookupError(CANARY) from error",
    "try: int(CANARY)\nexcept ValueError: raise LookupError(CANARY)",
    "raise ExceptionGroup(CANARY, [ValueError(CANARY)])",
    "raise type(CANARY + '!', (Exception,), {})(CANARY)",
    "connection.cursor().execute('SELECT %s::int', [CANARY])",
    f"{CANARY}(",
]

past_our_loggers()
for way in WAYS:
    try:
        exec(way, {"CANARY": CANARY, "connection": connection})  # noqa: S102 - as somebody types it
    except BaseException:
        sys.excepthook(*sys.exc_info())
print(json.dumps(handlers()))
sys.kept_to_the_end = Unprintable()
atexit.register(int, CANARY)
raise OSError(28, CANARY, CANARY)
