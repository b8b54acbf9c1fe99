"""Scales and axes: ticks at 1, 2 or 5 times a power of ten, labels that do not run into each other."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from oversight.drawing.shapes import WIDTH, Drawing


def ticks(low: float, high: float, about: int = 6) -> list[float]:
    """Round numbers that cover low to high, about so many."""
    span = high - low
    if span <= 0:
        return [low]
    raw = span / max(about, 1)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(step * power for step in (1, 2, 5, 10) if step * power >= raw * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(number * step, 10) for number in range(first, last + 1)]


def whole_ticks(high: int, about: int = 8) -> list[int]:
    """Whole numbers from 0 to at least `high`."""
    step = max(1, round(ticks(0, max(high, 1), about)[1])) if high > 1 else 1
    return list(range(0, high + step, step))


def tick_label(value: float) -> str:
    """A tick's label."""
    return f"{value:g}"


@dataclass
class Chart:
    """A rectangle with two linear scales."""

    height: int = 320
    x_range: tuple[float, float] = (0, 1)
    y_range: tuple[float, float] = (0, 1)
    left: int = 58
    right: int = 20
    top: int = 34
    bottom: int = 48
    drawing: Drawing = field(init=False)

    def __post_init__(self) -> None:
        self.drawing = Drawing(self.height)

    @property
    def floor(self) -> float:
        return self.height - self.bottom

    @property
    def edge(self) -> float:
        return WIDTH - self.right

    def x(self, value: float) -> float:
        low, high = self.x_range
        return self.left + (self.edge - self.left) * (value - low) / ((high - low) or 1)

    def y(self, value: float) -> float:
        low, high = self.y_range
        return self.floor - (self.floor - self.top) * (value - low) / ((high - low) or 1)

    def axis_x(self, label: str, at: Sequence[float], names: list[str] | None = None) -> None:
        """The line, ticks with labels, and what is measured."""
        self.drawing.line("axis", self.left, self.floor, self.edge, self.floor)
        for place, value in enumerate(at):
            self.drawing.line("axis", self.x(value), self.floor, self.x(value), self.floor + 5)
            name = names[place] if names else tick_label(value)
            self.drawing.text("tick", self.x(value), self.floor + 19, name, "middle")
        self.drawing.text("axis-label", (self.left + self.edge) / 2, self.floor + 38, label, "middle")

    def axis_y(self, label: str, at: list[float], names: list[str] | None = None, grid: bool = True) -> None:
        """Labels left of faint lines; the label stands above the axis, so that nobody turns the head."""
        for place, value in enumerate(at):
            if grid:
                self.drawing.line("grid", self.left, self.y(value), self.edge, self.y(value))
            self.drawing.text(
                "tick", self.left - 8, self.y(value) + 4, names[place] if names else tick_label(value), "end"
            )
        self.drawing.text("axis-label", 4, 14, label)


def legend(drawing: Drawing, x: float, y: float, marks: list[tuple[str, str, str]]) -> None:
    """(shape, class, words) side by side; about seven units a letter."""
    for shape, css, words in marks:
        if shape == "line":
            drawing.line(css, x, y - 4, x + 18, y - 4)
        elif shape == "rect":
            drawing.rect(css, x + 3, y - 10, 12, 12)
        else:
            getattr(drawing, shape)(css, x + 9, y - 4, 5.0)
        drawing.text("tick", x + 24, y, words)
        x += 24 + 6.6 * len(str(words)) + 16
