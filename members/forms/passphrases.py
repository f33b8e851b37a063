"""Passphrases: what is refused, and the forms in which one is chosen."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.password_validation import CommonPasswordValidator, validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from members.enums import Language
from members.models import Person
from members.queries import passphrases, zones

LONGEST = 200  # characters; a longer one only costs hashing
LONG_WORD = 5  # letters from which a word is found inside others too: "mali" is in "normality"


class ContextWordsValidator:
    """Refuses names that belong to this portal or to the person. For AUTH_PASSWORD_VALIDATORS."""

    def validate(self, password: str, user: Person | None = None) -> None:
        typed = passphrases.words(password)
        joined = "".join(typed)
        for word in passphrases.context_words(user):
            if word in typed or (len(word) >= LONG_WORD and word in joined):
                words = _(
                    "Choose other words: names of states, of the group, of the portal or your own are guessed first."
                )
                raise ValidationError(words, code="context_word")

    def get_help_text(self) -> str:
        return _("No names of states, of the group or of yourself.")


class PlainWordsValidator(CommonPasswordValidator):
    """Refuses common passphrases also with digits around them, or twice. For AUTH_PASSWORD_VALIDATORS."""

    def validate(self, password: str, user: Person | None = None) -> None:
        letters = "".join(passphrases.words(password))
        half = letters[: len(letters) // 2]
        if (
            password.isdigit()
            or len(set(password)) < LONG_WORD
            or {password.lower().strip(), letters} & self.passwords
            or (half * 2 == letters and half in self.passwords)
        ):
            raise ValidationError(_("This is one of the passphrases that are tried first."), code="too_common")


class PassphraseInput(forms.PasswordInput):
    def __init__(self, autocomplete: str = "new-password") -> None:
        super().__init__(attrs={"autocomplete": autocomplete, "spellcheck": "false"})


def _field(label: Any, autocomplete: str = "new-password", **options: Any) -> forms.CharField:
    return forms.CharField(
        label=label, max_length=LONGEST, strip=False, widget=PassphraseInput(autocomplete), **options
    )


class NewPassphraseForm(forms.Form):
    """Typed twice; the names of the fields say that they are never given back (``base.typed``).

    ``person`` may be a draft: her name and address must not be in the passphrase.
    """

    passphrase = _field(
        gettext_lazy("Passphrase"),
        help_text=gettext_lazy(
            "At least 12 characters. Four words that do not belong together are good; no names of states, of the "
            "group or of yourself."
        ),
    )
    passphrase_again = _field(gettext_lazy("The passphrase again"))

    def __init__(self, *args: Any, person: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = person

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        typed = cleaned.get("passphrase")
        if typed and cleaned.get("passphrase_again") and cleaned["passphrase_again"] != typed:
            self.add_error("passphrase_again", _("The two passphrases differ."))
        if typed:
            try:
                validate_password(typed, self.person)
            except ValidationError as error:
                self.add_error("passphrase", error)
        return cleaned


class AcceptForm(NewPassphraseForm):
    """What a new person says of herself: passphrase, language, zone (the likely one first)."""

    language = forms.ChoiceField(label=gettext_lazy("Language"), choices=Language.choices)
    zone = forms.ChoiceField(
        label=gettext_lazy("Time zone"), help_text=gettext_lazy("Times in mails to you are given in this zone.")
    )

    def __init__(self, *args: Any, likely_zone: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["zone"].choices = zones.choices(likely_zone)


class ChangePassphraseForm(NewPassphraseForm):
    old_passphrase = _field(gettext_lazy("Your passphrase until now"), "current-password")
    field_order = ("old_passphrase", "passphrase", "passphrase_again")

    def clean_old_passphrase(self) -> str:
        old = self.cleaned_data["old_passphrase"]
        if not self.person.check_password(old):
            raise ValidationError(_("This is not your passphrase."))
        return old


class ForgottenForm(forms.Form):
    email = forms.EmailField(
        label=gettext_lazy("E-mail address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username"}),
    )
