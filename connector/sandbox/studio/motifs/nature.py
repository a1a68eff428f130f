"""What grows."""

from __future__ import annotations

import math

from connector.sandbox.studio.motifs.shape import Motif, Shape, blob, both, box, curve, glow, line, oval, poly


def _petals(fill: str, x: float, y: float, reach: float, wide: float, count: int, turn: float = 0.0) -> tuple[Shape, ...]:
    return tuple(_petal(fill, x, y, reach, wide, turn + 2 * math.pi * i / count) for i in range(count))


def _petal(fill: str, x: float, y: float, reach: float, wide: float, angle: float) -> Shape:
    along, across = (math.cos(angle), math.sin(angle)), (-math.sin(angle), math.cos(angle))
    frame = ((0.1, 0.0), (0.6, wide), (1.0, 0.0), (0.6, -wide))
    points = ((x + reach * (a * along[0] + b * across[0]), y + reach * (a * along[1] + b * across[1])) for a, b in frame)
    return blob(fill, *(number for point in points for number in point))


def _leaf(fill: str, x: float, y: float, dx: float, dy: float) -> Shape:
    return blob(fill, x, y, x + dx * 0.4 - dy * 0.25, y + dy * 0.4 + dx * 0.25, x + dx, y + dy, x + dx * 0.6 + dy * 0.2, y + dy * 0.6 - dx * 0.2)


