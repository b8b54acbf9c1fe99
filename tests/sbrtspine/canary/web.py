"""The application that gunicorn serves, and two addresses of its own: one fails outside of Django."""

import json

from sbrtspine.wsgi import application as served
from tests.sbrtspine.canary import CANARY, handlers, past_our_loggers, printing


def application(environ, start_response):
    """`/raise/…` ends in gunicorn's hands; `/handlers/` says which handlers there are."""
    if environ["PATH_INFO"].startswith("/raise/"):
        past_our_loggers()
        printing()
        raise ValueError(CANARY)
    if environ["PATH_INFO"] == "/handlers/":
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps(handlers()).encode()]
    return served(environ, start_response)
