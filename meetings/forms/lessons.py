"""A lesson as it is typed: its words, its facts, who reads it; a translation; the approval; a file."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.utils.choices import flatten_choices
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from capabilities.queries import framework as texts
from iwg_portal.base.marks import colon, tlp
from iwg_portal.base.uploads.detector import no_passenger_data
from meetings.enums import CostBand, Theme, Transferable
from meetings.forms.line import Line
from meetings.models import AgendaItem
from meetings.queries.lessons import TELLS_ITEM, WORDS, tells_item
from members.access import reaches
from members.enums import Audience, Language
from members.forms.documents import CheckedFileField
from members.models import State, StoredFile

MOST = 10_000  # characters of one field
GROUP = "group"  # as the owner: no state


class ProseField(forms.CharField):
    """Paragraphs and lists, as Markdown."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            max_length=MOST,
            validators=[no_passenger_data],
            widget=forms.Textarea(attrs={"rows": 5, "dir": "auto"}),
            **kwargs,
        )

    def to_python(self, value: Any) -> str:
        text = unicodedata.normalize("NFC", str(value or "")).replace("\r\n", "\n").replace("\r", "\n")
        return super().to_python(text) or ""


class WordsForm(forms.Form):
    """The words of a lesson, and the version of it that the writer has seen. ``FACTS``: what is asked besides, and what
    another person may have changed meanwhile."""

    FACTS: tuple[str, ...] = ()

    title = Line(
        label=gettext_lazy("Title"),
        max_length=200,
        widget=forms.TextInput(attrs={"dir": "auto"}),
        help_text=gettext_lazy("What was learned, in one line."),
        error_messages={"required": gettext_lazy("Give the lesson a title.")},
    )
    problem = ProseField(
        label=gettext_lazy("The problem"),
        help_text=gettext_lazy("What did not work, and for whom. No passenger data, no names on lists."),
        error_messages={"required": gettext_lazy("Say what the problem was.")},
    )
    done = ProseField(
        label=gettext_lazy("What was done"),
        error_messages={"required": gettext_lazy("Say what was done.")},
    )
    result = ProseField(label=gettext_lazy("What came of it"), required=False)
    prerequisites = ProseField(
        label=gettext_lazy("What it takes"),
        required=False,
        help_text=gettext_lazy("Law, people, systems, time: what another state needs before it can do the same."),
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput, min_value=0, max_value=2**31 - 1)

    @property
    def words(self) -> dict[str, str]:
        return {name: self.cleaned_data[name] for name in WORDS}

    @property
    def seen(self) -> int:
        """The version that she has seen; -1, which fits none, where the form has lost it."""
        held = self.cleaned_data.get("version")
        return -1 if held is None else held

    @property
    def facts_held(self) -> list[tuple[str, str]]:
        """(label, words) of each fact that stands on the server otherwise than it was typed."""
        changed = [name for name in self.FACTS if name in self.changed_data]
        return [(str(self.fields[name].label), self._in_words(name, self.initial.get(name))) for name in changed]

    def _in_words(self, name: str, value: Any) -> str:
        if name == "audience":
            return str(Audience(value).label)
        if isinstance(value, bool):
            return _("yes") if value else _("no")
        labels = {str(key): str(label) for key, label in flatten_choices(self.fields[name].choices)}  # type: ignore[attr-defined]
        chosen = value if isinstance(value, list) else ["" if value is None else value]
        return "\n".join(labels.get(str(key), str(key)) for key in chosen) or "–"


