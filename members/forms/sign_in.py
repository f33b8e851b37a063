"""Shape and validity of what people type about themselves."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import LoginForm
from django.utils.translation import gettext_lazy as _


class SignInForm(LoginForm):
    """allauth's form with this portal's words; allauth has none in Portuguese."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        address, passphrase = self.fields["login"], self.fields["password"]
        address.label, passphrase.label = _("E-mail address"), _("Passphrase")
        passphrase.help_text = ""
        for field in (address, passphrase):
            field.widget.attrs.pop("placeholder", None)
        address.widget.attrs["autocomplete"] = "username"

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if self.user is not None and not self.user.is_active:
            # Like a wrong passphrase: a closed account is nobody's business.
            raise get_adapter().validation_error("email_password_mismatch")
        return cleaned
