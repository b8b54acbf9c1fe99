"""The 48-hour board, for the wall and the telephone."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.marks import reads_while_idle
from accounts.once import once
from accounts.permissions import require
from accounts.requests import AuthedRequest
from accounts.roles import Permission
from oversight import window_board as on_board
from protocol.study import STUDY
from records import selectors


@reads_while_idle
@require_safe
def board(request: AuthedRequest) -> HttpResponse:
    """Everybody between SBRT and surgery; `?wall=1` is as large as the screen, `?all=1` has more than a wall holds."""
    require(request.user, Permission.SEE)
    now = timezone.now()
    context = {
        "board": on_board.build_board(request.user, now, request.GET.get("all") == "1"),
        "now": now,
        "zone": STUDY.zone,
        "wall": request.GET.get("wall") == "1",
        "may_take": request.user.may(Permission.ENTER),
    }
    return render(request, "oversight/board/_board.html" if request.htmx else "oversight/board/board.html", context)


@require_POST
@once
def take(request: AuthedRequest, code: str) -> HttpResponse:
    """Say that one looks after this participant's 48 hours."""
    participant = selectors.participant(request.user, code)
    require(request.user, Permission.ENTER, participant.site_id)
    on_board.take(participant, request.user, timezone.now())
    return redirect("board")
