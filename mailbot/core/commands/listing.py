"""Which tickets #list and #find ask for."""

from dataclasses import replace

from mailbot.core.commands import table
from mailbot.core.commands.table import Argument, CommandLine
from mailbot.core.model.listing import Listing, Scope
from mailbot.core.model.policy import Policy, School
from mailbot.core.text.fold import fold
from mailbot.core.text.search_terms import query_terms


def listing_for(scope: str, email: str, school: School, policy: Policy) -> Listing:
    """Return what an overview of that scope means for that person."""
    wanted = Scope(scope)
    mine = (("assignee", policy.registered(email)),) if wanted is Scope.MINE else ()
    if policy.second_level.member(email):
        return Listing(wanted, mine, by_school=True)
    own = next((s for s in (school, *policy.schools) if s.team.member(email)), None)
    if own is not None:
        return Listing(wanted, (("school", own.key), *mine))
    return Listing(wanted, requester=email)


def requested_listing(line: CommandLine, email: str, school: School, policy: Policy) -> Listing | None:
    """Return the tickets that a person's #list or #find asks for; None if it asks for none."""
    if line.command is not None and line.command.argument is Argument.WORDS:
        written = " ".join(line.args)
        words = query_terms(written)
        wanted = listing_for(Scope.ALL, email, school, policy)
        return replace(wanted, words=words, written=written, by_school=False) if words else None
    if line.command is not None and line.command.argument is Argument.SCOPE:
        found = scope_and_page(line.args)
        return replace(listing_for(found[0], email, school, policy), page=found[1]) if found else None
    return None


_PAGE_WORDS = frozenset({"seite", "page"})
_PAGES_MOST = 10_000


def scope_and_page(args: tuple[str, ...]) -> tuple[str, int] | None:
    """Read what follows #list: "closed 2", "closed", "2" or nothing; None if it cannot be understood."""
    words = [arg for arg in args if fold(arg) not in _PAGE_WORDS]
    number = words.pop() if words and words[-1].isdecimal() else "1"
    scope = table.scope(words.pop(0)) if words else "open"
    if words or scope is None or not 0 < int(number[:9]) <= _PAGES_MOST:
        return None
    return scope, int(number[:9])
