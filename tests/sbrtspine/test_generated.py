"""The generated pages of docs/ are those that the code makes now."""

from sbrtspine.generated_docs import pages
from tests.environment import ROOT


def test_the_generated_pages_are_fresh():
    assert {name: (ROOT / "docs" / name).read_text() for name in pages()} == pages()
