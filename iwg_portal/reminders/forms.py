"""The steps of one kind of reminder, as days before and after, and the words that the secretariat adds; and what
somebody chooses of her digests."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import ProhibitNullCharactersValidator
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from iwg_portal.base.uploads.detector import no_passenger_data
from iwg_portal.reminders import plans
from iwg_portal.reminders.digests import follows, only, topics
from iwg_portal.reminders.enums import Cadence
from iwg_portal.reminders.models import MOST_STEPS, DigestChoice
from iwg_portal.reminders.plans import Kept

LONGEST = 365
NOTES = {
    "en": gettext_lazy("Words of the secretariat, in English"),
    "fr": gettext_lazy("Words of the secretariat, in French"),
    "pt": gettext_lazy("Words of the secretariat, in Portuguese"),
}
SENTENCES = {
    "en": gettext_lazy("Instead, in English"),
    "fr": gettext_lazy("Instead, in French"),
    "pt": gettext_lazy("Instead, in Portuguese"),
}


class PlanForm(forms.Form):
    """Only the fields that mean something for this kind. ``offsets`` and ``every``, once it is valid."""

    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    before = forms.CharField(
        label=gettext_lazy("Days before"),
        required=False,
        max_length=100,
        help_text=gettext_lazy("Numbers with commas between them, for instance 14, 3. Empty: not before."),
    )
    on_the_day = forms.BooleanField(label=gettext_lazy("On the day itself"), required=False)
    after = forms.CharField(
        label=gettext_lazy("Days after"),
        required=False,
        max_length=100,
        help_text=gettext_lazy("Numbers with commas between them, for instance 7, 14. Empty: not after."),
    )
    every = forms.IntegerField(
        label=gettext_lazy("Then again every … days"),
        required=False,
        min_value=0,
        max_value=LONGEST,
        help_text=gettext_lazy("Counted from the last step. Empty or 0: no more after it."),
    )

    def __init__(self, kept: Kept, data: Any = None) -> None:
        row, steps = kept.row, kept.steps
        offsets = steps.offsets if steps else ()
        initial = {
            "version": kept.version,
            "before": ", ".join(str(-day) for day in offsets if day < 0),
            "on_the_day": 0 in offsets,
            "after": ", ".join(str(day) for day in offsets if day > 0),
            "every": steps.every if steps else 0,
            **{f"note_{language}": getattr(row, f"note_{language}", "") for language in NOTES},
        }
        super().__init__(data, initial=initial)
        for language, label in NOTES.items():
            self.fields[f"note_{language}"] = forms.CharField(
                label=label,
                required=False,
                max_length=300,
                widget=forms.TextInput(attrs={"lang": language}),
                validators=[ProhibitNullCharactersValidator(), no_passenger_data],
            )
        self.says = kept.reminder.says
        held = kept.sentences
        for name, ours in self.says.items():
            for language, label in SENTENCES.items():
                with translation.override(language):
                    text = plans.written(ours)
                self.fields[f"says_{name}_{language}"] = forms.CharField(
                    label=label,
                    required=False,
                    max_length=300,
                    initial=getattr(held.get(name), f"text_{language}", ""),
                    help_text=_("The portal’s own: %(text)s") % {"text": text},
                    widget=forms.TextInput(attrs={"lang": language}),
                    validators=[ProhibitNullCharactersValidator(), no_passenger_data],
                )
        self.usual = kept.reminder.steps
        if not self.usual or self.usual.lowest >= 0:
            del self.fields["before"]
        if not self.usual or self.usual.highest <= 0:
            del self.fields["after"], self.fields["every"]
        if not self.usual or not self.usual.lowest <= 0 <= self.usual.highest:
            del self.fields["on_the_day"]

    def clean_before(self) -> list[int]:
        assert self.usual is not None
        return [-day for day in _days(self.cleaned_data["before"], max(1, -self.usual.highest), -self.usual.lowest)]

    def clean_after(self) -> list[int]:
        assert self.usual is not None
        return _days(self.cleaned_data["after"], max(1, self.usual.lowest), self.usual.highest)

    def clean(self) -> dict[str, Any]:
        found = self.cleaned_data
        notes = [found.get(f"note_{language}") for language in NOTES]
        if any(notes) and not all(notes):
            for language in NOTES:
                if f"note_{language}" in found and not found[f"note_{language}"]:
                    self.add_error(f"note_{language}", _("Write it in all three languages, or in none."))
        for name in self.says:
            self._check_sentence(name)
        if self.usual and not self.errors:
            days = {*found.get("before", ()), *found.get("after", ()), *((0,) if found.get("on_the_day") else ())}
            if not days:
                raise ValidationError(_("Give at least one step: without any, nobody would be reminded."))
            if len(days) > MOST_STEPS:
                raise ValidationError(_("At most %(most)s steps.") % {"most": MOST_STEPS})
            found["offsets"] = sorted(days)
        return found

    def _check_sentence(self, name: str) -> None:
        """In all three languages or in none, each with all places of the portal's own, and no other."""
        texts = {field: self.cleaned_data.get(field) for field in self._of(name)}
        wanted = plans.places(self.says[name])
        if not any(texts.values()):
            return
        for field, text in texts.items():
            if field not in self.cleaned_data:
                continue
            there = plans.places_in(text or "")
            missing = [f"{{{place}}}" for place in wanted if place not in there]
            strange = [f"{{{place}}}" for place in there if place not in wanted]
            if not text:
                self.add_error(field, _("Write it in all three languages, or in none."))
            elif missing:
                words = _("Say also %(places)s: the portal puts a date, a number or a name there.")
                self.add_error(field, words % {"places": ", ".join(missing)})
            elif strange:
                words = _("The portal has nothing to put in place of %(places)s in this sentence.")
                self.add_error(field, words % {"places": ", ".join(strange)})

    @staticmethod
    def _of(name: str) -> dict[str, str]:
        return {f"says_{name}_{language}": language for language in SENTENCES}

    @property
    def plain_fields(self) -> list[forms.BoundField]:
        """All but the sentences."""
        return [field for field in self if not field.name.startswith("says_")]

    @property
    def sentence_fields(self) -> list[list[forms.BoundField]]:
        """Three of each sentence."""
        return [[self[field] for field in self._of(name)] for name in self.says]

    @property
    def has_own_sentences(self) -> bool:
        """Something is written there, or wrong: the part is shown open."""
        return any(field.value() or field.errors for fields in self.sentence_fields for field in fields)

    @property
    def sentences(self) -> dict[str, dict[str, str]]:
        found = {
            name: {language: self.cleaned_data[field] for field, language in self._of(name).items()}
            for name in self.says
        }
        return {name: texts for name, texts in found.items() if any(texts.values())}

    @property
    def notes(self) -> dict[str, str]:
        return {language: self.cleaned_data[f"note_{language}"] for language in NOTES}


