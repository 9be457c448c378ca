"""A letter as the message that travels: the same bytes each time, so that what is sent again is known as the same."""

from email.headerregistry import Address, HeaderRegistry, UniqueUnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, Policy
from email.utils import format_datetime, parseaddr

from matchmaker.notifications.models import Letter


class _Unbroken(UniqueUnstructuredHeader):
    """A header that travels as it is: the library would cut a long address into encoded pieces, which nobody reads."""

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self}{policy.linesep}"  # type: ignore[attr-defined]  # it is mixed into a header


_HEADERS = HeaderRegistry()
_HEADERS.map_to_type("list-unsubscribe", _Unbroken)  # type: ignore[arg-type]  # the stub forgets that classes are mixed
_POLICY = SMTP.clone(header_factory=_HEADERS)


def message_of(letter: Letter, sender: str) -> EmailMessage:
    """The message of a letter from `sender`, written as Name <address>."""
    name, address = parseaddr(sender)
    message = EmailMessage(policy=_POLICY)
    message["From"] = _mailbox(travelling(address), name)
    message["To"] = _mailbox(travelling(letter.address))
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(letter.created_at)
    message["Message-ID"] = f"<{letter.public_id}@{travelling(address).rpartition('@')[2]}>"
    # RFC 3834: nobody's holiday notice should answer.
    message["Auto-Submitted"] = "auto-generated"
    if letter.unsubscribe:
        # RFC 8058: the reader's mail program offers the button, and posts to the address by itself.
        message["List-Unsubscribe"] = f"<{letter.unsubscribe}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(letter.text, cte="base64")
    message.add_alternative(letter.html, subtype="html", cte="base64")
    message["Content-Language"] = letter.lang
    message.set_boundary(f"=_{letter.public_id}")
    return message


def _mailbox(address: str, name: str = "") -> Address:
    # Not by addr_spec, which refuses letters outside of ASCII before the @; a mail server may well take them.
    local, _, host = address.rpartition("@")
    return Address(name, username=local, domain=host)


def travelling(address: str) -> str:
    """The address with its host as mail servers know it: 例子.公司 is xn--fsqu00a.xn--55qx5d to them."""
    local, _, host = address.rpartition("@")
    try:
        return f"{local}@{host.encode('idna').decode('ascii')}"
    except UnicodeError:
        return address
