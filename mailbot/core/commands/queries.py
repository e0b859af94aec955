"""Commands that query tickets and change nothing: list, show, find, help."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial

from mailbot.core.commands.command import EVERYONE, LineLookups, Viewer, Words, lexicon
from mailbot.core.commands.context import MailContext, reply
from mailbot.core.commands.definition import (
    Query,
    Request,
    Resolved,
    TypedArgument,
    anything,
    resolve_tickets,
)
from mailbot.core.model.listing import Listing, Page, Scope
from mailbot.core.model.notification import Notification
from mailbot.core.model.notification_kind import NotificationKind
from mailbot.core.model.ticket import Ticket, Visibility
from mailbot.core.recipients.recipients import split_attachments
from mailbot.core.text.places import label, place_and_rest
from mailbot.core.text.words import fold, query_terms

SCOPE_WORDS: Mapping[str, Words] = {
    "open": {"de": ("offen", "offene"), "fr": ("ouvertes", "ouverts")},
    "closed": {"de": ("geschlossen", "geschlossene", "erledigt"), "fr": ("fermées", "fermés", "résolues")},
    "mine": {"de": ("meine", "mein"), "fr": ("miennes", "mes")},
    "all": {"de": ("alle", "alles"), "fr": ("toutes", "tous", "tout")},
}
_SCOPES = lexicon(SCOPE_WORDS)
_PAGE_WORDS = frozenset({"seite", "page"})
_MAX_PAGES = 10_000


def scope(word: str) -> Scope | None:
    """Return the scope of an overview for a word in any language; None if there is none."""
    name = _SCOPES.get(fold(word.strip(".!")))
    return Scope(name) if name else None


def scope_and_page(args: tuple[str, ...], default: Scope = Scope.OPEN) -> tuple[Scope, int] | None:
    """Parse the words after #list: "closed 2", "closed", "2" or none; return None if they are wrong."""
    words = [arg for arg in args if fold(arg) not in _PAGE_WORDS]
    number = words.pop() if words and words[-1].isdecimal() else "1"
    wanted = scope(words.pop(0)) if words else default
    if words or wanted is None or not 0 < int(number[:9]) <= _MAX_PAGES:
        return None
    return wanted, int(number[:9])


def listing_for(wanted: Scope, viewer: Viewer) -> Listing:
    """Return the query for the tickets of a scope that a person may see."""
    email, policy = viewer.email, viewer.policy
    mine = (("assignee", policy.registered(email)),) if wanted is Scope.MINE else ()
    if policy.second_level.member(email):
        return Listing(wanted, mine, by_school=True)
    school = next((s for s in (viewer.school, *policy.schools) if s.team.member(email)), None)
    if school is not None:
        return Listing(wanted, (("school", school.key), *mine))
    return Listing(wanted, requester=email)


QueryParser = Callable[[tuple[str, ...], Viewer], Listing | None]
"""Returns the query for the words of an argument; None if they are wrong."""


def _page(words: tuple[str, ...], viewer: Viewer) -> Listing | None:
    place, rest = place_and_rest(words)
    found = scope_and_page(rest, Scope.ALL if place else Scope.OPEN)
    return replace(listing_for(found[0], viewer), page=found[1], place=place) if found else None


def _search(words: tuple[str, ...], viewer: Viewer) -> Listing | None:
    written = " ".join(words)
    terms = query_terms(written)
    wanted = listing_for(Scope.ALL, viewer)
    return replace(wanted, words=terms, written=written, by_school=False) if terms else None


def _look_up(parse: QueryParser, words: tuple[str, ...], viewer: Viewer) -> LineLookups:
    wanted = parse(words, viewer)
    return LineLookups(listings=(wanted,) if wanted else ())


def _resolve_listing(parse: QueryParser, request: Request) -> Resolved[Listing]:
    context, args = request.context, request.line.args
    wanted = parse(args, Viewer(context.sender.email, context.facts.school, context.policy))
    if wanted is None:
        known = args and scope(args[0])
        raise request.wrong("".join(args[-1:] if known else args[:1]))
    return (), wanted


