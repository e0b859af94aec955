"""Run the application until a signal stops it; reload the configuration on SIGHUP."""

import os
import signal
from collections.abc import Callable

import structlog

from mailbot import systemd
from mailbot.check import open_points
from mailbot.clock import utc_now
from mailbot.config import ConfigurationError, Settings
from mailbot.counting import counted
from mailbot.runtime.application import Application
from mailbot.runtime.reload_result import result_file, write_result
from mailbot.service.bootstrap import DeskError, exclusive_lock

log = structlog.get_logger()

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def run(settings: Settings, reload: Callable[[], Settings]) -> int:
    """Run until SIGTERM or SIGINT; on SIGHUP apply the configuration that `reload` returns, if valid.

    The signals stay blocked: the process ends after this.
    """
    # Blocked signals wait for `sigwait`, in the threads that start later too. A handler would lose a signal
    # that arrives just before this thread waits: it runs only after the wait.
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    with exclusive_lock(settings):
        application = Application(settings)
        try:
            application.start()
            log.info("daemon started", mailboxes=application.running_mailboxes(), config=str(settings.file))
            _report(application)
            systemd.ready(_status_line(application))
            while (number := signal.sigwait(SIGNALS)) == signal.SIGHUP:
                application = _reload(application, reload)
            log.info("daemon stopping", signal=signal.Signals(number).name)
            systemd.stopping("finishing the current work")
        finally:
            application.stop()
    log.info("daemon stopped")
    return 0


def _reload(application: Application, reload: Callable[[], Settings]) -> Application:
    """Return an application with the new configuration, or the old one if the new one is invalid."""
    systemd.reloading()
    try:
        # While the old application still works: with a wrong configuration it simply continues.
        reloaded = _create(reload(), application.settings)
    except Exception as error:  # noqa: BLE001 - any error is a reason to keep the old configuration
        return _keep(application, error)
    # Two applications must not read the same mailboxes.
    application.stop()
    try:
        reloaded.start()
    except BaseException:
        # `run` stops the old application only.
        reloaded.stop()
        raise
    log.info("configuration reloaded", mailboxes=reloaded.running_mailboxes())
    _report(reloaded)
    _answer(reloaded, [])
    systemd.ready(_status_line(reloaded))
    return reloaded


def _report(application: Application) -> None:
    """Log each school with its servers, and each task that the operator still has."""
    settings = application.settings
    for school in settings.policy.schools:
        imap, smtp = settings.imap[school.key], settings.smtp[school.key]
        log.info(
            "school configured",
            school=school.key,
            imap=f"{imap.host}:{imap.port}",
            folder=imap.folder,
            smtp=f"{smtp.host}:{smtp.port}",
            members=len(school.team.members),
        )
    for point, todo in open_points(settings, utc_now().year, service=systemd.is_service()):
        log.info("open point", what=point, todo=todo)


def _keep(application: Application, error: Exception) -> Application:
    """Report why the new configuration is rejected: in the log, to systemd, and to the operators."""
    expected = isinstance(error, ConfigurationError | DeskError)
    problems = str(error).splitlines() if expected else [f"{type(error).__name__}: {error}"]
    for problem in problems:
        log.error("configuration rejected", reason=problem, exc_info=None if expected else error)
    application.report_rejected(problems)
    _answer(application, problems)
    systemd.ready(f"the new configuration is rejected: {problems[0]}; {_status_line(application)}")
    return application


def _answer(application: Application, problems: list[str]) -> None:
    """Answer the call that asked for the reload, if there was one."""
    file = result_file(os.environ, lambda: application.settings.state_dir)
    try:
        write_result(file, problems)
    except OSError as error:
        log.warning("reload not answered", file=str(file), reason=error.strerror)


def _create(settings: Settings, before: Settings) -> Application:
    """Create an application with a new configuration; raise DeskError if the change needs a restart."""
    if settings.state_dir != before.state_dir:  # the lock file is in the old directory
        raise DeskError(
            f"{settings.file}: bot.state_dir: a change needs a restart: systemctl restart mailbot"
        )
    return Application(settings)


def _status_line(application: Application) -> str:
    return f"watching {counted(application.running_mailboxes(), 'mailbox', 'mailboxes')}"
