"""Runs what it is told, line by line: the other end of python-client.ts."""

import json
import os
import sys
import time
import traceback
import uuid
from datetime import datetime, timedelta, timezone

from celery import Celery, chain, chord, group, signature
from celery.result import AsyncResult
from kombu import Exchange, Queue

app = Celery("client", broker=os.environ["BROKER_URL"], backend=os.environ["RESULT_BACKEND"])
app.conf.broker_connection_retry_on_startup = True
app.conf.task_publish_retry = False


def s(name, *args, **options):
    return signature(name, args=args, app=app, options=options)


def as_it_is(name):
    """A queue that somebody else declares."""
    return Queue(name, no_declare=True)


def si(name, *args, **options):
    return signature(name, args=args, app=app, options=options, immutable=True)


def send(name, *args, **options):
    return app.send_task(name, args, **options)


def raised(result, timeout=20):
    """What get() raises, as type, module and arguments."""
    try:
        result.get(timeout=timeout)
    except Exception as error:
        return [type(error).__name__, type(error).__module__, list(error.args)]
    raise AssertionError("it raised nothing")


names = dict(globals())
for line in sys.stdin:
    names["value"] = None
    try:
        exec(json.loads(line), names)
        answer = {"ok": True, "value": names["value"]}
    except BaseException as error:
        answer = {"ok": False, "error": repr(error), "traceback": traceback.format_exc()}
    print("=> " + json.dumps(answer, default=str), flush=True)
