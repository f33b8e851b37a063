"""What a state releases, per area and per use: for its focal points to decide, for its delegates to read."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from capabilities import access
from capabilities.actions.releases import release as write_release
from capabilities.forms.releases import ReleaseForm
from capabilities.models import HEADLINE
from capabilities.queries import framework as texts
from capabilities.queries import readers
from capabilities.queries.releases import Uses, released
from iwg_portal.base import marks
from iwg_portal.base.render import render
from iwg_portal.base.step_up import step_up_required
from members.access import Viewer, reaches, visible_member_states
from members.enums import Audience, is_wider
from members.models import State


@require_http_methods(["GET", "HEAD", "POST"])
def release(request: HttpRequest, alpha2: str) -> HttpResponse:
    """``step`` of a POST: ``preview`` (also without one), ``back`` to the form, ``confirm``."""
    state = get_object_or_404(visible_member_states(request.viewer), alpha2=alpha2.upper())
    if not access.can_see_release(request.viewer, state):
        raise PermissionDenied
    page = ReleasePage(request.viewer, state)
    if request.method != "POST":
        return render(request, "capabilities/release/edit.html", page.edit(page.form()))
    if not page.may_decide:
        raise PermissionDenied
    form = page.form(request.POST)
    step = request.POST.get("step", "preview")
    if step == "back" or not form.is_valid():
        return render(request, "capabilities/release/edit.html", page.edit(form))
    if step != "confirm":
        return render(request, "capabilities/release/preview.html", page.preview(form))
    decide = step_up_required(_decide) if page.widens(form) else _decide
    return decide(request, page, form)


def _decide(request: HttpRequest, page: ReleasePage, form: ReleaseForm) -> HttpResponse:
    try:
        write_release(state=page.state, uses=form.uses, by=request.viewer, seen=request.POST.get("seen", ""))
    except ValidationError as error:
        if getattr(error, "code", None) != "overtaken":
            raise
        messages.error(request, " ".join(error.messages))
        return render(
            request, "capabilities/release/preview.html", ReleasePage(request.viewer, page.state).preview(form)
        )
    now = timezone.localtime()
    messages.success(
        request,
        _("On the server %(time)s. The release holds from now on.") % {"time": f"{now:%H:%M:%S} {marks.zone(now)}"},
    )
    return redirect("release", alpha2=page.state.alpha2.lower())


class ReleasePage:
    """The table of one state, its preview, and what each choice reaches today."""

    def __init__(self, viewer: Viewer, state: State) -> None:
        self.viewer, self.state = viewer, state
        self.may_decide = access.can_release(viewer, state)
        self.given = released(state.pk)
        edition = texts.newest_edition()
        self.areas = [(area.code, area.title) for area in texts.framework(edition).areas] if edition else []
        self.reaches = reaches(state)

    def form(self, *args: Any) -> ReleaseForm:
        offered = access.audiences_to_choose(self.viewer, self.state)
        # Without numbers: a select cuts what is long, and they stand beside the table.
        choices = [(a.value, readers.short_words(a)) for a in offered]
        return ReleaseForm(*args, areas=self.areas, audiences=choices, given=self.given)

    def _common(self) -> dict[str, Any]:
        profile = reverse("profile", args=[self.state.alpha2.lower()])
        return {
            "state": self.state,
            "crumbs": [
                {"url": reverse("states"), "label": _("States")},
                {"url": profile, "label": self.state.name},
            ],
            "profile_url": profile,
            "looks": [
                (f"{profile}?as={kind}", label)
                for kind, label in (
                    ("member", _("another member state")),
                    ("observer", _("an observer state")),
                    ("partner", _("a partner")),
                )
            ],
            "seen": self.given.digest,
        }

    def edit(self, form: ReleaseForm) -> dict[str, Any]:
        return {**self._common(), "form": form, "may_decide": self.may_decide, "held": self.held(), "who": self.who()}

    def held(self) -> list[dict[str, Any]]:
        """The decisions as they stand, in words, for those who only read them."""
        return [
            {
                "title": title,
                "uses": self.given.of(code),
                "readers": self._readers(self.given.of(code)),
                "has_average": code != HEADLINE,
                "counts": _counts(self.given.of(code)),
            }
            for code, title in self._titles()
        ]

    def who(self) -> list[tuple[str, str]]:
        """(audience, who in words and numbers): what the choices mean."""
        return [(a.value, self.reaches[a].sentence) for a in access.TO_CHOOSE]

    def _titles(self) -> list[tuple[str, str]]:
        return [(HEADLINE, _("API and PNR status")), *self.areas]

    def _readers(self, uses: Uses) -> str:
        return readers.with_numbers(self.reaches[Audience(uses.audience)])

    def widens(self, form: ReleaseForm) -> bool:
        return any(_wider(new, self.given.of(code)) for code, new in form.uses.items())

    def preview(self, form: ReleaseForm) -> dict[str, Any]:
        """``form`` is valid."""
        titles, uses = dict(self._titles()), form.uses
        changes = [line for code, new in uses.items() for line in self._lines(titles[code], self.given.of(code), new)]
        return {
            **self._common(),
            "changes": changes,
            "notes": self._notes(titles, uses),
            "typed": [(name, form.data.get(name, "")) for name in form.fields if form.data.get(name)],
        }

    def _lines(self, title: str, old: Uses, new: Uses) -> list[dict[str, str]]:
        found = []
        if new.audience != old.audience:
            found.append(
                {
                    "label": _("%(title)s: who reads it") % {"title": title},
                    "old": self._readers(old),
                    "new": self._readers(new),
                    "note": _("wider") if is_wider(new.audience, old.audience) else _("narrower"),
                }
            )
        yes_no = {True: _("yes"), False: _("no")}
        for label, before, after in (
            (_("%(title)s: counts in the regional median"), old.in_average, new.in_average),
            (_("%(title)s: may be named in the summary"), old.named, new.named),
        ):
            if before != after:
                found.append(
                    {"label": label % {"title": title}, "old": yes_no[before], "new": yes_no[after], "note": ""}
                )
        return found

    @staticmethod
    def _notes(titles: dict[str, str], uses: dict[str, Uses]) -> list[str]:
        """What follows from the choices and may surprise."""
        held_back = [titles[c] for c, u in uses.items() if u.in_average and c != HEADLINE and not _counts(u)]
        found = []
        if held_back:
            found.append(
                _("Not shared with all member states, and therefore never in a median: %(areas)s.")
                % {"areas": ", ".join(held_back)}
            )
        if any(is_wider(Audience.GROUP, u.audience) for u in uses.values()):
            found.append(
                _("Who may not read an area sees it exactly as if it had not been answered, in every round and page.")
            )
        found.append(_("An assessment or a report that was narrowed by itself stays as narrow as it is."))
        return found


def _counts(uses: Uses) -> bool:
    """It counts in the median: it is to, and all members may read it."""
    return uses.in_average and not is_wider(Audience.MEMBERS, uses.audience)


def _wider(new: Uses, old: Uses) -> bool:
    return (
        is_wider(new.audience, old.audience) or (new.in_average and not old.in_average) or (new.named and not old.named)
    )
