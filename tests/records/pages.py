"""What a browser sends of a page: every input as it stands, so that no answer goes by being left out."""

from html.parser import HTMLParser


class _Inputs(HTMLParser):
    """The inputs of one form, by its id; those outside of it and those in a template are left out."""

    def __init__(self, form):
        super().__init__()
        self.form, self.inside, self.template, self.sent = form, False, 0, {}
        self.select = self.area = None

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if tag == "form":
            self.inside = attributes.get("id") == self.form
        self.template += tag == "template"
        if not self.inside or self.template or "disabled" in attributes:
            return
        name, value = attributes.get("name"), attributes.get("value") or ""
        if tag == "select":
            self.select = name
        elif tag == "option" and self.select and "selected" in attributes:
            self.sent[self.select] = [value]
        elif tag == "textarea":
            self.area, self.sent[name] = name, [""]
        elif (
            tag == "input" and name and (attributes.get("type") not in ("radio", "checkbox") or "checked" in attributes)
        ):
            self.sent.setdefault(name, []).append(value)

    def handle_data(self, data):
        if self.area:
            self.sent[self.area][0] += data

    def handle_endtag(self, tag):
        self.template -= tag == "template"
        if tag in ("form", "select", "textarea"):
            self.inside = self.inside and tag != "form"
            self.select = self.area = None


def sent_by(answer, form="crf"):
    """Name -> values, as the page's form would send them untouched."""
    inputs = _Inputs(form)
    inputs.feed(answer.content.decode())
    return {name: [value.removeprefix("\n") for value in values] for name, values in inputs.sent.items()}
