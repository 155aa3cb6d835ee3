"""The empty task, in Python: `site/empty.ts` is the same in Carillon."""

import os

from celery import Celery

app = Celery("bench_tasks", broker=os.environ["BROKER_URL"], backend=os.environ["RESULT_BACKEND"])


@app.task(name="bench.empty")
def empty():
    return None