class LessonForm(WordsForm):
    """A draft. ``states``: for whom she may write (None: the group); ``items``: of the meeting it comes from."""

    FACTS = ("item", "language", "theme", "cost_band", "transferable", "indicators", "audience", "names_origin")

    state = forms.ChoiceField(label=gettext_lazy("Whose lesson it is"))
    language = forms.ChoiceField(label=gettext_lazy("Language"), choices=Language.choices)
    theme = forms.ChoiceField(
        label=gettext_lazy("Theme"),
        choices=Theme.choices,
        error_messages={"required": gettext_lazy("Choose a theme.")},
    )
    cost_band = forms.ChoiceField(
        label=gettext_lazy("What it cost"),
        choices=CostBand.choices,
        initial=CostBand.UNKNOWN,
        help_text=gettext_lazy("Staff not counted."),
    )
    transferable = forms.ChoiceField(
        label=gettext_lazy("For other states"), choices=Transferable.choices, initial=Transferable.UNKNOWN
    )
    indicators = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Indicators that it serves"),
        required=False,
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
    )
    item = forms.TypedChoiceField(label=gettext_lazy("Shared at"), required=False, coerce=int, empty_value=None)
    audience = forms.ChoiceField(
        label=gettext_lazy("Who reads it once it is approved"),
        widget=forms.RadioSelect,
        initial=Audience.GROUP,
        error_messages={"required": gettext_lazy("Choose who may read it.")},
    )
    names_origin = forms.BooleanField(
        label=gettext_lazy("Readers may know that the lesson comes from our state"),
        required=False,
        help_text=gettext_lazy("Without it, everybody else reads “a member state”."),
    )
    field_order = [
        "state", "item", "language", "title", *WORDS[1:], "theme", "cost_band", "transferable", "indicators",
        "audience", "names_origin", "version",
    ]  # fmt: skip

    def __init__(
        self,
        *args: Any,
        states: Sequence[State | None],
        items: Iterable[AgendaItem],
        framework: texts.Framework | None,
        audiences: Sequence[Audience],
        may_name: bool,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.states, self.items = list(states), list(items)
        fields: dict[str, Any] = self.fields
        fields["state"].choices = [(_code(state), state.name if state else _("the group")) for state in self.states]
        if len(self.states) == 1:
            fields["state"].widget = forms.HiddenInput()
            fields["state"].initial = _code(self.states[0])
        if self.items:
            named = [(item.pk, f"{item.meeting.title}{colon()}{item.title}") for item in self.items]
            fields["item"].choices = [("", _("no meeting")), *named]
        else:
            del fields["item"]
        areas = framework.areas if framework else ()
        fields["indicators"].choices = [
            (area.title, [(one.id, f"{one.code} {one.title}") for one in area.indicators]) for area in areas
        ]
        owner = self.states[0] if len(self.states) == 1 else None
        fields["audience"].choices = audience_choices(audiences, owner)
        if not may_name:
            del fields["names_origin"]

    def clean(self) -> dict[str, Any]:
        """Who sends it in without its origin gives it a title of its own; a draft may wait for that."""
        cleaned = super().clean() or self.cleaned_data
        named = cleaned.get("names_origin", self.initial.get("names_origin", False))
        asked = self.data.get("do") == "submit" and "state" in cleaned and self.owner is not None and not named
        if asked and self.source and tells_item(cleaned.get("title", ""), self.source):
            self.add_error("title", TELLS_ITEM)
        return cleaned

    @property
    def indicator_groups(self) -> list[tuple[str, int, list[Any]]]:
        """(area, how many are chosen, boxes) for each area."""
        boxes = {str(box.data["value"]): box for box in self["indicators"].subwidgets}
        found = []
        for area, choices in self.fields["indicators"].choices:  # type: ignore[attr-defined]
            own = [boxes[str(value)] for value, _label in choices]
            found.append((area, sum(bool(box.data["selected"]) for box in own), own))
        return found

    @property
    def owner(self) -> State | None:
        return next(state for state in self.states if _code(state) == self.cleaned_data["state"])

    @property
    def source(self) -> AgendaItem | None:
        return next((item for item in self.items if item.pk == self.cleaned_data.get("item")), None)


class ReviewForm(WordsForm):
    """The approved text; with the approval also who reads it, and which of the owner's files under which titles."""

    audience = forms.ChoiceField(
        label=gettext_lazy("Who reads it"),
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose who may read it.")},
    )

    def __init__(
        self,
        *args: Any,
        audiences: Sequence[Audience],
        owner: State | None,
        files: Iterable[StoredFile],
        approving: bool,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.sources = list(files) if approving else []
        if not approving:
            del self.fields["audience"]
            return
        self.fields["audience"].choices = audience_choices(audiences, owner)  # type: ignore[attr-defined]
        for number, file in enumerate(self.sources, start=1):
            self.fields[f"file_{file.pk}"] = Line(
                label=_("Title of file %(number)s, empty: not published") % {"number": number},
                max_length=200,
                required=False,
                initial=file.title,
            )

    @property
    def titles(self) -> dict[str, str]:
        """Id of a file → title, of those to be published."""
        titles = {str(file.pk): self.cleaned_data.get(f"file_{file.pk}", "") for file in self.sources}
        return {pk: title for pk, title in titles.items() if title}


class TranslationForm(WordsForm):
    FACTS = ("is_machine",)
    is_machine = forms.BooleanField(
        label=gettext_lazy("A machine translated this, and nobody has checked it"),
        required=False,
        help_text=gettext_lazy("Readers see the mark. It never takes the place of a person’s translation."),
    )
    field_order = [*WORDS, "is_machine", "version"]


class ReadersForm(forms.Form):
    audience = forms.ChoiceField(
        label=gettext_lazy("Who reads it"),
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose who may read it.")},
    )
    names_origin = forms.BooleanField(
        label=gettext_lazy("Readers may know from which state the lesson comes"), required=False
    )

    def __init__(
        self, *args: Any, audiences: Sequence[Audience], owner: State | None, may_name: bool, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["audience"].choices = audience_choices(audiences, owner)  # type: ignore[attr-defined]
        if not may_name:
            del self.fields["names_origin"]


class LessonFileForm(forms.Form):
    title = Line(
        label=gettext_lazy("Title"),
        max_length=200,
        error_messages={"required": gettext_lazy("Give the document a title.")},
    )
    language = forms.ChoiceField(
        label=gettext_lazy("Language"),
        required=False,
        choices=[*Language.choices, ("", gettext_lazy("another language"))],
    )
    file = CheckedFileField(label=gettext_lazy("File"))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.errors and "file" in cleaned:
            self.add_error("file", _("Choose the file again: a browser does not keep it."))
        return cleaned


def audience_choices(audiences: Sequence[Audience], owner: State | None) -> list[tuple[str, Any]]:
    """Each in words, with its label and how many it reaches today. One query."""
    numbers = reaches(owner)
    return [
        (
            audience.value,
            format_html(
                "<b>{}</b> {}<br>{}", str(audience.label)[:1].upper() + str(audience.label)[1:], tlp(audience.value),
                numbers[audience].words,
            ),
        )
        for audience in audiences
    ]  # fmt: skip


def _code(state: State | None) -> str:
    return state.alpha2 if state else GROUP
