"""The row of each kind of notification agrees with the samples."""

from mailbot import samples
from mailbot.core.model.notification_kind import (
    Audience,
    History,
    NotificationKind,
    RateLimit,
    ReplyRoute,
    reply_route,
)
from mailbot.core.model.ticket import Role
from mailbot.render.links import actions

REQUESTER_SIDE = {Role.REQUESTER, Role.CC}
STAFF = {Role.SUPPORTER, Role.SECOND_LEVEL}
ROLES = {
    Audience.REQUESTER_SIDE: REQUESTER_SIDE,
    Audience.STAFF: STAFF,
    Audience.BOTH: REQUESTER_SIDE | STAFF,
    Audience.PERSON: REQUESTER_SIDE | STAFF,
    Audience.OPERATORS: {Role.STRANGER},
}
SAMPLES = samples.notifications("de")


def test_samples_go_to_the_audience_of_their_kind() -> None:
    wrong = {
        name
        for name, notification in SAMPLES.items()
        if notification.role not in ROLES[notification.kind.definition.audience]
    }
    assert wrong == set()


def test_notification_without_commands_and_problems_has_the_links_of_its_kind() -> None:
    wrong = {
        name
        for name, notification in SAMPLES.items()
        if notification.role.staff and not notification.problems and not notification.done
        if notification.kind.definition.links not in (None, actions(notification))
    }
    assert wrong == set()


def test_automatic_replies_are_limited_except_those_to_members() -> None:
    replies = {kind for kind in NotificationKind if kind.definition.auto_replied}
    limited = {kind for kind in NotificationKind if kind.definition.rate_limit is RateLimit.LIMITED}
    to_members = {NotificationKind.CONFIRM, NotificationKind.HELD_ANSWER, NotificationKind.WELCOME}
    assert replies == limited | to_members
    assert all(kind.definition.automatic for kind in replies)


def test_kind_is_found_by_its_name_and_has_its_definition() -> None:
    note = NotificationKind("note")
    assert (note, note.value) == (NotificationKind.NOTE, "note")
    assert (note.definition.reply, note.definition.history) == (ReplyRoute.STAFF, History.NONE)


def test_reply_to_an_internal_notification_stays_among_the_staff_if_it_would_go_to_the_requester() -> None:
    assert reply_route(NotificationKind.BOUNCE, internal=False) is ReplyRoute.REQUESTER
    assert reply_route(NotificationKind.BOUNCE, internal=True) is ReplyRoute.STAFF
    assert reply_route(NotificationKind.NOTE, internal=False) is ReplyRoute.STAFF
    assert reply_route(NotificationKind.REFUSAL, internal=True) is ReplyRoute.NOBODY
