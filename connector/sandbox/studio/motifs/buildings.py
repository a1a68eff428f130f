"""What people build to live in, look out from, or cross."""

from __future__ import annotations

from connector.sandbox.studio.motifs.shape import Motif, Shape, blob, both, box, curve, glow, line, oval, poly


def _windows(columns: tuple[float, ...], rows: tuple[float, ...], wide: float, high: float) -> tuple[Shape, ...]:
    return tuple(box("window", x, y, x + wide, y + high) for x in columns for y in rows)


BUILDINGS = (
    Motif(
        "lighthouse", "lighthouse beacon", home="sea", size=0.62, mains="#d8433f #2f5f9c #d0603a", accent="#f5f2ea",
        shapes=(
            blob("#6b6460>#3f3b40", -0.62, -0.14, -0.5, 0.02, -0.28, 0.08, 0.2, 0.09, 0.42, 0.03, 0.62, -0.14), blob("#82796f", -0.4, 0.02, -0.26, 0.07, 0.0, 0.08, -0.1, 0.03),
            poly("#e9dfc8>#cdbf9f", 0.1, 0.06, 0.42, 0.06, 0.42, 0.19, 0.1, 0.19), poly("main>main-", 0.06, 0.18, 0.15, 0.29, 0.38, 0.29, 0.47, 0.18), box("window", 0.28, 0.1, 0.34, 0.155),
            poly("accent", -0.15, 0.06, 0.15, 0.06, 0.085, 0.72, -0.085, 0.72),
            poly("main", -0.139, 0.17, 0.139, 0.17, 0.126, 0.31, -0.126, 0.31), poly("main", -0.113, 0.44, 0.113, 0.44, 0.099, 0.58, -0.099, 0.58),
            poly("#1a1830@0.2", 0.03, 0.06, 0.15, 0.06, 0.085, 0.72, 0.02, 0.72), box("#4a3c3a", -0.035, 0.06, 0.035, 0.15), *(box("window", -0.022, y, 0.022, y + 0.045) for y in (0.36, 0.62)),
            box("#3a3a46", -0.13, 0.72, 0.13, 0.745), *(line("#3a3a46", 0.008, x, 0.74, x, 0.79) for x in (-0.12, -0.06, 0.06, 0.12)), line("#3a3a46", 0.01, -0.125, 0.79, 0.125, 0.79),
            glow("!#ffe9a0@0.75", 0, 0.82, 0.34), box("!#ffefb0", -0.065, 0.745, 0.065, 0.87), *(line("#3a3a46", 0.012, x, 0.745, x, 0.87) for x in (-0.065, 0, 0.065)),
            poly("main>main-", -0.1, 0.87, 0.1, 0.87, 0, 0.97), oval("#3a3a46", 0, 0.975, 0.016, 0.018), line("#3a3a46", 0.008, 0, 0.97, 0, 1.02),
        ),
    ),
    Motif(
        "house", "house cottage cabin home hut barn farm chalet", home="hills", size=0.36, mains="#e6d6b8 #d9a07a #c9d2d6 #b8543f", accent="#a8453c",
        shapes=(
            box("#8a5f4c>#6a4638", 0.2, 0.6, 0.32, 0.98), box("#6a4638", 0.18, 0.94, 0.34, 0.99), blob("light@0.4", 0.26, 1.02, 0.2, 1.12, 0.3, 1.22, 0.4, 1.14, 0.34, 1.04),
            poly("main+>main-", -0.5, 0, 0.5, 0, 0.5, 0.5, -0.5, 0.5), poly("main+>main", -0.42, 0.48, 0.42, 0.48, 0, 0.86), poly("accent>accent-", -0.6, 0.45, 0, 0.97, 0.6, 0.45, 0.52, 0.42, 0, 0.86, -0.52, 0.42),
            box("#5a3d30>#3f2b24", -0.1, 0, 0.1, 0.34), oval("!#e8c05a", 0.06, 0.16, 0.016, 0.018), *(box("light", x - 0.02, 0.16, x + 0.22, 0.4) for x in (-0.41, 0.19)), *(box("window", x, 0.18, x + 0.2, 0.38) for x in (-0.41, 0.19)),
            *(line("light", 0.016, x + 0.1, 0.18, x + 0.1, 0.38) for x in (-0.41, 0.19)), *(line("light", 0.016, x, 0.28, x + 0.2, 0.28) for x in (-0.41, 0.19)), oval("light", 0, 0.62, 0.09, 0.09), oval("window", 0, 0.62, 0.07, 0.07),
            *both(blob("#5f9150>#3f6a3c", -0.62, 0, -0.56, 0.12, -0.44, 0.14, -0.36, 0.0)), box("#1a1830@0.12", 0.3, 0, 0.5, 0.5),
        ),
    ),
    Motif(
        "castle", "castle fortress palace tower kingdom", home="mountains", size=0.55, mains="#b8aea4 #9aa2b2 #c8b39a", accent="#3f5fa0",
        shapes=(
            *both(box("main>main-", -0.52, 0, -0.34, 0.56)), *both(poly("accent>accent-", -0.56, 0.56, -0.3, 0.56, -0.43, 0.82)), *both(line("#4a4450", 0.01, -0.43, 0.8, -0.43, 0.92)), *both(poly("#d8433f", -0.43, 0.92, -0.33, 0.89, -0.43, 0.86)),
            poly("main>main--", -0.36, 0, 0.36, 0, 0.36, 0.36, -0.36, 0.36), *(box("main", x, 0.36, x + 0.07, 0.42) for x in (-0.33, -0.19, -0.05, 0.09, 0.23)),
            box("main+>main-", -0.14, 0, 0.14, 0.66), poly("accent+>accent-", -0.19, 0.66, 0.19, 0.66, 0, 0.98), line("#4a4450", 0.01, 0, 0.96, 0, 1.08), poly("#d8433f", 0, 1.08, 0.12, 1.045, 0, 1.01),
            blob("#3b2f30", -0.085, 0, -0.085, 0.15, 0, 0.22, 0.085, 0.15, 0.085, 0), *(box("window", x, y, x + 0.05, y + 0.09) for x, y in ((-0.025, 0.44), (-0.455, 0.36), (0.405, 0.36), (-0.455, 0.16), (0.405, 0.16), (-0.26, 0.2), (0.21, 0.2))),
            box("#1a1830@0.15", 0.05, 0, 0.14, 0.66), box("#1a1830@0.15", 0.45, 0, 0.52, 0.56),
        ),
    ),
    Motif(
        "windmill", "windmill mill", home="meadow", size=0.55, mains="#e9ddc6 #c9b8a0", accent="#9c4a3a",
        shapes=(
            poly("main>main-", -0.2, 0, 0.2, 0, 0.115, 0.66, -0.115, 0.66), poly("#1a1830@0.14", 0.06, 0, 0.2, 0, 0.115, 0.66, 0.04, 0.66), blob("accent>accent-", -0.14, 0.64, -0.1, 0.78, 0, 0.84, 0.1, 0.78, 0.14, 0.64), box("#5a4034", -0.05, 0, 0.05, 0.16),
            *(box("window", -0.03, y, 0.03, y + 0.08) for y in (0.26, 0.44)), *(poly("light@0.92", 0, 0.72, dx * 0.4 - dy * 0.09, 0.72 + dy * 0.4 + dx * 0.09, dx * 0.46, 0.72 + dy * 0.46, 0.01, 0.72) for dx, dy in ((0.8, 0.6), (-0.6, 0.8), (-0.8, -0.6), (0.6, -0.8))),
            *(line("#6a4a38", 0.02, 0, 0.72, dx * 0.47, 0.72 + dy * 0.47) for dx, dy in ((0.8, 0.6), (-0.6, 0.8), (-0.8, -0.6), (0.6, -0.8))), oval("#5a4034", 0, 0.72, 0.035, 0.035),
        ),
    ),
    Motif(
        "pagoda", "pagoda temple shrine japan japanese kyoto", home="mountains", size=0.55, mains="#b8473a #8f4a3c", accent="#3b4a52",
        shapes=(
            box("#8a8480", -0.4, 0, 0.4, 0.05), *(box("main>main-", -w, y, w, y + 0.16) for w, y in ((0.28, 0.05), (0.22, 0.3), (0.16, 0.54))),
            *(poly("accent>accent-", -w - 0.18, y, -w - 0.1, y + 0.035, -w * 0.6, y + 0.11, w * 0.6, y + 0.11, w + 0.1, y + 0.035, w + 0.18, y, w, y - 0.01, -w, y - 0.01) for w, y in ((0.28, 0.2), (0.22, 0.44), (0.16, 0.68))),
            poly("accent", -0.1, 0.78, 0.1, 0.78, 0, 0.88), line("!#e0b84a", 0.02, 0, 0.86, 0, 1.0), *(oval("!#e0b84a", 0, y, 0.03, 0.012) for y in (0.9, 0.94)), *(box("window", x, 0.34, x + 0.07, 0.42) for x in (-0.16, -0.035, 0.09)), *(box("window", x, 0.57, x + 0.06, 0.65) for x in (-0.1, 0.04)),
            blob("#3b2626", -0.08, 0.05, -0.08, 0.16, 0, 0.19, 0.08, 0.16, 0.08, 0.05),
        ),
    ),
    Motif(
        "bridge", "bridge viaduct", home="sea", stand="water", size=0.42, mains="#c8503c #5f6f84", accent="#c8503c",
        shapes=(
            *both(box("main-", -0.62, 0, -0.52, 1.0)), *both(box("main", -0.64, 0.72, -0.5, 0.76)), *both(box("main", -0.64, 0.94, -0.5, 0.98)), *both(curve("main-", 0.018, -2.2, 0.36, -1.4, 0.56, -0.57, 0.97)),
            curve("main-", 0.018, -0.57, 0.97, -0.3, 0.56, 0, 0.42, 0.3, 0.56, 0.57, 0.97), *(line("main-", 0.007, x / 20, 0.32, x / 20, 0.42 + 0.0042 * x * x) for x in range(-10, 11, 2)),
            *both(line("main-", 0.007, -0.8, 0.32, -0.8, 0.83)), *both(line("main-", 0.007, -1.05, 0.32, -1.05, 0.7)), *both(line("main-", 0.007, -1.3, 0.32, -1.3, 0.59)), box("main>main--", -2.4, 0.26, 2.4, 0.33),
        ),
    ),
    Motif(
        "skyscraper", "skyscraper building hotel office", home="city", size=0.66, mains="#7f93aa #a08f9c #5f7486", accent="#3f5068",
        shapes=(
            box("main+>main-", -0.16, 0, 0.16, 0.82), box("main>main-", -0.11, 0.82, 0.11, 0.9), line("#4a5060", 0.012, 0, 0.9, 0, 1.04), glow("!#ff7a6a@0.7", 0, 1.04, 0.04),
            *_windows((-0.135, -0.075, -0.015, 0.045, 0.105), tuple(0.06 + 0.055 * i for i in range(13)), 0.035, 0.03), box("#1a1830@0.18", 0.06, 0, 0.16, 0.82), box("#3a3a46", -0.05, 0, 0.05, 0.05),
        ),
    ),
)  # fmt: skip
