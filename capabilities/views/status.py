"""A new status for a state: type it, look at what it changes and who sees it, then report it.

The typed values travel with the preview, so going back, a mistake, or a colleague who reported meanwhile costs nothing.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from capabilities import access
from capabilities.actions.status import report_status
from capabilities.enums import StatusKind, ladder_label
from capabilities.forms.status import StatusForm
from capabilities.models import HEADLINE, StatusReport
from capabilities.queries import framework as texts
from capabilities.queries import readers
from capabilities.queries import status as query
from capabilities.queries.releases import released
from capabilities.reminders import STATUS
from iwg_portal.base import marks
from iwg_portal.base.dates import date_format
from iwg_portal.base.render import render
from iwg_portal.reminders import ledger
from members.access import Viewer, reaches, visible_member_states
from members.actions.files import note_refused_passenger_data
from members.enums import Audience, is_wider
from members.models import State

FIELDS = ("legal", "delivery", "as_of", "since", "reason", "source", "audience")


@require_http_methods(["GET", "HEAD", "POST"])
def status_update(request: HttpRequest, alpha2: str, kind: str) -> HttpResponse:
    """``step`` of a POST: ``preview`` (also without one), ``back`` to the form, ``confirm``."""
    if kind not in StatusKind.values:
        raise Http404
    state = get_object_or_404(visible_member_states(request.viewer), alpha2=alpha2.upper())
    if not access.can_report_status(request.viewer, state):
        raise PermissionDenied
    page = StatusPage(request.viewer, state, kind)
    if request.method != "POST":
        return render(request, "capabilities/status/edit.html", page.edit(page.form(initial=page.initial())))
    form = page.form(request.POST)
    step = request.POST.get("step", "preview")
    if not form.is_valid():
        note_refused_passenger_data(form=form, by=request.viewer, target=state, state=state)
        return render(request, "capabilities/status/edit.html", page.edit(form))
    if step == "back":
        return render(request, "capabilities/status/edit.html", page.edit(form))
    if step != "confirm":
        return render(request, "capabilities/status/preview.html", page.preview(form, _seen(request)))
    try:
        report = report_status(state=state, kind=kind, by=request.viewer, seen=_seen(request), **form.cleaned_data)
    except ValidationError as error:
        return _refused(request, page, form, error)
    return _receipt(request, page, report)


def _seen(request: HttpRequest) -> int:
    """The id of the last report that the page showed; -1, which fits none, where the form has lost it."""
    value = request.POST.get("seen", "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 19 else -1


def _refused(request: HttpRequest, page: StatusPage, form: StatusForm, error: ValidationError) -> HttpResponse:
    if getattr(error, "code", None) != "overtaken":
        for field, problems in getattr(error, "message_dict", {"__all__": error.messages}).items():
            form.add_error(field if field in form.fields else None, problems)
        return render(request, "capabilities/status/edit.html", page.edit(form))
    same = query.repeats(
        access.visible_status(request.viewer),
        StatusReport(
            state=page.state,
            kind=page.kind,
            by_id=request.viewer.person.pk,
            **{**form.cleaned_data, "audience": page.audience(form)},
        ),
    )
    if same:  # the button was pressed twice
        return _receipt(request, page, same)
    return render(request, "capabilities/status/preview.html", page.preview(form, _seen(request)))


def _receipt(request: HttpRequest, page: StatusPage, report: StatusReport) -> HttpResponse:
    local = timezone.localtime(report.recorded_at)
    names = {
        "time": f"{local:%H:%M:%S} {marks.zone(local)}",
        "status": page.title,
        "label": page.words(ladder_label(report.legal, report.delivery)),
    }
    # Of what she reads: a later report that she may not see is not hinted at.
    if query.standing(access.visible_status(request.viewer), page.state, page.kind).report == report:
        words = _("On the server %(time)s. %(status)s: %(label)s.") % names
    else:
        words = _("On the server %(time)s. %(status)s: kept in the history; the later status still holds.") % names
    messages.success(request, words)
    return redirect("profile", alpha2=page.state.alpha2.lower())


class StatusPage:
    """The form and its preview for one state and ladder."""

    def __init__(self, viewer: Viewer, state: State, kind: str) -> None:
        self.viewer, self.state, self.kind = viewer, state, kind
        edition = texts.newest_edition()
        self.framework = texts.framework(edition) if edition else None
        self.standing = query.standing(access.visible_status(viewer), state, kind)
        most = released(state.pk).of(HEADLINE).audience
        self.offered = [a for a in access.audiences_to_choose(viewer, state) if not is_wider(a, most)]
        self.reaches = reaches(state)

    @property
    def title(self) -> str:
        names = {"state": self.state.name}
        return (_("API status of %(state)s") if self.kind == "advpax" else _("PNR status of %(state)s")) % names

    def words(self, code: str, ladder: str = "") -> str:
        return self.framework.label(ladder or self.kind, code) if self.framework else code

    def form(self, *args: Any, **kwargs: Any) -> StatusForm:
        choices = [(a.value, readers.with_numbers(self.reaches[a])) for a in self.offered]
        return StatusForm(*args, kind=self.kind, framework=self.framework, audiences=choices, **kwargs)

    def audience(self, form: StatusForm) -> Audience:
        """Who will read it: as chosen, else everybody to whom the state released its status."""
        chosen = form.cleaned_data.get("audience") if form.is_bound and form.is_valid() else ""
        return Audience(chosen or (self.offered[-1] if self.offered else Audience.DELEGATION))

    def initial(self) -> dict[str, Any]:
        """Today, and the axes as they stand; the reason and its dates are of each report its own."""
        held = self.standing.report
        axes = {"legal": held.legal, "delivery": held.delivery} if held else {}
        widest = self.offered[-1] if self.offered else ""
        return {"as_of": timezone.localdate(), "audience": widest, **axes}

    def _common(self, audience: Audience) -> dict[str, Any]:
        return {
            "title": self.title,
            "state": self.state,
            "held": self.standing.report,
            "held_label": self.words(self.standing.label) if self.standing.report else _("No report"),
            "on_behalf": access.reports_on_behalf(self.viewer, self.state),
            "seen": self.standing.newest,
            "audience": audience.value,
            "seen_words": self.reaches[audience].sentence,
            "profile_url": reverse("profile", args=[self.state.alpha2.lower()]),
            "crumbs": [
                {"url": reverse("states"), "label": _("States")},
                {"url": reverse("profile", args=[self.state.alpha2.lower()]), "label": self.state.name},
            ],
        }

    def edit(self, form: StatusForm) -> dict[str, Any]:
        held = self.standing.report
        reminded = ledger.reminded_on(STATUS, [held]).get(str(held.pk)) if held else None
        return {**self._common(self.audience(form)), "form": form, "reminded": reminded}

    def preview(self, form: StatusForm, seen: int) -> dict[str, Any]:
        """``form`` is valid. ``seen`` other than the last report: somebody reported meanwhile, and the page says so."""
        levels = query.declared_levels(access.visible_answers(self.viewer), self.state)
        new = form.cleaned_data
        return {
            **self._common(self.audience(form)),
            "changes": self._changes(new),
            "doubts": query.doubts(self.kind, new["legal"], new["delivery"], self.standing.label, levels),
            "overtaken": seen not in (self.standing.newest, -1),
            "is_earlier": bool(self.standing.report and new["as_of"] < self.standing.report.as_of),
            "typed": [(name, form.data.get(name, "")) for name in FIELDS],
        }

    def _changes(self, new: dict[str, Any]) -> list[dict[str, str]]:
        held = self.standing.report
        rows = [
            (
                _("Shown as"),
                self.words(held.label) if held else _("No report"),
                self.words(ladder_label(new["legal"], new["delivery"])),
            ),
            (_("Legal basis"), self.words(held.legal, "legal") if held else "", self.words(new["legal"], "legal")),
            (_("Delivery"), self.words(held.delivery) if held else "", self.words(new["delivery"])),
            (_("Stated as of"), _day(held.as_of) if held else "", _day(new["as_of"])),
            (_("Holds since"), _day(held.since) if held else "", _day(new["since"])),
            (_("What changed"), "", new["reason"]),
            (_("Source"), "", new["source"] or _("none given")),
        ]
        found = []
        for label, before, after in rows:
            same = before == after
            found.append(
                {
                    "label": label,
                    "old": "" if same else before,
                    "new": after,
                    "note": _("unchanged") if same and before else "",
                }
            )
        return found


def _day(value: Any) -> str:
    return date_format(value, "DATE_FORMAT") if value else _("not stated")
