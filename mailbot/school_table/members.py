"""The members of a team in one cell of a table: "Name <a@b>, c@d; Muster, Erik <e@f>"."""

from collections.abc import Iterator

from mailbot.addresses import stored_address
from mailbot.config.model import person_table

_ALWAYS = ";\n\r"


def members_of(cell: str, before: object) -> list[object]:
    """Return the members in TOML that a cell names.

    A member who was in the team `before` stays as they are, with aliases, and in their place; they get
    another name if the cell has one. The others come after them. The form reports values that are no members.
    """
    named: dict[str, tuple[str, str]] = {}
    for part in _parts(cell):
        table = _table(part)
        named.setdefault(stored_address(table["address"]), (table["address"], table.get("name", "")))
    kept = [
        _renamed(member, named.pop(address)[1])
        for member in (before if isinstance(before, list) else [])
        if (address := stored_address(_address(member))) in named
    ]
    return [*kept, *(f"{name} <{address}>" if name else address for address, name in named.values())]


def format_members(value: object) -> str:
    """Return the cell of the members of a team; its names are shown, its aliases are not."""
    members = value if isinstance(value, list) else []
    return ", ".join(_shown(_table(member)) for member in members)


def _shown(table: dict[str, str]) -> str:
    name, address = table.get("name", ""), table["address"]
    if not name:
        return address
    return f'"{name}" <{address}>' if any(c in name for c in ",;\n\r@") else f"{name} <{address}>"


def _table(member: object) -> dict[str, str]:
    """Return the address and the name of a member; of a wrong type, texts that the form reports."""
    table = person_table(member)
    found = table if isinstance(table, dict) else {}
    return {key: str(found[key]).strip() for key in ("address", "name") if key in found} | (
        {} if "address" in found else {"address": str(member)}
    )


def _address(member: object) -> str:
    return _table(member)["address"]


def _renamed(member: object, name: str) -> object:
    if not name or name == _table(member).get("name", ""):
        return member
    if isinstance(member, dict):
        return {**member, "name": name}
    return f"{name} <{_address(member)}>"


def _parts(cell: str) -> Iterator[str]:
    """Yield the members of a cell.

    A semicolon and a line break end a member, and so does a comma behind an address: that of "Muster, Erik
    <e@f>" is a part of the name. A name that begins with a quotation mark may contain them.
    """
    begin, quoted, addressed = 0, False, False
    for index, character in enumerate(cell):
        if character == '"' and (quoted or not cell[begin:index].strip()):
            quoted = not quoted
        elif quoted:
            continue
        elif character in _ALWAYS or (character == "," and addressed):
            yield from _not_empty(cell[begin:index])
            begin, addressed = index + 1, False
        addressed = addressed or character == "@"
    yield from _not_empty(cell[begin:])


def _not_empty(part: str) -> Iterator[str]:
    if text := part.strip(" \t,"):
        yield text