NATURE = (
    Motif(
        "tree", "tree oak maple trees orchard", home="hills", size=0.58, mains="#4f9a4c #7fae3f #d98a36 #3f8a5e", accent="#6a4a36",
        shapes=(
            poly("accent>accent-", -0.07, 0, -0.035, 0.3, -0.05, 0.5, 0.05, 0.5, 0.035, 0.3, 0.08, 0), line("accent", 0.035, 0, 0.34, -0.15, 0.52), line("accent", 0.03, 0.01, 0.38, 0.15, 0.54),
            *(oval("main--", x, y, r, r * 0.86) for x, y, r in ((-0.2, 0.55, 0.19), (0.2, 0.55, 0.19), (0, 0.52, 0.2))), *(oval("main>main-", x, y, r, r * 0.88) for x, y, r in ((-0.17, 0.66, 0.2), (0.18, 0.65, 0.2), (0, 0.72, 0.24))),
            *(oval("main+", x, y, r, r * 0.8) for x, y, r in ((-0.1, 0.82, 0.15), (0.06, 0.86, 0.12), (-0.22, 0.7, 0.1))),
        ),
    ),
    Motif(
        "pine", "pine fir spruce evergreen christmas", home="forest", size=0.55, mains="#2f6a4c #3a7a52 #2a5a58", accent="#5a4032",
        shapes=(
            box("accent", -0.04, 0, 0.04, 0.14), *(poly("main>main-", -w, y, -w * 0.4, y + 0.02, 0, y - 0.02, w * 0.4, y + 0.02, w, y, 0, y + h) for w, y, h in ((0.3, 0.1, 0.4), (0.25, 0.28, 0.36), (0.2, 0.46, 0.32), (0.14, 0.64, 0.34))),
            *(poly("#10182c@0.16", 0, y, w, y, 0, y + h) for w, y, h in ((0.3, 0.1, 0.4), (0.25, 0.28, 0.36), (0.2, 0.46, 0.32), (0.14, 0.64, 0.34))),
        ),
    ),
    Motif(
        "palm", "palm tropical coconut beach", home="sea", size=0.58, mains="#3f9a5c #5aa84a", accent="#8a6a48",
        shapes=(
            blob("#e9d3a0>#c9a870", -0.7, -0.08, -0.4, 0.03, 0.0, 0.06, 0.4, 0.02, 0.7, -0.08), curve("accent-", 0.065, 0, 0.02, 0.05, 0.3, 0.03, 0.55, -0.05, 0.78), curve("accent", 0.035, -0.01, 0.02, 0.04, 0.3, 0.02, 0.55, -0.055, 0.78),
            *(blob(f, -0.05, 0.78, -0.05 + dx * 0.5, 0.8 + dy * 0.6 + 0.06, -0.05 + dx, 0.78 + dy, -0.05 + dx * 0.5, 0.76 + dy * 0.4 + 0.02) for f, dx, dy in (("main-", -0.44, -0.12), ("main-", 0.44, -0.16), ("main", -0.36, 0.1), ("main", 0.38, 0.08), ("main+", -0.16, 0.22), ("main+", 0.2, 0.2))),
            *(oval("#6a4630", x, 0.75, 0.036, 0.04) for x in (-0.09, -0.02)),
        ),
    ),
    Motif(
        "flower", "flower daisy blossom bloom", home="meadow", size=0.6, mains="#f2f0ea #e8607a #b078d8 #f2a03c", accent="#f2b632",
        shapes=(curve("#4f8f48", 0.03, 0, 0, 0.03, 0.3, 0, 0.62), _leaf("#5aa050", 0.02, 0.2, 0.26, 0.14), _leaf("#4a8c46", 0.02, 0.3, -0.24, 0.16), *_petals("main--", 0, 0.7, 0.3, 0.2, 11, 0.28), *_petals("main+>main", 0, 0.7, 0.28, 0.18, 11), oval("accent>accent-", 0, 0.7, 0.09, 0.09), oval("accent+", -0.02, 0.72, 0.045, 0.04)),
    ),
    Motif(
        "sunflower", "sunflower sunflowers", home="meadow", size=0.66, mains="#f5bd2e", accent="#5a3a26",
        shapes=(curve("#4f8f48", 0.035, 0, 0, 0.02, 0.3, 0, 0.6), _leaf("#5aa050", 0.02, 0.18, 0.3, 0.12), _leaf("#4a8c46", 0.02, 0.28, -0.28, 0.14), *_petals("main-", 0, 0.7, 0.31, 0.16, 18, 0.17), *_petals("main+>main", 0, 0.7, 0.27, 0.15, 18), oval("accent-", 0, 0.7, 0.13, 0.13), oval("accent+", 0, 0.7, 0.1, 0.1), oval("accent-", 0, 0.7, 0.06, 0.06)),
    ),
    Motif(
        "tulip", "tulip tulips", home="meadow", size=0.52, mains="#e0485a #f2a63c #b25fc0 #f08bb2", accent="#4f8f48",
        shapes=(curve("accent", 0.035, 0, 0, 0.02, 0.35, 0, 0.64), blob("accent>accent-", 0.02, 0.02, 0.16, 0.3, 0.22, 0.62, 0.06, 0.36), blob("accent+>accent", -0.02, 0.02, -0.18, 0.26, -0.26, 0.56, -0.08, 0.34), blob("main--", -0.06, 0.72, 0, 1.0, 0.06, 0.72), *both(blob("main>main-", 0, 0.6, -0.17, 0.68, -0.16, 0.97, -0.04, 0.84)), blob("main+>main", -0.09, 0.66, 0, 0.94, 0.09, 0.66, 0, 0.59)),
    ),
    Motif(
        "rose", "rose roses", home="room", size=0.6, mains="#c8303f #e8889c #f2e6d8", accent="#3f7a46",
        shapes=(
            curve("accent", 0.028, 0, 0, 0.04, 0.3, 0, 0.62), _leaf("accent+", 0.02, 0.26, 0.24, 0.12), _leaf("accent", 0.02, 0.36, -0.22, 0.14), *both(blob("main-", 0, 0.56, -0.22, 0.64, -0.24, 0.86, -0.08, 0.8)), blob("main>main-", -0.19, 0.74, -0.12, 0.92, 0, 0.97, 0.12, 0.92, 0.19, 0.74, 0.1, 0.58, -0.1, 0.58),
            curve("main--", 0.02, -0.12, 0.84, 0, 0.74, 0.13, 0.84), curve("main--", 0.02, -0.08, 0.89, 0.0, 0.82, 0.08, 0.9), curve("main+", 0.018, -0.17, 0.76, -0.04, 0.64, 0.15, 0.72), oval("main--", 0, 0.91, 0.035, 0.022),
        ),
    ),
    Motif(
        "cactus", "cactus cacti saguaro succulent", home="desert", size=0.5, mains="#4f9160 #3f8560", accent="#f0708a",
        shapes=(
            curve("main-", 0.12, -0.02, 0.3, -0.26, 0.32, -0.27, 0.56), curve("main-", 0.11, 0.02, 0.42, 0.25, 0.45, 0.26, 0.68), line("main", 0.2, 0, 0.03, 0, 0.87), *(line("main--", 0.012, x, 0.02, x, 0.9) for x in (-0.045, 0.045)), line("main+", 0.02, -0.075, 0.1, -0.075, 0.82),
            *_petals("accent", 0, 0.98, 0.07, 0.3, 6), oval("!#ffe08a", 0, 0.98, 0.02, 0.02), *_petals("accent", 0.26, 0.76, 0.05, 0.3, 6),
        ),
    ),
    Motif(
        "mushroom", "mushroom toadstool fungus fungi", home="forest", size=0.42, mains="#d6453c #b8703f #8a5fb0", accent="#f6f0e2",
        shapes=(
            blob("accent>accent-", -0.12, 0, -0.09, 0.3, -0.1, 0.52, 0.1, 0.52, 0.09, 0.3, 0.14, 0.0), blob("accent--", -0.34, 0.5, 0, 0.42, 0.34, 0.5, 0, 0.56), blob("main+>main-", -0.42, 0.5, -0.36, 0.74, 0, 0.98, 0.36, 0.74, 0.42, 0.5, 0, 0.54),
            *(oval("accent", x, y, r, r * 0.75) for x, y, r in ((-0.2, 0.68, 0.07), (0.06, 0.82, 0.085), (0.26, 0.64, 0.06), (0.02, 0.62, 0.05))), blob("main-", 0.24, 0.17, 0.34, 0.3, 0.46, 0.17), box("accent", 0.315, 0, 0.37, 0.18),
        ),
    ),
    Motif(
        "campfire", "campfire bonfire fire flame", home="forest", size=0.34, mains="#f2662e", accent="#f8b83a",
        shapes=(
            glow("!#ffb45a@0.7", 0, 0.4, 0.9), line("#5a3d2e", 0.1, -0.3, 0.04, 0.26, 0.16), line("#6a4836", 0.1, 0.3, 0.04, -0.26, 0.16), blob("!#e2502a", -0.22, 0.14, -0.24, 0.44, -0.1, 0.6, -0.04, 0.98, 0.16, 0.66, 0.25, 0.4, 0.2, 0.14), blob("!#f8a032", -0.15, 0.14, -0.15, 0.36, 0.0, 0.74, 0.14, 0.42, 0.14, 0.14), blob("!#ffe88a", -0.08, 0.14, -0.07, 0.3, 0.01, 0.48, 0.08, 0.28, 0.08, 0.14),
        ),
    ),
)  # fmt: skip
