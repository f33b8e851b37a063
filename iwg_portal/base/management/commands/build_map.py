"""Makes ``static/map/west-africa.svg`` from ``countries-50m.json`` of the npm package ``world-atlas``.

Run by hand when the shapes are to change; the result is committed, the input is not. Lambert’s azimuthal
equal-area projection, so that no state looks larger than it is. Borders are simplified once per shared line,
so neighbours still meet. Each state is a path whose id is its alpha-2 code, without a fill: the page that
refers to it colours it. Land around is one path, ``land``. Cabo Verde stands enlarged in a frame, ``inset``.
"""

import json
import math
from collections import Counter
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from iwg_portal.base.charts import FRAMED, MAP_HEIGHT, MAP_WIDTH

Point = tuple[float, float]
Line = list[Point]

# ISO 3166-1 numeric → alpha-2: the drawn states, then the land around them.
STATES = {
    "204": "BJ", "854": "BF", "132": "CV", "384": "CI", "270": "GM", "288": "GH", "324": "GN", "624": "GW",
    "430": "LR", "466": "ML", "478": "MR", "562": "NE", "566": "NG", "686": "SN", "694": "SL", "768": "TG",
}  # fmt: skip
NEIGHBOURS = {"012", "120", "140", "148", "226", "266", "434", "504", "732", "788"}
CENTRE = (-0.7, 15.5)  # longitude and latitude of the projection’s centre, degrees
SCALE = 2800.0  # drawing units per radian
MAIN = (1190.0, 625.0)  # where the centre falls in the drawing
INSET_CENTRE, INSET_SCALE, INSET = (-24.0, 16.0), 5200.0, (20.0, 440.0, 320.0, 300.0)  # x, y, width, height
TOLERANCE = 3.0  # a corner whose triangle is smaller (square units) is dropped


def project(lon: float, lat: float, centre: Point) -> Point:
    """Lambert azimuthal equal-area on a sphere of radius 1; y grows to the south."""
    lam, phi = math.radians(lon - centre[0]), math.radians(lat)
    phi0 = math.radians(centre[1])
    cosine = math.sin(phi0) * math.sin(phi) + math.cos(phi0) * math.cos(phi) * math.cos(lam)
    k = math.sqrt(2 / (1 + cosine))
    y = math.cos(phi0) * math.sin(phi) - math.sin(phi0) * math.cos(phi) * math.cos(lam)
    return k * math.cos(phi) * math.sin(lam), -k * y


def decode(topology: dict[str, Any]) -> list[Line]:
    """The arcs of a TopoJSON file as lines of (longitude, latitude)."""
    (kx, ky), (dx, dy) = topology["transform"]["scale"], topology["transform"]["translate"]
    arcs = []
    for arc in topology["arcs"]:
        x = y = 0
        line = []
        for step in arc:
            x, y = x + step[0], y + step[1]
            line.append((x * kx + dx, y * ky + dy))
        arcs.append(line)
    return arcs


def simplify(line: Line, tolerance: float) -> Line:
    """Visvalingam: drop the corner of the smallest triangle until all are larger; the ends stay."""
    line = list(line)

    def area(i: int) -> float:
        (ax, ay), (bx, by), (cx, cy) = line[i - 1], line[i], line[i + 1]
        return abs((bx - ax) * (cy - ay) - (cx - ax) * (by - ay)) / 2

    while len(line) > 4:
        smallest = min(range(1, len(line) - 1), key=area)
        if area(smallest) >= tolerance:
            break
        del line[smallest]
    return line


def rings(geometry: dict[str, Any]) -> list[list[int]]:
    """Every ring of a polygon or multipolygon as a list of arc numbers (negative: backwards)."""
    polygons = [geometry["arcs"]] if geometry["type"] == "Polygon" else geometry["arcs"]
    return [ring for polygon in polygons for ring in polygon]


def merged(all_rings: list[list[int]]) -> list[list[int]]:
    """Outer rings of several neighbours: a line that two of them share is inside and falls away."""
    uses = Counter(arc if arc >= 0 else ~arc for ring in all_rings for arc in ring)
    return [[arc for arc in ring if uses[arc if arc >= 0 else ~arc] == 1] for ring in all_rings]


def stitch(pieces: list[Line]) -> list[Line]:
    """Joins lines end to start into closed rings."""
    done, open_lines = [], [list(piece) for piece in pieces]
    while open_lines:
        ring = open_lines.pop()
        while ring[0] != ring[-1]:
            index = next(i for i, line in enumerate(open_lines) if line[0] == ring[-1])
            ring += open_lines.pop(index)[1:]
        done.append(ring)
    return done


