"""Sample content for the component gallery (``templates/components/gallery.html``, shown under DEBUG only).

Everything here is invented and says so; texts are not translated, since no reader of the portal sees them.
"""

import datetime as dt
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.templatetags.static import static

from . import cells, charts

STATUSES = [
    ("op_interactive", "Operational, interactive", 4), ("op_batch", "Operational, batch", 2), ("pilot", "Pilot", 3),
    ("development", "In development", 2), ("legal_basis", "Legal basis in force", 2), ("planned", "Decision taken", 1),
    ("none", "No programme", 1), ("suspended", "Suspended", 0), ("nd", "Not declared", 1),
]  # fmt: skip
LEVELS = [
    (0, "None"),
    (1, "Initiated"),
    (2, "Partly in place"),
    (3, "In routine use"),
    (4, "Full, reviewed and shared"),
]
AREAS = ["Legal frameworks", "Passenger Information Unit", "Transport industry", "Technology and innovation", "Technical assistance"]  # fmt: skip  # noqa: E501
# Code, name, status, five area means (None: not declared).
STATES: list[tuple[str, str, str, list[float | None]]] = [
    ("BJ", "Benin", "development", [2, 3, 2, 2, 2]),
    ("BF", "Burkina Faso", "pilot", [3, 1, 2, 1, 3]),
    ("CV", "Cabo Verde", "op_batch", [4, 4, 4, 3, 2]),
    ("CI", "Côte d’Ivoire", "legal_basis", [0, 0, 1, 1, 2]),
    ("GM", "Gambia", "none", [0, 1, 0, 0, 1]),
    ("GH", "Ghana", "pilot", [3, 2, 3, 2, 2]),
    ("GN", "Guinea", "op_interactive", [2, 2, 4, 3, 4]),
    ("GW", "Guinea-Bissau", "nd", [None] * 5),
    ("LR", "Liberia", "planned", [1, 0, 1, 1, 1]),
    ("ML", "Mali", "op_interactive", [4, 3, 3, 3, 4]),
    ("MR", "Mauritania", "op_interactive", [2, 3, 4, 4, 4]),
    ("NE", "Niger", "development", [1, 2, 2, 1, 1]),
    ("NG", "Nigeria", "pilot", [2, 2, 3, 2, 2]),
    ("SN", "Senegal", "legal_basis", [2, 1, 0, 0, 1]),
    ("SL", "Sierra Leone", "op_batch", [4, 4, 3, 2, 2]),
    ("TG", "Togo", "suspended", [2, 3, 3, 2, 2]),
]
NOW = dt.datetime(2026, 11, 20, 10, 42, 7, tzinfo=dt.UTC)


class SampleForm(forms.Form):
    """A form with one control of each kind."""

    title = forms.CharField(label="Title of the law", help_text="As published, in its own language.")
    level = forms.ChoiceField(label="Level now", choices=LEVELS, widget=forms.RadioSelect)
    since = forms.DateField(label="In force since", widget=forms.DateInput(attrs={"type": "date"}))
    mode = forms.ChoiceField(label="Data", choices=[("advpax", "API"), ("pnr", "PNR")])
    why = forms.CharField(label="Why", widget=forms.Textarea, required=False)
    sure = forms.BooleanField(label="I have the agreement of my authority", help_text="Kept with the report.")


class SampleUpload(forms.Form):
    file = forms.FileField(label="Workbook of the round")


def _heat() -> str:
    labels = {code: label for code, label, _count in STATUSES}
    rows = []
    for code, name, status, levels in STATES:
        known = [level for level in levels if level is not None]
        mean = cells.number(sum(known) / len(known), 1) if known else ""
        row = [cells.cell(cells.chip(status, labels[status])), *(cells.level_cell(level) for level in levels)]
        if code == "SN":
            row[3] = cells.level_cell(None, "na")
        arrow = cells.change(0.4 if code < "H" else -0.2, "2025", arrow_only=True) if known else ""
        rows.append((code, name, "#", [*row, cells.cell(mean, "iwg-num"), cells.cell(arrow)]))
    columns = [("API", "", "iwg-start"), *((area, "#") for area in AREAS), ("Mean", "", "iwg-num"), ("Change", "")]
    return cells.heat_table(columns, rows, caption="Sample: states by areas", corner="State", key="heat")


