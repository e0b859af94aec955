"""Whether an SMTP account can send: from the results of its mails to their outcomes, pauses and alerts."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from mailbot.sanitize import redact_for_log
from mailbot.service.alerts import is_lasting
from mailbot.service.retry import PAUSE_ACCOUNT, PAUSE_SERVER, backoff_seconds
from mailbot.service.sending import ServerIssue, next_state
from mailbot.smtp.client import SendResult
from mailbot.smtp.refusals import Refusal, RefusalScope, RefusalTracker
from mailbot.smtp.reply import About
from mailbot.store.outbox import ClaimedMail, SendOutcome

log = structlog.get_logger()


@dataclass(slots=True)
class AccountStatus:
    """The state of an account's server. `issue` is the next problem or recovery to report to the operators.

    `is_paused`: a mail of this run shows that others would fail as well, so that no more are sent.
    `alerts_at_once`: each failure is an alert, as no retry follows.
    """

    topic: str
    clock: Callable[[], datetime]
    alerts_at_once: bool = False
    is_paused: bool = False
    accepts: bool = False
    issue: ServerIssue | None = None
    _failures: int = 0
    _down_since: datetime | None = None
    _alerted: bool = False
    _refusals: RefusalTracker = field(default_factory=RefusalTracker)
    _max_backoff: int = PAUSE_SERVER
    _recovery_reported: bool = False

    @property
    def is_up(self) -> bool:
        """Whether the server accepted the last mail or refused only that mail."""
        return not self._failures

    def restore(self, reason: str) -> None:
        """Restore the state from the reason for which an earlier process paused the account."""
        self._refusals.restore(reason)

    def backoff(self) -> float:
        """Return the seconds to pause."""
        return backoff_seconds(self._failures - 1, self._max_backoff)

    def report_recovery(self) -> bool:
        """End the alert if the server accepts mails again; return whether there is a change to record.

        This happens when no mail is due any more, not after each single mail that the server accepts.
        """
        if not self.accepts or self._recovery_reported:
            return False
        self.issue, self._recovery_reported = ServerIssue(self.topic, ""), True
        return True

    def outcome_of(self, due: ClaimedMail, result: SendResult) -> SendOutcome:
        """Return the outcome of an attempt, and update the state of the account by it."""
        if self.is_paused:
            return self._outcome_during_pause(due, result)
        if result.state == "sent":
            self._refusals.record_accepted()
            self._mark_up(accepted=True)
            return next_state(due, "sent", result.reply, self.clock())
        if _is_interruption(result):
            # 421: the server closes the connection (RFC 5321, 3.8). Without a code it was lost.
            self._mark_down(result.reply, PAUSE_SERVER, interrupted=result.code in (None, 421))
            return self._requeue(due, result.reply)
        scope, reason = self._refusals.scope_of(_refusal(due, result))
        if scope is RefusalScope.ACCOUNT:
            self._mark_down(reason, PAUSE_ACCOUNT)
            if result.state != "uncertain":  # an uncertain attempt counts: the mail may have been sent
                return self._requeue(due, result.reply)
        else:
            self._mark_up(accepted=result.about is About.RECIPIENT)
        # A mail does not fail for good before a second refusal shows that the account is not the cause.
        state = "temporary" if scope is RefusalScope.UNDECIDED else result.state
        return next_state(due, state, result.reply, self.clock())

    def _outcome_during_pause(self, due: ClaimedMail, result: SendResult) -> SendOutcome:
        """Return the outcome of a mail that another connection was sending when the account was paused."""
        certain = result.state in ("sent", "uncertain") or result.about in (About.RECIPIENT, About.MAIL)
        if certain and not _is_interruption(result):
            return next_state(due, result.state, result.reply, self.clock())
        return self._requeue(due, result.reply)

    def _requeue(self, due: ClaimedMail, reply: str) -> SendOutcome:
        """Return the outcome of an attempt that does not count: the mail is not the cause of the failure."""
        next_attempt = self.clock() + timedelta(seconds=self.backoff())
        return SendOutcome(due.id, "queued", reply, next_attempt, counts=False)

    def _mark_down(self, reason: str, max_backoff: int, *, interrupted: bool = False) -> None:
        """Pause this account, for `max_backoff` seconds at most; alert the operators.

        `interrupted`: the connection failed, which is an alert only if it lasts.
        """
        now = self.clock()
        self._failures += 1
        self._down_since = self._down_since or now
        lasting = self.alerts_at_once or not interrupted or is_lasting(self._failures, self._down_since, now)
        if lasting and not self._alerted:
            log.error("smtp server unavailable", topic=self.topic, reason=redact_for_log(reason))
            self.issue, self._alerted = ServerIssue(self.topic, reason), True
        self._max_backoff = max_backoff
        self.is_paused = True
        self.accepts = self._recovery_reported = False

    def _mark_up(self, *, accepted: bool) -> None:
        """End a pause; `accepted`: the server accepted a mail, or refused only its recipient."""
        if self._alerted:
            log.info("smtp server available", topic=self.topic)
        self._failures, self._down_since, self._alerted = 0, None, False
        self.accepts = self.accepts or accepted


def _is_interruption(result: SendResult) -> bool:
    """Return whether the connection failed before the server could accept the mail."""
    return result.server_down and result.state == "temporary" and result.about is not About.ACCOUNT


def _refusal(due: ClaimedMail, result: SendResult) -> Refusal:
    recipient, permanent = due.outgoing.recipient.email, result.state == "permanent"
    return Refusal(due.id, recipient, result.about, result.reply, permanent, due.attempts)
