"""Codes, passkeys and passphrases as they are typed. Whether they are right is for the actions and for allauth."""

from __future__ import annotations

import json
from typing import Any

from allauth.account.forms import ReauthenticateForm
from allauth.mfa.totp.internal.auth import generate_totp_secret
from allauth.mfa.webauthn.forms import _BaseAddWebAuthnForm
from django import forms
from django.utils.translation import gettext_lazy as _

from iwg_portal.base import sealing
from members.models import Person

SETUP_SECONDS = 900


class _CodeField(forms.CharField):
    def __init__(self, **kwargs: Any) -> None:
        attributes = {"autocomplete": "one-time-code", "autocapitalize": "none", "spellcheck": "false"}
        super().__init__(label=_("Code"), max_length=20, widget=forms.TextInput(attrs=attributes), **kwargs)


class CodeForm(forms.Form):
    """A code of her app, or a recovery code."""

    code = _CodeField(help_text=_("Six digits from your app, or eight from your list of recovery codes."))

    def __init__(self, *args: Any, user: Person | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)


class NewAppForm(forms.Form):
    """The first code of a new app.

    Its secret travels in the form, encrypted for this person and for fifteen minutes, so that looking at the page
    writes nothing on the server.
    """

    code = _CodeField(help_text=_("The six digits that the app shows now."))
    sealed = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, person: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = person
        self.secret = self._given() if self.is_bound else ""
        if not self.secret:
            self.secret = generate_totp_secret()
            self.late = self.is_bound
            self._seal()

    def _given(self) -> str:
        try:
            found = json.loads(sealing.unseal(self.data.get("sealed", ""), SETUP_SECONDS))
        except (sealing.NotOpened, ValueError):
            return ""
        return found["secret"] if found.get("person") == self.person.pk else ""

    def _seal(self) -> None:
        sealed = sealing.seal(json.dumps({"person": self.person.pk, "secret": self.secret}))
        self.initial["sealed"] = sealed
        if self.is_bound:
            self.data = self.data.copy()
            self.data["sealed"] = sealed

    def clean(self) -> dict[str, Any]:
        if getattr(self, "late", False):
            self.add_error("code", _("This page was open for too long. Scan the new picture and try again."))
        return super().clean() or {}


class NewPasskeyForm(_BaseAddWebAuthnForm):
    """What the browser answered when it made a passkey; allauth verifies it against this session's question."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _("Name")
        self.fields["name"].help_text = _("So that you can tell it from others, such as “telephone”.")
        self.fields["name"].max_length = 60
        self.fields["name"].widget.attrs["maxlength"] = 60

    def clean_name(self) -> str:
        return super().clean_name()[:60]


class PassphraseAgainForm(ReauthenticateForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["password"]
        field.label, field.help_text = _("Passphrase"), ""
        field.widget.attrs.pop("placeholder", None)


class AskFactorResetForm(forms.Form):
    email = forms.EmailField(label=_("E-mail address of the person"), max_length=254)