def clip(ring: Line) -> Line:
    """The part of a ring inside the drawing (Sutherland–Hodgman, one side after the other)."""
    for axis, bound, sign in (
        (0, 0.0, 1),
        (0, float(MAP_WIDTH), -1),
        (1, 0.0, 1),
        (1, float(MAP_HEIGHT), -1),
    ):
        result: Line = []
        for a, b in zip(ring, ring[1:] + ring[:1], strict=True):
            inside_a, inside_b = (a[axis] - bound) * sign >= 0, (b[axis] - bound) * sign >= 0
            if inside_a:
                result.append(a)
            if inside_a != inside_b:
                t = (bound - a[axis]) / (b[axis] - a[axis])
                result.append((a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])))
        ring = result
    return ring


def path(all_rings: list[Line]) -> str:
    """SVG path data in whole units, relative steps; repeated points are left out."""
    parts = []
    for ring in all_rings:
        points = [(round(x), round(y)) for x, y in ring]
        points = [p for i, p in enumerate(points) if i == 0 or p != points[i - 1]]
        if points and points[0] == points[-1]:
            points.pop()
        if len(points) < 3:
            continue
        steps = (f"{b[0] - a[0]} {b[1] - a[1]}" for a, b in zip(points, points[1:], strict=False))
        parts.append(f"M{points[0][0]} {points[0][1]}l{' '.join(steps)}z".replace(" -", "-"))
    return "".join(parts)


def draw(topology: dict[str, Any]) -> str:
    """The whole file."""
    degrees = decode(topology)
    countries = {g.get("id"): g for g in topology["objects"]["countries"]["geometries"]}
    missing = [code for code in STATES if code not in countries]
    if missing:
        raise CommandError(f"The input has no shape for {', '.join(missing)}.")

    def main(lon: float, lat: float) -> Point:
        x, y = project(lon, lat, CENTRE)
        return x * SCALE + MAIN[0], y * SCALE + MAIN[1]

    def inset(lon: float, lat: float) -> Point:
        x, y = project(lon, lat, INSET_CENTRE)
        return x * INSET_SCALE + INSET[0] + INSET[2] / 2, y * INSET_SCALE + INSET[1] + INSET[3] / 2

    cache: dict[int, Line] = {}

    def drawn(arc: int) -> Line:
        index = arc if arc >= 0 else ~arc
        if index not in cache:
            cache[index] = simplify([main(*p) for p in degrees[index]], TOLERANCE)
        return cache[index] if arc >= 0 else cache[index][::-1]

    around = [ring for code in sorted(NEIGHBOURS) for ring in rings(countries[code])]
    land = stitch([drawn(arc) for ring in merged(around) for arc in ring])
    shapes = [f'<path id="land" d="{path([clip(ring) for ring in land])}"/>']
    x, y, width, height = (round(n) for n in INSET)
    shapes.append(f'<rect id="inset" x="{x}" y="{y}" width="{width}" height="{height}" rx="24"/>')
    for number, code in sorted(STATES.items(), key=lambda item: item[1]):
        shape = countries[number]
        if code == FRAMED:
            outline = [[inset(*p) for arc in ring for p in degrees[arc]] for ring in rings(shape)]
        else:
            outline = [[p for arc in ring for p in drawn(arc)] for ring in rings(shape)]
        shapes.append(f'<path id="{code}" d="{path(outline)}"/>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {MAP_WIDTH} {MAP_HEIGHT}">\n'
        "<!-- Shapes: world-atlas (Natural Earth, public domain), made by manage.py build_map. The borders"
        " shown do not imply an opinion on the status of any territory. -->\n" + "\n".join(shapes) + "\n</svg>\n"
    )


class Command(BaseCommand):
    """``manage.py build_map countries-50m.json``"""

    help = "Draws static/map/west-africa.svg from world-atlas’s countries-50m.json."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("file", type=Path, help="countries-50m.json of the npm package world-atlas")

    def handle(self, *args: Any, **options: Any) -> None:
        topology = json.loads(options["file"].read_text(encoding="utf-8"))
        target = settings.BASE_DIR / "static" / "map" / "west-africa.svg"
        target.write_text(draw(topology), encoding="utf-8")
        self.stdout.write(f"{target}: {target.stat().st_size} bytes")
