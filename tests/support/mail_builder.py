"""Raw mails for tests, built by hand so that they can be as malformed as real ones."""

import base64
from dataclasses import dataclass, field


def mail() -> "MailBuilder":
    """Create an ordinary mail of a teacher to the school's support address."""
    return MailBuilder()


@dataclass
class MailBuilder:
    """Collects the parts of a mail; every method returns the builder."""

    fields: dict[str, str] = field(
        default_factory=lambda: {
            "From": "Lena Lehrerin <lena@schule.example>",
            "To": "support-gym@schule.example",
            "Subject": "Beamer in Raum 204 defekt",
            "Date": "Mon, 23 Nov 2026 10:00:00 +0100",
            "Message-ID": "<1@schule.example>",
            "MIME-Version": "1.0",
        }
    )
    bodies: list[tuple[str, str]] = field(default_factory=list)
    files: list[tuple[str, bytes, str, str]] = field(default_factory=list)

    def header(self, name: str, value: str) -> "MailBuilder":
        """Set a header field; "" removes it. The value is written unencoded (UTF-8)."""
        self.fields.pop(name, None)
        if value:
            self.fields[name] = value
        return self

    def sender(self, value: str) -> "MailBuilder":
        """Set From."""
        return self.header("From", value)

    def to(self, *addresses: str) -> "MailBuilder":
        """Set To."""
        return self.header("To", ", ".join(addresses))

    def cc(self, *addresses: str) -> "MailBuilder":
        """Set Cc."""
        return self.header("Cc", ", ".join(addresses))

    def subject(self, value: str) -> "MailBuilder":
        """Set Subject."""
        return self.header("Subject", value)

    def message_id(self, value: str) -> "MailBuilder":
        """Set Message-ID, with its angle brackets."""
        return self.header("Message-ID", value)

    def reply_to(self, message_id: str) -> "MailBuilder":
        """Make it an answer to the mail of that Message-ID."""
        return self.header("In-Reply-To", message_id).header("References", message_id)

    def proven(self, server: str = "mx.schule.example") -> "MailBuilder":
        """Add the result of the receiving server that From is authentic."""
        return self.header("Authentication-Results", f"{server}; dmarc=pass")

    def text(self, text: str) -> "MailBuilder":
        """Add a plain text body."""
        self.bodies.append(("plain", text))
        return self

    def html(self, markup: str) -> "MailBuilder":
        """Add an HTML body."""
        self.bodies.append(("html", markup))
        return self

    def attach(
        self, filename: str, content: bytes, content_type: str = "application/octet-stream", cid: str = ""
    ) -> "MailBuilder":
        """Add an attachment, or with a Content-ID an inline picture."""
        self.files.append((filename, content, content_type, cid))
        return self

    def build(self) -> bytes:
        """Return the raw mail with CRLF line ends."""
        head = "".join(f"{name}: {value}\n" for name, value in self.fields.items())
        return (head + self._content()).replace("\n", "\r\n").encode()

    def _content(self) -> str:
        bodies = [_part(f"text/{kind}; charset=utf-8", text.encode()) for kind, text in self.bodies]
        content = _multipart("alternative", bodies) if len(bodies) > 1 else "".join(bodies) or "\n"
        if not self.files:
            return content
        return _multipart("mixed", [content, *(_file(*file) for file in self.files)])


def _part(content_type: str, content: bytes, more: str = "") -> str:
    encoded = base64.encodebytes(content).decode()
    return f"Content-Type: {content_type}\nContent-Transfer-Encoding: base64\n{more}\n{encoded}"


def _file(filename: str, content: bytes, content_type: str, cid: str) -> str:
    kind = "inline" if cid else "attachment"
    more = f'Content-Disposition: {kind}; filename="{filename}"\n' + (f"Content-ID: <{cid}>\n" if cid else "")
    return _part(content_type, content, more)


def _multipart(subtype: str, parts: list[str]) -> str:
    boundary = f"=_{subtype}"
    inner = "".join(f"--{boundary}\n{part}\n" for part in parts)
    return f'Content-Type: multipart/{subtype}; boundary="{boundary}"\n\n{inner}--{boundary}--\n'
