"""What the server understands of a date or time while it is typed: the page says it back and reads nothing itself."""

from zoneinfo import ZoneInfo

from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.marks import about_nobody, by_a_script
from protocol import cli_args
from records.model.form_fields import DateAsTyped, InstantAsTyped, PartialDateAsTyped

_KINDS = {"whole": DateAsTyped, "partial": PartialDateAsTyped, "instant": InstantAsTyped}


@by_a_script
@require_POST
@about_nobody
def understood(request: HttpRequest) -> JsonResponse:
    """`said` in full, or `refused` with the sentence that saving would give; nothing is kept."""
    kind = _KINDS.get(request.POST.get("kind", ""))
    typed = request.POST.getlist("typed")
    try:
        zone = ZoneInfo(cli_args.zone("zone", request.POST.get("zone", "")))
    except cli_args.Malformed:
        kind = None
    if kind is None or len(typed) != (3 if kind is InstantAsTyped else 1):
        return JsonResponse({"said": "", "refused": ""}, status=422)
    field = kind(required=False)
    field.zone, field.now = zone, timezone.now()
    field.today = field.now.astimezone(zone).date()
    reading, refused = field.understood(typed if kind is InstantAsTyped else typed[0])
    return JsonResponse({"said": reading, "refused": refused})
