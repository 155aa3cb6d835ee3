"""Tasks of a worker in Python, with names of their own."""

import os
import time

from celery import Celery

app = Celery("tasks", broker=os.environ["BROKER_URL"], backend=os.environ["RESULT_BACKEND"])
app.conf.worker_hijack_root_logger = False
app.conf.task_default_queue = os.environ.get("DEFAULT_QUEUE", "celery")


@app.task(name="py.add")
def add(x, y):
    return x + y


@app.task(name="py.sum")
def total(values):
    return sum(values)


@app.task(name="py.fail")
def fail(message):
    raise ValueError(message)


@app.task(name="py.noop", ignore_result=True)
def noop():
    return None
