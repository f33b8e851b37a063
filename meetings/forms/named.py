"""Forms that name states and organisations, and write only what was changed on the page."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from members.access import Viewer, visible_organisations, visible_states


class Seen(forms.BaseForm):
    """A form whose page sends back what it had shown, so that only what was changed is written: of two people who edit
    at once each keeps her part. Its fields have ``show_hidden_initial``."""

    @property
    def seen(self) -> SafeString:
        """Hidden fields for the page."""
        rows = ((self[name].as_hidden(only_initial=True),) for name in self.fields)
        return format_html_join("", "{}", rows)

    def shown(self, name: str) -> Any:
        """What the page had shown, as it came back."""
        widget = self.fields[name].hidden_widget()
        return widget.value_from_datadict(self.data, self.files, self.add_initial_prefix(name))


class ManyField(forms.ModelMultipleChoiceField):
    """Check boxes, none or several; the form says between what."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.CheckboxSelectMultiple
        super().__init__(queryset=None, required=False, widget=widget, show_hidden_initial=True, **kwargs)


class NamesForm(Seen, forms.Form):
    """With two fields of its own, ``states`` and ``organisations`` (``ManyField``): all that the viewer sees."""

    def __init__(self, *args: Any, viewer: Viewer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["states"].queryset = visible_states(viewer).order_by("sort_name", "alpha2")  # type: ignore[attr-defined]
        self.fields["organisations"].queryset = visible_organisations(viewer)  # type: ignore[attr-defined]

    def changed(self, *names: str) -> dict[str, Any]:
        """Of these fields what was changed on the page, as it was given."""
        return {name: self.cleaned_data[name] for name in names if name in self.changed_data}
