"""What the mails of this app say, one function per message; and what this app adds to every mail."""

from members.notices.audit import audit_head
from members.notices.frame import group
from members.notices.joining import decided, invited, proposed
from members.notices.passphrases import passphrase_changed, passphrase_link
from members.notices.security import data_token_made, factor_changed, factor_reset, new_device

__all__ = [
    "audit_head",
    "data_token_made",
    "decided",
    "factor_changed",
    "factor_reset",
    "group",
    "invited",
    "new_device",
    "passphrase_changed",
    "passphrase_link",
    "proposed",
]