SCOPE_AND_PAGE = TypedArgument(
    resolve=partial(_resolve_listing, _page), fits=anything, lookups=partial(_look_up, _page)
)
"""An optional scope (open, closed, mine, all), an optional room or device, and an optional page.

The default is open, and all for a room or a device.
"""
SEARCH_WORDS = TypedArgument(
    resolve=partial(_resolve_listing, _search), lookups=partial(_look_up, _search), verbatim=True
)


def _overview(context: MailContext, _: tuple[Ticket, ...], wanted: Listing) -> Iterator[Notification]:
    page = context.facts.listings.get(wanted, Page())
    yield reply(
        context,
        NotificationKind.OVERVIEW,
        tickets=page.tickets,
        scope=wanted.scope.value,
        words=wanted.written,
        place=wanted.place,
        line="" if wanted.words else list_line(wanted, context.language),
        total=page.total,
        page=page.number,
    )


def list_line(wanted: Listing, language: str) -> str:
    """Return the command for an overview, without the page."""
    scope_word = SCOPE_WORDS[wanted.scope].get(language, (wanted.scope.value,))[0]
    return LIST.line(
        language, f"{scope_word} {label(wanted.place, language)}" if wanted.place else scope_word
    )


def _details(context: MailContext, tickets: tuple[Ticket, ...], _: None) -> Iterator[Notification]:
    for ticket in tickets:
        staff = any(role.staff for role in context.roles(ticket))
        readable = {Visibility.PUBLIC, Visibility.INTERNAL} if staff else {Visibility.PUBLIC}
        history = tuple(m for m in context.facts.histories.get(ticket.key, ()) if m.visibility in readable)
        files = (file for message in history for file in message.attachments)
        attachments, listed = split_attachments(files, context.policy.limits.attachments)
        role = context.role_on(ticket)
        yield reply(
            context,
            NotificationKind.TICKET_DETAILS,
            ticket,
            role=role,
            history=history,
            attachments=attachments,
            listed=listed,
            bundle=context.facts.followers(ticket) if staff else (),
        )


def _asks_for_all(words: tuple[str, ...]) -> bool:
    return len(words) == 1 and scope(words[0]) is Scope.ALL


def _resolve_help(request: Request) -> Resolved[bool]:
    """Return whether all commands are asked for."""
    args = request.line.args
    if args and not _asks_for_all(args):
        raise request.wrong(args[0])
    return (), bool(args)


def _help(context: MailContext, _: tuple[Ticket, ...], wants_all: bool) -> Iterator[Notification]:
    yield reply(context, NotificationKind.HELP, context.ticket, scope=Scope.ALL.value if wants_all else "")


LIST = Query(
    name="list",
    words={"de": ("übersicht", "liste"), "fr": ("liste",)},
    roles=EVERYONE,
    argument=SCOPE_AND_PAGE,
    example="closed",
    examples={"de": "geschlossen", "fr": "fermées"},
    answers=_overview,
    in_short_help=True,
)
SHOW = Query(
    name="show",
    words={"de": ("zeige",), "fr": ("afficher",)},
    roles=EVERYONE,
    argument=TypedArgument(resolve=resolve_tickets),
    example="104",
    answers=_details,
)
FIND = Query(
    name="find",
    words={"de": ("suche", "suchen"), "fr": ("chercher", "rechercher")},
    roles=EVERYONE,
    argument=SEARCH_WORDS,
    example="Beamer 204",
    answers=_overview,
)
HELP = Query(
    name="help",
    words={"de": ("hilfe",), "fr": ("aide",)},
    roles=EVERYONE,
    argument=TypedArgument(resolve=_resolve_help, fits=lambda words: not words or _asks_for_all(words)),
    example="all",
    examples={"de": "alles", "fr": "tout"},
    answers=_help,
    in_short_help=True,
)
QUERIES = (LIST, SHOW, FIND, HELP)
