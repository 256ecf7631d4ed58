"""Numbers of lists as Roman figures and as letters, for pages and Word documents."""

from typing import Final

_ROMAN: Final = (
    (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"),
    (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"),
)  # fmt: skip


def roman(number: int) -> str:
    """A number in small Roman figures; decimal where they have none."""
    if not 0 < number < 4000:
        return str(number)
    figures = ""
    for value, figure in _ROMAN:
        figures += figure * (number // value)
        number %= value
    return figures


def letter(number: int) -> str:
    """Letters: a to z, then aa to zz: the letter is doubled, as Word does."""
    if not 0 < number <= 260:
        return str(number)
    return chr(ord("a") + (number - 1) % 26) * ((number - 1) // 26 + 1)
