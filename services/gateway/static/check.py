#!/usr/bin/env python3
"""Counts what static/README.md promises: contrast of every pair of tokens in every theme, light and
dark; sizes; icons that pages name and the sprite has not.  Exit code 1 and a line per finding, or a line that all is well."""
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).parent
PAGES = HERE.parent / "pages"
LIMITS = {"site.css": 40 << 10, "site.js": 15 << 10}
# (foreground, grounds it stands on, least contrast): WCAG 2.2 SC 1.4.3 for text, 1.4.11 for the rest.
TEXT, SHAPE = 4.5, 3.0
GROUNDS = ["paper", "ground"]
PAIRS = [
    ("ink", GROUNDS + ["sunk", "tint", "mark", "hill", "hill2", "info-bg", "good-bg", "warn-bg", "bad-bg"], TEXT),
    ("ink2", GROUNDS + ["sunk", "tint", "hill", "hill2"], TEXT),
    ("ink3", GROUNDS + ["sunk", "tint", "bad-bg", "good-bg"], TEXT),
    ("brand", GROUNDS + ["tint", "mark"], TEXT),
    ("brand2", GROUNDS + ["tint"], TEXT),
    ("on", ["brand", "brand2"], TEXT),
    ("on-bar", ["bar"], TEXT),
    ("info", ["info-bg", "paper"], TEXT),
    ("good", ["good-bg"] + GROUNDS, TEXT),
    ("warn", ["warn-bg"] + GROUNDS, TEXT),
    ("bad", ["bad-bg", "sunk"] + GROUNDS, TEXT),
    ("line2", GROUNDS, SHAPE),
    ("focus", GROUNDS + ["sunk", "tint", "hill", "hill2", "info-bg", "good-bg", "warn-bg", "bad-bg"], SHAPE),
    ("bar-focus", ["bar"], SHAPE),
    ("c2", GROUNDS, SHAPE), ("c3", GROUNDS, SHAPE), ("c4", GROUNDS, SHAPE), ("c5", GROUNDS, SHAPE), ("c6", GROUNDS, SHAPE),
]


def luminance(colour):
    digits = colour.lstrip("#")
    if len(digits) == 3:
        digits = "".join(digit * 2 for digit in digits)
    parts = [int(digits[i:i + 2], 16) / 255 for i in (0, 2, 4)]
    parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one, other):
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def tokens(css):
    """{(theme, scheme): {token: colour}} as the cascade gives them."""
    # The rules of the dark scheme are those inside the first @media of that name.
    start = css.index("@media (prefers-color-scheme: dark)")
    end = css.index("/* ---- base")
    rules = {"light": css[:start], "dark": css[start:end]}
    found = {}
    for scheme, text in rules.items():
        for selector, body in re.findall(r"(:root|\[data-theme=\w+\])\s*\{([^}]*)\}", text):
            theme = "qing" if selector == ":root" else re.search(r"=(\w+)", selector)[1]
            pairs = dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{3}(?:[0-9a-f]{3})?)\b(?=\s*(?:;|$|\}))", body))
            found.setdefault((theme, scheme), {}).update(pairs)
    base_light, base_dark = found["qing", "light"], found["qing", "dark"]
    ret = {}
    for theme in sorted({name for name, _ in found}):
        # Equal specificity: what stands later wins, so dark :root beats the light theme.
        light = {**base_light, **found.get((theme, "light"), {})}
        ret[theme, "light"] = light
        ret[theme, "dark"] = {**light, **base_dark, **found.get((theme, "dark"), {})}
    return ret


def main():
    faults = []
    css = (HERE / "site.css").read_text()
    least = 99.0
    count = 0
    for (theme, scheme), colours in tokens(css).items():
        for name, grounds, wanted in PAIRS:
            for ground in grounds:
                ratio = contrast(colours[name], colours[ground])
                count += 1
                least = min(least, ratio / wanted)
                if ratio < wanted:
                    faults.append(f"{theme} {scheme}: --{name} on --{ground} is {ratio:.2f}, wanted {wanted}")
    body = css[css.index("/* ---- base"):]
    for colour in re.findall(r"#[0-9a-f]{3,8}\b", body[:body.index("/* ---- print")]):
        if colour not in ("#fff", "#000", "#0008"):
            faults.append(f"site.css: colour {colour} stands outside the tokens")
    for name, most in LIMITS.items():
        size = (HERE / name).stat().st_size
        if size > most:
            faults.append(f"{name} has {size} bytes, at most {most}")
    icons = set(re.findall(r'<symbol id="([\w-]+)"', (HERE / "icons.svg").read_text()))
    for page in sorted([*PAGES.rglob("*.page"), *PAGES.rglob("*.html")]):
        for icon in set(re.findall(r"\{\{@icon \"?([\w-]+)\"?\}\}", page.read_text())) - icons:
            faults.append(f"{page.relative_to(PAGES)}: no icon {icon}")
    for fault in faults:
        print(fault)
    if not faults:
        print(f"{count} pairs of colours, {len(icons)} icons, sizes: all well (tightest pair has {least:.2f} times what it needs)")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
