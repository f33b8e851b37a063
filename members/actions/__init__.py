from members.actions.audit import mail_audit_head, verify_log
from members.actions.data_tokens import end_data_token, end_data_tokens, make_data_token
from members.actions.factor_resets import ask_factor_reset, confirm_factor_reset, withdraw_factor_reset
from members.actions.factors import add_app, add_passkey, remove_factor, renew_codes, reveal_codes, show_code
from members.actions.joining import accept_invitation, decline, grant, propose, revoke, send_again, withdraw
from members.actions.leaving import (
    change_delegation,
    confirm_people,
    deactivate,
    end_term,
    lapse_unconfirmed,
    reactivate,
)
from members.actions.parked import discard_old_parked, discard_parked, park_text
from members.actions.passphrases import ask_for_passphrase, change_passphrase, set_passphrase_by_link
from members.actions.people import add_person, change_own_details, choose_language, try_address_again
from members.actions.reference import load_group, load_states
from members.actions.retention import apply_retention
from members.actions.sessions import (
    begin_session,
    end_other_sessions,
    end_session,
    end_sessions,
    follow_session,
    forget_ended_sessions,
)

__all__ = [
    "accept_invitation",
    "add_app",
    "add_passkey",
    "add_person",
    "apply_retention",
    "ask_factor_reset",
    "ask_for_passphrase",
    "begin_session",
    "change_delegation",
    "change_own_details",
    "change_passphrase",
    "choose_language",
    "confirm_factor_reset",
    "confirm_people",
    "deactivate",
    "decline",
    "discard_old_parked",
    "discard_parked",
    "end_data_token",
    "end_data_tokens",
    "end_other_sessions",
    "end_session",
    "end_sessions",
    "forget_ended_sessions",
    "follow_session",
    "end_term",
    "grant",
    "lapse_unconfirmed",
    "load_group",
    "load_states",
    "mail_audit_head",
    "make_data_token",
    "park_text",
    "propose",
    "reactivate",
    "remove_factor",
    "renew_codes",
    "reveal_codes",
    "revoke",
    "send_again",
    "set_passphrase_by_link",
    "show_code",
    "try_address_again",
    "verify_log",
    "withdraw",
    "withdraw_factor_reset",
]