def _days(text: str, least: int, most: int) -> list[int]:
    """Raises ``ValidationError`` that names what is not a number of days."""
    parts = [part for part in re.split(r"[,;\s]+", text) if part]
    for part in parts:
        if not (part.isascii() and part.isdigit() and least <= int(part) <= most):
            said = {"part": part[:20], "least": least, "most": most}
            raise ValidationError(_("“%(part)s” is not a number of days from %(least)s to %(most)s.") % said)
    return [int(part) for part in parts]


class DigestForm(forms.Form):
    """How often, and of what. Whoever has chosen nothing yet finds every topic ticked and no digest chosen."""

    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    cadence = forms.ChoiceField(
        label=gettext_lazy("How often"),
        choices=Cadence.choices,
        widget=forms.RadioSelect,
        help_text=gettext_lazy("On the first working day of the week or month, in the morning by your clocks."),
        error_messages={
            "required": gettext_lazy("Choose how often."),
            "invalid_choice": gettext_lazy("Choose how often."),
        },
    )
    topics = forms.MultipleChoiceField(
        label=gettext_lazy("Topics"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": gettext_lazy("Choose topics of this list.")},
    )

    def __init__(self, choice: DigestChoice | None, person: Any, data: Any = None) -> None:
        names = [(one.name, one.title) for one in topics()]
        initial = {
            "version": choice.version if choice else 0,
            "cadence": choice.cadence if choice else Cadence.NONE,
            "topics": choice.topics if choice else [name for name, _title in names],
        }
        super().__init__(data, initial=initial)
        self.fields["topics"].choices = names  # type: ignore[attr-defined]
        self.follows = {f"follow_{one.name}": one for one in follows()}
        kept = only(choice.followed if choice else ())
        for name, one in self.follows.items():
            choices = list(one.choices(person))
            self.fields[name] = forms.MultipleChoiceField(
                label=str(one.title),
                choices=choices,
                required=False,
                # What has gone meanwhile cannot be ticked, and is given up with the next press.
                initial=[value for value, _words in choices if value in kept.get(one.name, ())],
                widget=forms.CheckboxSelectMultiple,
                error_messages={"invalid_choice": _("Choose from this list.")},
            )

    @property
    def follow_fields(self) -> list[tuple[Any, int]]:
        """Each with how many are ticked."""
        return [(self[name], len(self[name].value() or ())) for name in self.follows]

    def values(self) -> dict[str, Any]:
        """As the action takes them."""
        found = self.cleaned_data
        followed = [one.key(value) for name, one in self.follows.items() for value in found[name]]
        same = {name: found[name] for name in ("cadence", "topics", "version")}
        return {**same, "followed": followed}

    def clean(self) -> dict[str, Any]:
        found = self.cleaned_data
        wanted = found.get("cadence") not in (None, Cadence.NONE)
        if wanted and "topics" in found and not found["topics"]:
            self.add_error("topics", _("Choose at least one topic: without any, there is nothing to tell."))
        return found
