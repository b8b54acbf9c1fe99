"""What a URL may hold: a participant's code, a form's slug, a visit. Anything else is 404 before any query."""

from django.urls import register_converter

from protocol.study import STUDY


class Code:
    """BLEND-01; small letters are accepted."""

    regex = r"[A-Za-z]{2,10}-[0-9]{2,6}"

    def to_python(self, value: str) -> str:
        return value.upper()

    def to_url(self, value: str) -> str:
        return str(value)


class Slug:
    """A form's slug."""

    regex = r"[a-z][a-z-]{1,30}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


class Visit(Slug):
    """A visit of the protocol's schedule."""

    regex = "|".join(STUDY.visit_codes)


register_converter(Code, "code")
register_converter(Slug, "form")
register_converter(Visit, "visit")
