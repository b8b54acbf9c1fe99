"""A drawing is a list of shapes with classes: no style inside, so that one style sheet rules light, dark and paper."""

from dataclasses import dataclass, field
from typing import Any

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

WIDTH = 760


@dataclass(frozen=True)
class Shape:
    """One SVG element; numbers are written with one decimal and a point, whatever the language."""

    tag: str
    css: str
    attributes: tuple[tuple[str, str], ...]
    text: str = ""
    tip: str = ""
    url: str = ""
    inside: tuple["Shape", ...] = ()


@dataclass
class Drawing:
    """What is drawn, from the back to the front, in units of a 760 wide page."""

    height: int
    width: int = WIDTH
    shapes: list[Shape] = field(default_factory=list)

    def add(self, tag: str, css: str, text: str = "", tip: str = "", url: str = "", **attributes: Any) -> None:
        """Any element; `text_anchor` becomes text-anchor."""
        pairs = tuple((name.replace("_", "-"), written(value)) for name, value in attributes.items())
        self.shapes.append(Shape(tag, css, pairs, str(text), str(tip), url))

    def line(self, css: str, x1: float, y1: float, x2: float, y2: float, **more: Any) -> None:
        self.add("line", css, x1=x1, y1=y1, x2=x2, y2=y2, **more)

    def rect(self, css: str, x: float, y: float, width: float, height: float, **more: Any) -> None:
        self.add("rect", css, x=x, y=y, width=max(width, 0), height=max(height, 0), **more)

    def circle(self, css: str, x: float, y: float, r: float, **more: Any) -> None:
        self.add("circle", css, cx=x, cy=y, r=r, **more)

    def text(self, css: str, x: float, y: float, words: Any, anchor: str = "start", **more: Any) -> None:
        self.add("text", css, text=words, x=x, y=y, text_anchor=anchor, **more)

    def path(self, css: str, points: list[tuple[float, float]], closed: bool = False, **more: Any) -> None:
        """Straight lines through points."""
        if len(points) < 2:
            return
        drawn = "M" + "L".join(f"{written(x)} {written(y)}" for x, y in points) + ("Z" if closed else "")
        self.add("path", css, d=drawn, **more)

    def add_moved(self, other: "Drawing", down: float) -> None:
        """Everything of another drawing, so far below."""
        self.shapes.append(
            Shape("g", "", (("transform", f"translate(0 {written(down)})"),), inside=tuple(other.shapes))
        )

    def triangle(self, css: str, x: float, y: float, r: float, **more: Any) -> None:
        self.path(css, [(x, y - r), (x + r, y + 0.8 * r), (x - r, y + 0.8 * r)], closed=True, **more)

    def diamond(self, css: str, x: float, y: float, r: float, **more: Any) -> None:
        self.path(css, [(x, y - r), (x + r, y), (x, y + r), (x - r, y)], closed=True, **more)

    @property
    def linked(self) -> SafeString:
        """The shapes as SVG, for a page."""
        return self.markup(links=True)

    @property
    def plain(self) -> SafeString:
        """The same for a file that stands alone."""
        return self.markup(links=False)

    def markup(self, links: bool) -> SafeString:
        """One line a shape."""
        return mark_safe("\n".join(_markup(shape, links) for shape in self.shapes))  # noqa: S308 - escaped below


def _markup(shape: Shape, links: bool) -> str:
    """One element: names are ours, every value is escaped. A template would take ten times as long for a lane plot."""
    attributes = "".join(f' {name}="{escape(value)}"' for name, value in shape.attributes)
    css = f' class="{escape(shape.css)}"' if shape.css else ""
    tip = f"<title>{escape(shape.tip)}</title>" if shape.tip else ""
    inside = "".join(_markup(child, links) for child in shape.inside)
    element = f"<{shape.tag}{css}{attributes}>{tip}{escape(shape.text)}{inside}</{shape.tag}>"
    return f'<a href="{escape(shape.url)}">{element}</a>' if links and shape.url else element


def written(value: Any) -> str:
    """A number as SVG wants it, anything else as it is."""
    if isinstance(value, float):
        return f"{value:.1f}".removesuffix(".0")
    return str(value)
