"""Colours of the scale in documents: those of the pages, on paper."""

# Those of static/css/tokens.css on paper: ground and text of each status and level.
STATUS_COLOURS = {
    "none": ("#dde1df", "#16252b"),
    "planned": ("#dcebe6", "#16252b"),
    "legal_basis": ("#a9d3cb", "#16252b"),
    "development": ("#62aea9", "#16252b"),
    "pilot": ("#2b7f85", "#ffffff"),
    "op_batch": ("#0b4d5a", "#ffffff"),
    "op_interactive": ("#0b4d5a", "#ffffff"),
    "op_partial": ("#0b4d5a", "#ffffff"),
    "op_full": ("#0b4d5a", "#ffffff"),
    "suspended": ("#f2f4f4", "#16252b"),
    "nd": ("#f6f8f8", "#5b6b72"),
}
LEVEL_COLOURS = (
    ("#eef1ee", "#16252b"),
    ("#dcebe6", "#16252b"),
    ("#a9d3cb", "#16252b"),
    ("#62aea9", "#16252b"),
    ("#0b4d5a", "#ffffff"),
)
LAND, EDGE, OUTLINE = "#e7ebec", "#ffffff", "#7d8d93"
# Lines of a chart differ in colour, dash and mark.
LINES = (
    ("#0b4d5a", "solid", "circle"),
    ("#2b7f85", "dash", "square"),
    ("#b8620a", "solid", "diamond"),
    ("#5b6b72", "round_dot", "triangle"),
    ("#62aea9", "long_dash", "circle"),
    ("#16252b", "dash_dot", "square"),
)
