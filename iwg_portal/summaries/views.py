"""The regional summaries: the list, one with its preview, its documents, and whether a document is genuine."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import BadRequest, PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from capabilities.enums import Scope
from iwg_portal.activity import log
from iwg_portal.base import cells, charts
from iwg_portal.base.documents import word
from iwg_portal.base.extracts import CONTENT_TYPES, XLSX
from iwg_portal.base.rations import ORDERED, rationed, refusal
from iwg_portal.base.render import render
from iwg_portal.base.step_up import factor_not_required
from iwg_portal.base.uploads.names import disposition
from iwg_portal.summaries import access, actions, papers
from iwg_portal.summaries.banded import reading_of
from iwg_portal.summaries.bands import BANDS
from iwg_portal.summaries.enums import FROZEN, SummaryForm, SummaryState
from iwg_portal.summaries.figures import spelled
from iwg_portal.summaries.forms import TemplateForm
from iwg_portal.summaries.invented import invented_reading
from iwg_portal.summaries.letterhead import own_template
from iwg_portal.summaries.models import Summary
from iwg_portal.summaries.reading import Reading
from iwg_portal.summaries.word import known_fields, summary_docx, template_in_force
from members.access import Viewer
from members.actions.files import note_refused_passenger_data
from members.enums import Audience, Language
from members.sign_in.limits import REPEATED

logger = logging.getLogger(__name__)
PAGE = 25
MAP = "map/west-africa.svg"
TEMPLATES = {
    SummaryForm.NAMED: "summaries/summary.html",
    SummaryForm.AGGREGATED: "summaries/aggregated.html",
}
TYPES = {
    "pdf": "application/pdf",
    "docx": word.CONTENT_TYPE,
    "xlsx": CONTENT_TYPES[XLSX],
}


@require_http_methods(["GET", "HEAD", "POST"])
def summaries(request: HttpRequest) -> HttpResponse:
    """All that she may see. POST by who prepares them: a new one, ``scope=both|advpax|pnr``, ``form=named|aggregated``
    (named unless it is given)."""
    viewer: Viewer = request.viewer  # type: ignore[attr-defined]
    if not access.sees_list(viewer):
        raise Http404
    may_build = access.can_build(viewer)
    problem = ""
    if request.method == "POST":
        if not may_build:
            raise PermissionDenied
        if (later := refusal(request, ORDERED)) is not None:
            return later
        try:
            form = request.POST.get("form", SummaryForm.NAMED)
            made = actions.ask(scope=request.POST.get("scope", ""), form=form, by=viewer)
        except ValidationError as error:
            problem = " ".join(error.messages)
        else:
            messages.success(request, _("The summary is being built. Its figures are those of this moment."))
            return redirect("summary", *made.address)
    found = Paginator(access.visible_summaries(viewer).defer("content"), PAGE).get_page(request.GET.get("page"))
    context = {
        "found": found,
        "rows": [(one, one.standing(timezone.now())) for one in found],
        "may_build": may_build,
        "keeps_templates": access.keeps_templates(viewer),
        "scopes": [(value, label, value == Scope.BOTH) for value, label in Scope.choices],
        "forms": [(value, label, value == SummaryForm.NAMED) for value, label in SummaryForm.choices],
        "audience": Audience.MEMBERS if viewer.reads_members else Audience.GROUP,
        "problem": problem,
    }
    return render(request, "summaries/summaries.html", context, status=422 if problem else 200)


def _find(viewer: Viewer, year: int, number: int) -> Summary:
    return get_object_or_404(access.visible_summaries(viewer), year=year, number=number)


@require_safe
def summary(request: HttpRequest, year: int, number: int) -> HttpResponse:
    """The preview: what the documents say, as a page. While it is built, where that stands."""
    viewer: Viewer = request.viewer  # type: ignore[attr-defined]
    found = _find(viewer, year, number)
    if REPEATED in request.headers and found.state != SummaryState.QUEUED:
        return HttpResponse(headers={"HX-Refresh": "true"})  # the page asked while it was built
    context: dict[str, Any] = {
        "summary": found,
        "allowed": access.allowed(viewer, found),
        "crumbs": [{"url": reverse("summaries"), "label": _("Regional summaries")}],
        "prepares": access.prepares(viewer),
    }
    if found.state in FROZEN:
        reading = reading_of(found, access.followed_by(found))
        context |= {"reading": reading, "files": _files(found) if access.can_export(viewer, found) else []}
        if isinstance(reading, Reading):
            context |= _pictures(reading)
        else:
            context["marks"] = range(1, len(BANDS) + 1)
    else:
        context |= {"why": _why(found), "standing": found.standing(timezone.now()), "steps": _steps(found)}
    if REPEATED in request.headers:
        return render(request, "summaries/waiting.html", context)
    return render(request, TEMPLATES[SummaryForm(found.form)], context)


def _pictures(reading: Reading) -> dict[str, Any]:
    return {
        "map": charts.region_map(
            [(code, status, "", label) for code, status, label in reading.on_map], reading.map_words, static(MAP)
        ),
        "bars": [
            {
                "title": ladder.title,
                "bar": charts.stacked_bar(ladder.segments, reading.members, ladder.title),
                "legend": charts.legend(ladder.segments),
            }
            for ladder in reading.ladders
        ],
        "table": _table(reading),
        "medians": [
            (area, list(zip(reading.median_years, values, strict=True)), half)
            for area, values, half in reading.median_rows
        ],
    }


def _table(reading: Reading) -> SafeString:
    columns = [(word, "") for word in reading.columns]
    rows = [
        (
            row.code,
            row.name,
            "",
            [
                *(cells.cell(mark_safe(cells.chip(code, words))) for code, words in row.status),
                *(cells.level_cell(value, places=1) for value in row.levels),
            ],
        )
        for row in reading.rows
    ]
    return cells.heat_table(columns, rows, caption=_("State by state"), corner=_("State"), key="summary-states")


def _files(found: Summary) -> list[dict[str, Any]]:
    return [
        {
            "language": name,
            "code": code,
            "links": [
                (
                    reverse("summary_file", args=[*found.address, code, ending]),
                    ending.upper(),
                )
                for kind, ending in papers.kinds(found.form)
                if kind == code
            ],
        }
        for code, name in settings.LANGUAGES
    ]


def _steps(found: Summary) -> dict[str, Any] | None:
    """How far the worker is; None while none builds it."""
    percent = found.percent(timezone.now())
    if percent is None:
        return None
    words = _("Step %(done)s of %(total)s done (%(percent)s %%)")
    words %= {"done": found.steps_done, "total": found.steps, "percent": percent}
    return {"done": found.steps_done, "total": found.steps, "words": words}


def _why(found: Summary) -> str:
    if found.state == SummaryState.QUEUED and found.percent(timezone.now()) is None:
        return _("It is in the queue and begins within a minute; reload the page to see how far it is.")
    if found.state == SummaryState.QUEUED:
        return _("The figures are read, and each document is tried. This takes a few seconds; reload the page.")
    if found.problem == "nothing":
        return _("There is no published self-assessment, or no member state: there is nothing to sum up.")
    if found.problem == actions.RIGHTS:
        return _("Whoever asked for it holds the office no more: ask for it anew.")
    if found.problem.startswith(actions.DOCUMENT):
        which = found.problem.removeprefix(actions.DOCUMENT)
        return _("The document %(which)s could not be made from these figures: nothing was kept.") % {"which": which}
    if found.problem == "attempts":
        return _(
            "Building it was broken off several times. Try again; if it fails once more, tell whoever runs the portal."
        )
    return _("The figures could not be read. Try again; if it fails once more, tell whoever runs the portal.")


def _released(found: Summary) -> str:
    if found.form == SummaryForm.AGGREGATED:
        return _("Released: the whole group can read it.")
    return _("Released: every member state can read it.")


VERBS: dict[str, tuple[Callable[..., None], Callable[[Summary], str]]] = {
    "retry": (actions.retry, lambda _made: _("The summary is being built. Its figures are those of this moment.")),
    "approve": (actions.approve, lambda _made: _("Approved. The secretariat can release it now.")),
    "release": (actions.release, _released),
    "withdraw": (actions.withdraw, lambda _made: _("Withdrawn. Its check code says so from now on.")),
}


@require_POST
def summary_move(request: HttpRequest, year: int, number: int) -> HttpResponse:
    """``do``: a key of ``VERBS``."""
    viewer: Viewer = request.viewer  # type: ignore[attr-defined]
    found = _find(viewer, year, number)
    if not access.prepares(viewer):
        raise PermissionDenied
    if request.POST.get("do") not in VERBS:
        raise BadRequest("unknown verb")
    act, words = VERBS[request.POST["do"]]
    try:
        act(summary=found, by=viewer)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, words(found))
    return redirect("summary", *found.address)


@require_safe
@rationed
def summary_file(request: HttpRequest, year: int, number: int, language: str, ending: str) -> HttpResponse:
    """The document, made at the click for whoever clicks. Every time it leaves a line in the log."""
    viewer: Viewer = request.viewer  # type: ignore[attr-defined]
    found = _find(viewer, year, number)
    if (language, ending) not in papers.kinds(found.form) or not access.can_export(viewer, found):
        raise Http404
    name, content = papers.made(found, language, ending, reader=str(viewer.person))
    log.exported(request, name, target=found, language=language, sha256=found.sha256)
    return HttpResponse(
        content,
        content_type=TYPES[ending],
        headers={"Content-Disposition": disposition(name), "Content-Language": language},
    )


@login_not_required
@factor_not_required
@require_safe
def check(request: HttpRequest) -> HttpResponse:
    """``code``: what stands on a page of a document. Says which document it is and how it stands, and no figure."""
    typed = request.GET.get("code", "")[:40]
    code = spelled(typed)
    found = access.of_code(code)
    reading = reading_of(found) if found else None
    context = {"typed": typed, "code": code, "found": found, "reading": reading}
    return render(request, "summaries/check.html", context)


# -- Word templates --------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def summary_template(request: HttpRequest) -> HttpResponse:
    """With what Word documents are made, for the secretariat. POST ``do=replace`` with a file, or ``do=restore`` with
    the language."""
    viewer: Viewer = request.viewer  # type: ignore[attr-defined]
    if not access.keeps_templates(viewer):
        raise Http404
    form = TemplateForm()
    if request.method == "POST":
        match request.POST.get("do"):
            case "replace":
                form = TemplateForm(request.POST, request.FILES)
                if _replaced(request, viewer, form):
                    return redirect("summary_template")
            case "restore":
                language = request.POST.get("language", "")
                if language not in Language.values:
                    raise BadRequest("unknown language")
                actions.restore_template(language=language, by=viewer)
                messages.success(request, _("The portal’s own template is in force again."))
                return redirect("summary_template")
            case _:
                raise BadRequest("unknown verb")
    rows = list(access.visible_templates(viewer))
    current = {row.language: row for row in rows if row.ended_at is None}
    context = {
        "form": form,
        "languages": [(code, name, current.get(code)) for code, name in settings.LANGUAGES],
        "earlier": [row for row in rows if row.ended_at is not None][:PAGE],
        "fields": known_fields(),
        "example": "{{ title }}",
        "crumbs": [{"url": reverse("summaries"), "label": _("Regional summaries")}],
    }
    return render(request, "summaries/template.html", context, status=422 if form.errors else 200)


def _replaced(request: HttpRequest, viewer: Viewer, form: TemplateForm) -> bool:
    assert viewer.person is not None
    if not form.is_valid():
        note_refused_passenger_data(form=form, by=viewer, target=viewer.person)
        return False
    given = form.cleaned_data
    try:
        unused = actions.replace_template(checked=given["file"], languages=given["languages"], by=viewer)
    except ValidationError as error:
        form.add_error("file", error.messages)
        return False
    except OSError:
        logger.exception("A Word template could not be stored.")
        form.add_error(
            "file",
            _("The portal could not store the file; nothing was changed. Try again later, and tell whoever runs the"
              " portal if it fails once more."),
        )  # fmt: skip
        return False
    messages.success(request, _("The template was tried with invented figures and is in force."))
    if unused:
        messages.info(request, _("Fields that it does not name: %(fields)s.") % {"fields": ", ".join(unused)})
    return True


@require_safe
@rationed
def summary_template_file(request: HttpRequest, which: str) -> HttpResponse:
    """``own``: the portal's. ``en``, ``fr``, ``pt``: the one in force; ``trial-fr``: the same filled with invented
    figures."""
    viewer: Viewer = request.viewer  # type: ignore[attr-defined]
    language = which.removeprefix("trial-")
    if not access.keeps_templates(viewer) or (which != "own" and language not in dict(settings.LANGUAGES)):
        raise Http404
    if which == language:
        content = (None if which == "own" else template_in_force(language)) or own_template()
    else:
        with translation.override(language):
            _name, content = summary_docx(invented_reading(), reader=str(viewer.person))
    who = slugify(str(viewer.person))[:40].strip("-") or "person"
    name = f"summary-template-{which}_{who}_{timezone.localdate().isoformat()}.docx"
    log.exported(request, name)
    return HttpResponse(content, content_type=word.CONTENT_TYPE, headers={"Content-Disposition": disposition(name)})
