"""Computes the contrast of every text on its ground in a style sheet's light and dark colours: check_contrast.py STYLESHEET.

The measure and the limit of 4.5 to 1 are those of WCAG 2.1 (1.4.3)."""
import re
import sys

PAIRS = [("text", "ground"), ("text", "card"), ("text", "code"), ("dim", "ground"), ("dim", "card"), ("dim", "code"),
         ("link", "ground"), ("link", "card"), ("good", "good-ground"), ("bad", "bad-ground"), ("doubt", "doubt-ground"),
         ("none", "none-ground"), ("text", "good-ground"), ("text", "bad-ground"), ("text", "doubt-ground"), ("mark-text", "mark")]


def luminance(colour):
    channels = [int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


with open(sys.argv[1], encoding="utf-8") as file:
    themes = re.findall(r":root \{(.*?)\}", file.read(), re.S)[:2]
problems = []
for theme, body in zip(("light", "dark"), themes):
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})\b", body))
    for text, ground in PAIRS:
        ratio = contrast(colours[text], colours[ground])
        if ratio < 4.5:
            problems.append(f"{theme}: {text} on {ground} has {ratio:.2f}")
print("\n".join(problems) or f"{len(PAIRS)} pairs in {len(themes)} themes are at least 4.5 to 1")
sys.exit(1 if problems or len(themes) != 2 else 0)
