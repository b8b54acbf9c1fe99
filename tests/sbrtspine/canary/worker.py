"""Celery's app with tasks that fail with CANARY; they are sent when the worker is ready."""

import json
import os
from pathlib import Path

from celery.signals import worker_ready

from sbrtspine.celery import app
from tests.sbrtspine.canary import CANARY, handlers, past_our_loggers, printing

app.conf.broker_url = "memory://"


@app.task(queue="canary")
def fails(argument):
    past_our_loggers()
    printing()
    Path(os.environ["CANARY_SEEN"]).write_text(json.dumps(handlers()))
    raise LookupError(CANARY, argument)


@app.task(queue="canary")
def exits():
    raise SystemExit(CANARY)


@app.task(queue="canary", bind=True, max_retries=0)
def tries_again(self):
    raise self.retry(exc=ValueError(CANARY))


@app.task(queue="canary")
def end():
    Path(os.environ["CANARY_SEEN"] + ".end").touch()


@worker_ready.connect
def send(**_):
    fails.apply_async([CANARY])
    app.send_task(f"no.such.{CANARY}", queue="canary")
    app.send_task(fails.name, kwargs={"wrong": CANARY}, queue="canary")
    tries_again.delay()
    exits.delay()
    end.delay()
