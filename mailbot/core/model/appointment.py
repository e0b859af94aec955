"""An appointment for a ticket, and the answer of a calendar program to its invitation (RFC 5545, 5546)."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum


class CalendarMethod(StrEnum):
    """What a mail asks the calendar program of its recipient to do (RFC 5546, 1.4)."""

    REQUEST = "REQUEST"
    CANCEL = "CANCEL"


@dataclass(frozen=True, slots=True)
class Appointment:
    """An appointment of the requester and the assignee of a ticket.

    `uid` identifies it in calendars: it is random, and stays when the appointment is moved. `text` is the
    text that its author wrote behind the time.
    """

    uid: str
    begin: datetime
    minutes: int
    text: str = ""

    @property
    def end(self) -> datetime:
        """Return when it ends."""
        return self.begin + timedelta(minutes=self.minutes)


class Response(StrEnum):
    """The response of an attendee (RFC 5545, 3.2.12)."""

    ACCEPTED = "accepted"
    DECLINED = "declined"
    TENTATIVE = "tentative"
    DELEGATED = "delegated"


@dataclass(frozen=True, slots=True)
class AttendeeResponse:
    """What an answer says about one attendee. Google writes the comment beside the response.

    `proposed` is when the attendee would rather meet, for `minutes`; 0 if they do not say how long (RFC 5546,
    3.2.7).
    """

    email: str
    response: Response
    comment: str = ""
    proposed: datetime | None = None
    minutes: int = 0


@dataclass(frozen=True, slots=True)
class CalendarAnswer:
    """The answer of a calendar program to an invitation. The sender can forge all of it.

    `begin` is the time that was answered. `comment` is the text of its author. `in_body`: the
    program writes that text into the body of the mail instead.
    """

    uid: str
    responses: tuple[AttendeeResponse, ...]
    sequence: int = 0
    begin: datetime | None = None
    comment: str = field(default="", repr=False)
    in_body: bool = False

    def of(self, addresses: frozenset[str]) -> AttendeeResponse | None:
        """Return the response of the person with these addresses, or the only one; None if there is none."""
        own = next((one for one in self.responses if one.email in addresses), None)
        return own or (self.responses[0] if len(self.responses) == 1 else None)
