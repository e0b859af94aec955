"""Compute readable colours for mails: contrast as defined by WCAG 2.1 (1.4.3)."""

WHITE = "#ffffff"
DARK = "#1d232a"  # the background of mails in dark mode
READABLE = 5.5  # for text of ordinary size: WCAG asks for 4.5; thin type looks paler
_STEPS = 20


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours such as "#1a5f8f", from 1 to 21."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def lighten_for_dark_mode(colour: str) -> str:
    """Return the colour, lightened until it can be read on dark paper."""
    shades = (_mixed(colour, step / _STEPS) for step in range(_STEPS + 1))
    return next(shade for shade in shades if contrast(shade, DARK) >= READABLE)


def _mixed(colour: str, white: float) -> str:
    return "#" + "".join(f"{round(part + (255 - part) * white):02x}" for part in _parts(colour))


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(part / 255) for part in _parts(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)


def _parts(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
