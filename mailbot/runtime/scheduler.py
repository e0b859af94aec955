"""Run periodic jobs in threads of APScheduler; the only module that uses this library."""

from collections.abc import Callable
from datetime import UTC

import structlog
from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MISSED, JobExecutionEvent
from apscheduler.schedulers.background import BackgroundScheduler

from mailbot.clock import utc_now
from mailbot.sanitize import redact_for_log

log = structlog.get_logger()

MISFIRE_SECONDS = 3600  # by default, APScheduler drops a run that is more than a second late


class Scheduler:
    """Runs jobs at intervals; a job never overlaps with itself, and missed runs are combined into one."""

    def __init__(self) -> None:
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": MISFIRE_SECONDS},
        )
        self._scheduler.add_listener(_log_failure, EVENT_JOB_ERROR | EVENT_JOB_MISSED)

    def every(self, seconds: float, job: Callable[[], object], *, at_once: bool = False) -> None:
        """Run a job every `seconds`; `at_once`: it also runs when the scheduler starts."""
        first = {"next_run_time": utc_now()} if at_once else {}
        self._scheduler.add_job(job, "interval", seconds=seconds, **first)

    def start(self) -> None:
        """Start the threads."""
        self._scheduler.start()

    def stop(self) -> None:
        """Stop after the running jobs have ended."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)


def _log_failure(event: JobExecutionEvent) -> None:
    error = event.exception
    if error is None:
        log.error("job missed", job=event.job_id)
        return
    reason = f"{type(error).__name__}: {redact_for_log(str(error))}"
    log.error("job failed", job=event.job_id, reason=reason, exc_info=error)
