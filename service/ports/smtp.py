"""E-mail by SMTP with STARTTLS and a login, and the delivery notices (RFC 3464) that come back to a Maildir.

SMTP cannot take a letter twice and count it once. So the letter tells when its content begins to leave: whoever dies
between that and the server's answer leaves a letter of which nobody knows, and a person asks before it goes again.
Where the server refuses the content, or the connection breaks before it began, it surely did not take the letter.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Final

from evidence.canonical import sha256_hex
from service.ports.channels import ChannelDown, Handed, Letter, PerhapsSent, Receipt, Refused

TIMEOUT_S: Final = 15.0
PERMANENT: Final = 500  # an SMTP reply of 5xx speaks of this letter for good (RFC 5321, 4.2.1)
SUCCESS: Final = 2  # first digit of a reply, RFC 5321, 4.2.1
LOGIN_FAILED: Final = frozenset({530, 534, 535, 538})  # of us, not of the letter


@dataclass(frozen=True, slots=True)
class Mailer:
    """A mail server.

    Attributes:
        host, port: of the submission service.
        sender: who it comes from; bounces go there.
        user, password: of the login; None where the server asks none.
        ca_file: certificates to trust instead of the system's.
        bounces: Maildir that the sender's post is put into; None where nobody reads it.
    """

    host: str
    port: int
    sender: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: Path | None = None
    bounces: Path | None = None
    name: str = "email"

    def send(self, letter: Letter) -> Handed:
        """Hand a letter over, its document attached; never without TLS."""
        message_id = f"<{letter.key}@{self.sender.rpartition('@')[2]}>"
        self._hand_over(self._message(letter, message_id), letter.to, letter.key, letter.leaving)
        return Handed(message_id)

    def notify(self, to: str, subject: str, text: str, name: str, content: bytes) -> None:
        """Send a JSON file to an office, with no notice of delivery asked for; fails as `send`."""
        message = self._envelope(to, subject)
        message["Message-ID"] = f"<{sha256_hex(content)[:32]}@{self.sender.rpartition('@')[2]}>"
        message.set_content(text)
        message.add_attachment(content, maintype="application", subtype="json", filename=name)
        self._hand_over(message, to, None, lambda: None)

    def tell(
        self, to: str, subject: str, text: str, key: str, picture: bytes | None = None, *, follows: str | None = None
    ) -> None:
        """Send a message about an alarm, urgent, perhaps with a JPEG; fails as `send`.

        Args:
            to: address.
            subject: one line.
            text: what it says.
            key: makes the Message-ID, the same at every attempt.
            picture: a JPEG.
            follows: the key of the message that this one belongs to, so that programs show them together.
        """
        domain = self.sender.rpartition("@")[2]
        message = self._envelope(to, subject)
        message["Message-ID"] = f"<{key}@{domain}>"
        if follows is not None:
            message["In-Reply-To"] = message["References"] = f"<{follows}@{domain}>"
        message["Importance"] = "high"
        message.set_content(text)
        if picture is not None:
            message.add_attachment(picture, maintype="image", subtype="jpeg", filename="alarm.jpg")
        self._hand_over(message, to, None, lambda: None)

    def _hand_over(self, message: EmailMessage, to: str, key: str | None, leaving: Callable[[], None]) -> None:
        left = False
        try:
            with smtplib.SMTP(self.host, self.port, timeout=TIMEOUT_S) as server:
                server.starttls(context=ssl.create_default_context(cafile=self.ca_file and str(self.ca_file)))
                server.ehlo()
                if self.user is not None:
                    server.login(self.user, self.password or "")
                tells = key is not None and server.has_extn("dsn")
                wanted = ["RET=HDRS", f"ENVID={key}"] if tells else []
                asked = ["NOTIFY=SUCCESS,FAILURE"] if tells else []
                _accepted(server.mail(self.sender, wanted))
                _accepted(server.rcpt(to, asked))
                content = message.as_bytes(policy=policy.SMTP)
                leaving()
                left = True
                _accepted(server.data(content))
                left = False
                with suppress(smtplib.SMTPException, OSError):  # it has the letter, whatever it answers to this
                    server.quit()
        except smtplib.SMTPResponseException as error:
            left = False  # the server has answered: it did not take it
            raise _judged(error.smtp_code) from None
        except smtplib.SMTPNotSupportedError:
            raise ChannelDown("no_tls") from None
        except ssl.SSLError:
            raise ChannelDown("tls_untrusted") from None
        except socket.timeout:  # noqa: UP041 - an OSError that says more than the next line
            raise PerhapsSent if left else ChannelDown("timeout") from None
        except (smtplib.SMTPException, OSError):
            raise PerhapsSent if left else ChannelDown("no_connection") from None
        except ValueError:
            raise Refused("address_malformed") from None

    def receipts(self) -> Iterator[Receipt]:
        """Delivery notices in the Maildir; post that is none stays there for its reader."""
        folder = self.bounces
        for path in sorted(folder.glob("new/*")) if folder is not None else ():
            found = receipt_of(path.read_bytes())
            if found is not None:
                yield found.model_copy(update={"receipt": path.name[:128]})

    def seen(self, receipt: Receipt) -> None:
        """Put a notice among the read ones."""
        if self.bounces is None:
            return
        path = self.bounces / "new" / receipt.receipt
        if path.exists():
            (self.bounces / "cur").mkdir(exist_ok=True)
            path.rename(self.bounces / "cur" / f"{path.name}:2,S")

    def _envelope(self, to: str, subject: str) -> EmailMessage:
        message = EmailMessage(policy=policy.SMTP)
        message["From"] = Address(addr_spec=self.sender)
        try:
            message["To"] = Address(addr_spec=to)
        except (ValueError, HeaderParseError):
            raise Refused("address_malformed") from None
        message["Subject"] = subject
        message["Date"] = datetime.now(UTC)
        message["Auto-Submitted"] = "auto-generated"
        return message

    def _message(self, letter: Letter, message_id: str) -> EmailMessage:
        message = self._envelope(letter.to, letter.subject)
        message["Message-ID"] = message_id
        message.set_content(letter.text)
        message.add_attachment(
            letter.document, maintype="application", subtype="pdf", filename=f"{letter.document_no}.pdf"
        )
        return message


def receipt_of(raw: bytes) -> Receipt | None:
    """What a delivery notice (RFC 3464) says of one of our letters; None where it is no such notice."""
    message = message_from_bytes(raw, policy=policy.default)
    if message.get_content_type() != "multipart/report":
        return None
    fields: dict[str, str] = {}
    for part in message.walk():
        if part.get_content_type() == "message/delivery-status":
            for group in part.get_payload():
                fields |= {name.lower(): str(value) for name, value in group.items()}  # type: ignore[union-attr]
    key, action = fields.get("original-envelope-id", "").strip(), fields.get("action", "").strip().lower()
    if not key or action not in {"delivered", "failed"}:
        return None
    status = fields.get("status", "").split()
    try:
        time = parsedate_to_datetime(str(message["Date"]))
    except (TypeError, ValueError):
        return None
    return Receipt(
        receipt=sha256_hex(raw),
        key=key,
        kind="delivered" if action == "delivered" else "undeliverable",
        time=time if time.tzinfo else time.replace(tzinfo=UTC),
        reason=f"smtp_{status[0][:12].replace('.', '_')}" if status and action == "failed" else None,
    )


def _accepted(reply: tuple[int, bytes]) -> None:
    """Go on after a reply of 2xx only."""
    code, words = reply
    if code // 100 != SUCCESS:
        raise smtplib.SMTPResponseException(code, words)


def _judged(code: int) -> ChannelDown | Refused:
    down = code < PERMANENT or code in LOGIN_FAILED
    return ChannelDown(f"smtp_{code}") if down else Refused(f"smtp_{code}")
