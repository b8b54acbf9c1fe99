"""What a URL may hold: a participant's code, a form's slug, a visit. Anything else is 404 before any query."""

from django.urls import register_converter

from protocol.study import STUDY, UNSCHEDULED


class CodeInPath:
    """BLEND-01; small letters are accepted."""

    regex = r"[A-Za-z]{2,10}-[0-9]{2,6}"

    def to_python(self, value: str) -> str:
        return value.upper()

    def to_url(self, value: str) -> str:
        return str(value)


class SlugInPath:
    """A form's slug."""

    regex = r"[a-z][a-z-]{1,30}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


class VisitInPath(SlugInPath):
    """A visit of the protocol's schedule, or an unscheduled one: u1, u2 …"""

    regex = "|".join([*STUDY.visit_codes, UNSCHEDULED])


register_converter(CodeInPath, "code")
register_converter(SlugInPath, "form")
register_converter(VisitInPath, "visit")
