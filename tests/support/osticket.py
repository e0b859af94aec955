"""An old help desk for tests: the database of an osTicket, filled step by step."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SCHEMA = Path(__file__).with_name("osticket.sql")
SUBJECT, PRIORITY = 1, 3  # the fields of the ticket form
STATES = {"open": 1, "closed": 2, "archived": 3, "deleted": 4}


@dataclass
class OsTicketDatabase:
    """Writes rows as osTicket does; what is named is made when it is first named."""

    connection: Any
    made: dict[tuple[str, str], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for statement in SCHEMA.read_text("utf-8").split(";\n"):
            if statement.strip():
                self._run(statement)

    def ticket(self, number: str, subject: str, **what: Any) -> int:
        """Write a ticket; return the number of its thread."""
        row = {
            "number": number,
            "user_id": self.user(
                what.get("requester", "lena@schule.example"), what.get("name", "Lena Lehrerin")
            ),
            "status_id": STATES[what.get("state", "open")],
            "dept_id": self._named(
                "department", what.get("department", "Gymnasium Marienschule"), signature=""
            ),
            "staff_id": self.agent(what["agent"]) if "agent" in what else 0,
            "team_id": self._named("team", what["team"]) if "team" in what else 0,
            "email_id": self._email(what.get("mailbox", "support-gym@schule.example")),
            "duedate": what.get("due"),
            "closed": what.get("closed"),
            "created": what.get("created", "2026-03-02 08:15:00"),
        }
        ticket = self._insert("ticket", **row)
        entry = self._insert("form_entry", form_id=2, object_id=ticket)
        self._insert("form_entry_values", entry_id=entry, field_id=SUBJECT, value=subject)
        priority = what.get("priority", 2)
        self._insert("form_entry_values", entry_id=entry, field_id=PRIORITY, value="", value_id=priority)
        return self._insert("thread", object_id=ticket, object_type="T")

    def entry(self, thread: int, kind: str, body: str, **what: Any) -> int:
        """Write an entry of a thread: "M" of a user, "R" or "N" of an agent; return its number."""
        people = (
            {"staff_id": self.agent(what["agent"])}
            if "agent" in what
            else {"user_id": self.user(what.get("user", "lena@schule.example"), "Lena Lehrerin")}
        )
        entry = self._insert(
            "thread_entry",
            thread_id=thread,
            type=kind,
            flags=what.get("flags", 0),
            title=what.get("title", ""),
            body=body,
            format=what.get("format", "html"),
            created=what.get("created", "2026-03-02 08:15:00"),
            **people,
        )
        if "mid" in what:
            self._insert("thread_entry_email", thread_entry_id=entry, mid=what["mid"])
        return entry

    def file(self, entry: int, name: str, content: bytes, content_type: str, **what: Any) -> None:
        """Attach a file to an entry; `key` makes it a picture within the text."""
        key = what.get("key", "")
        file = self._insert(
            "file", bk=what.get("bk", "D"), type=content_type, size=len(content), key=key, name=name
        )
        for number, start in enumerate(range(0, len(content), 1000)):
            piece = content[start : start + 1000]
            self._insert("file_chunk", file_id=file, chunk_id=number, filedata=piece)
        self._insert("attachment", object_id=entry, type="H", file_id=file, inline=int(bool(key)))

    def collaborator(self, thread: int, address: str) -> None:
        """Put somebody in copy."""
        self._insert("thread_collaborator", thread_id=thread, user_id=self.user(address, ""))

    def user(self, address: str, name: str) -> int:
        """Return a user's number."""
        if ("user", address) not in self.made:
            user = self._insert("user", default_email_id=0, name=name)
            email = self._insert("user_email", user_id=user, address=address)
            self._run("UPDATE ost_user SET default_email_id = %s WHERE id = %s", email, user)
            self.made["user", address] = user
        return self.made["user", address]

    def agent(self, address: str) -> int:
        """Return an agent's number."""
        first, _, last = address.partition("@")[0].partition(".")
        return self._named("staff", address, "email", username=address[:32], firstname=first, lastname=last)

    def _email(self, address: str) -> int:
        return self._named("email", address, "email")

    def _named(self, table: str, name: str, column: str = "name", **more: Any) -> int:
        if (table, name) not in self.made:
            self.made[table, name] = self._insert(table, **{column: name}, **more)
        return self.made[table, name]

    def _insert(self, table: str, **row: Any) -> int:
        columns, places = ", ".join(f"`{name}`" for name in row), ", ".join(["%s"] * len(row))
        return self._run(f"INSERT INTO ost_{table} ({columns}) VALUES ({places})", *row.values())  # noqa: S608

    def _run(self, statement: str, *values: Any) -> int:
        with self.connection.cursor() as cursor:
            cursor.execute(statement, values or None)
            return int(cursor.lastrowid or 0)
