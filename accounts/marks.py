"""What is known of a view besides the view itself: kept in a set of ours, not put on the function."""

from collections.abc import Callable
from typing import Any, TypeVar

View = Callable[..., Any]
AnyView = TypeVar("AnyView", bound=View)


class Mark:
    """A decorator; `view in mark` says whether a view, or one that it wraps, carries it."""

    def __init__(self, says: str) -> None:
        self.says = says
        self._views: set[View] = set()

    def __call__(self, view: AnyView) -> AnyView:
        self._views.add(view)
        return view

    def __contains__(self, view: View | None) -> bool:
        while view is not None:
            if view in self._views:
                return True
            view = getattr(view, "__wrapped__", None)
        return False


by_a_script = Mark("asked by a script while a page is open; stores nothing that was typed, and has no last field")
carried_out_once = Mark("its POST is carried out once for each page and content")
reads_while_idle = Mark("a page on a wall: its own refreshing goes on, and does not count as somebody being there")
about_nobody = Mark("shows no participant: reading it leaves no row; every view that is not marked does")
