"""Periodic jobs: failures are logged, and do not stop the jobs."""

import threading

from structlog.testing import capture_logs

from mailbot.runtime.scheduler import Scheduler


def test_a_failed_job_is_logged_with_its_traceback_and_without_addresses() -> None:
    failed = threading.Event()

    def job() -> None:
        failed.set()
        raise OSError("no answer to lena@schule.example")

    scheduler = Scheduler()
    scheduler.every(3600, job, at_once=True)
    with capture_logs() as entries:
        scheduler.start()
        assert failed.wait(10)
        scheduler.stop()
    (entry,) = entries
    assert (entry["event"], entry["reason"]) == ("job failed", "OSError: no answer to …")
    trace = entry["exc_info"].__traceback__
    assert trace is not None
    while trace.tb_next is not None:
        trace = trace.tb_next
    assert trace.tb_frame.f_code is job.__code__
