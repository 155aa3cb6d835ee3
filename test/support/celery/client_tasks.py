"""What a server hands to a worker in Python."""

import time

from tasks import app


@app.task(name="py.echo")
def echo(*args, **kwargs):
    return [list(args), kwargs]


@app.task(name="py.fail_with_two")
def fail_with_two():
    raise ValueError("bad ☃", 1)


@app.task(name="py.steps", bind=True, track_started=True)
def steps(self, count, seconds=0.05):
    for step in range(1, count + 1):
        time.sleep(seconds)
        self.update_state(state="PROGRESS", meta={"current": step, "total": count, "status": f"step {step}"})
    return "done"


@app.task(name="py.flaky", bind=True, max_retries=3)
def flaky(self, failures):
    if self.request.retries < failures:
        raise self.retry(exc=OSError(f"try {self.request.retries + 1}"), countdown=0.1)
    return self.request.retries


@app.task(name="py.sleep", bind=True, track_started=True)
def sleep(self, seconds):
    time.sleep(seconds)
    return "slept"


@app.task(name="py.quiet_sleep")
def quiet_sleep(seconds):
    time.sleep(seconds)
    return "slept"


@app.task(name="py.now")
def now():
    return time.time()


@app.task(name="py.request", bind=True)
def request(self):
    return {"retries": self.request.retries, "timelimit": self.request.timelimit, "id": self.request.id}


@app.task(name="py.silent", ignore_result=True)
def silent():
    return None


@app.task(name="py.handle_error")
def handle_error(failed):
    return f"handled {failed}"