def _ladder(name: str, reached: int, target: int) -> str:
    labels = ["No programme", "Decision taken", "Legal basis in force", "In development", "Pilot", "Operational, batch", "Operational, interactive"]  # fmt: skip  # noqa: E501
    states = ["reached"] * reached + ["current"] + ["target"] * (target - reached) + [""] * (6 - target)
    return charts.ladder(name, list(zip(labels, states, strict=True)), f"{name} status of a sample state")


def sample() -> dict[str, Any]:
    """The context of the gallery."""
    labels = {code: label for code, label, _count in STATUSES}
    bound = SampleForm({"title": "", "level": "3", "why": "Regulations 7 of 2026"})
    rounds: list[charts.Point] = [
        ("2021", 0.9, 0.4, 1.5), ("2022", 1.1, 0.5, 1.8), ("2023", 1.4, 0.8, 2.0),
        ("2024", None, None, None), ("2025", 1.9, 1.0, 2.6), ("2026", 2.1, 1.4, 3.0),
    ]  # fmt: skip
    return {
        "map": charts.region_map(
            [(code, status, f"#{code}", f"{name}: {labels[status]}") for code, name, status, _levels in STATES],
            "Sample: API status in the region",
            static("map/west-africa.svg"),
        ),
        "bar": charts.stacked_bar(STATUSES, 16, "API, 16 states"),
        "legend": charts.legend([(code, label, count) for code, label, count in STATUSES]),
        "level_legend": charts.level_legend(LEVELS),
        "heat": _heat(),
        "ladders": [_ladder("API", 4, 5), _ladder("PNR", 2, 4)],
        "strips": [
            (area, charts.range_strip(value, q1, median, q3, area), value, delta)
            for area, value, q1, median, q3, delta in zip(
                AREAS,
                [3.0, 2.0, 2.2, 4.0, None],
                [1.0, 0.8, 0.6, 1.1, 1.0],
                [1.8, 1.4, 1.6, 1.9, 1.5],
                [2.4, 2.2, 2.3, 2.6, 2.0],
                [1.0, 0.0, 0.4, -0.2, None],
                strict=True,
            )
        ],  # fmt: skip
        "sparks": [
            (area, charts.spark(rounds, area, breaks={4} if i == 1 else ()), 2.1) for i, area in enumerate(AREAS)
        ],
        "trend": charts.spark(rounds, "Median of all areas", breaks={4}, wide=True),
        "statuses": STATUSES,
        "paginator_page": Paginator(range(60), 20).page(2),
        "dates": [NOW.date() - dt.timedelta(days=days) for days in (40, 500, 900)],
        "now": NOW,
        "bound": bound,
        "free": SampleForm(auto_id="free_%s"),
        "upload": SampleUpload(),
        "entries": [
            {
                "title": "API: In development → Pilot",
                "detail": "reviewed",
                "at": NOW.date(),
                "current": True,
                "url": "",
            },
            {
                "title": "Sample law raised an indicator to 4",
                "detail": "",
                "at": dt.date(2026, 10, 21),
                "current": False,
                "url": "#",
            },
            {
                "title": "Self-assessment 2025 published",
                "detail": "",
                "at": dt.date(2025, 12, 12),
                "current": False,
                "url": "",
            },
        ],  # noqa: E501
        "problems": [
            {"row": 14, "column": "LEG-1", "message": "“7” is not a level: write 0 to 4, ND or NA: reason."},
            {"row": 15, "column": "", "message": "The state “Atlantis” is not known to the group."},
            {"row": None, "column": "", "message": "Two rows name Ghana: rows 6 and 19."},
        ],
        "changes": [
            {"label": "API status, Ghana", "old": "In development", "new": "Pilot", "note": "from 4 November 2026"},
            {"label": "LEG-2, Togo", "old": "", "new": "3", "note": ""},
        ],
        "personas": [
            {"key": "delegate-sn", "name": "Awa (sample)", "role": "Delegate of Senegal", "detail": "Reads in French"},
            {"key": "focal-gh", "name": "Kofi (sample)", "role": "Focal point of Ghana", "detail": "Records a status"},
            {"key": "secretariat", "name": "Sam (sample)", "role": "Secretariat", "detail": "Imports a round"},
        ],
        "head_actions": [
            {"url": "#", "label": "Compare states", "primary": False, "icon": "columns-2"},
            {"url": "#", "label": "Export", "primary": True, "icon": "download"},
        ],
        "files": [("#", "PDF"), ("#", "XLSX")],
        "head_crumbs": [{"url": "#", "label": "States"}],
    }
