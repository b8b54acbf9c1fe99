"""Formulas in text: whatever separator a spreadsheet splits at and whatever it trims, no piece begins one."""

import re
import sys
import unicodedata

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from exports.data import sql_format
from exports.documents import dictionary
from records import formula_injection
from records.formula_injection import defused
from tests.spreadsheet import formulas

LETTERS = "=+-@＝＋－＠﹣−;,|\t\r\n；\u037e \u00a0\u3000\u200b\ufeff\u2028\"'’“«a1é\\%"
ANY = st.characters(exclude_characters="\0", exclude_categories=["Cs"])
TEXTS = st.text(st.sampled_from(LETTERS) | ANY, max_size=12)


@pytest.mark.parametrize(
    ("text", "harmless"),
    [
        ("=1+1", "'=1+1"),
        ('a;=HYPERLINK("x")', 'a;\'=HYPERLINK("x")'),
        ("a,+1|-2\t@x", "a,'+1|'-2\t'@x"),
        ("a;\u00a0=1", "a;\u00a0'=1"),
        ('a;\u3000\u200b"=1', "a;\u3000\u200b\"'=1"),
        ("\ufeff＝cmd|'/C calc'!A0", "\ufeff'＝cmd|'/C calc'!A0"),
        ("a；＝1", "a；'＝1"),
        ("a\r\n=1", "a\r\n'=1"),
        ("\tx", "'\tx"),
        ("\t=1", "'\t'=1"),
        ("'=1", "''=1"),
        ("\u037e=1", "\u037e'=1"),
        ("=;=;=", "'=;'=;'="),
        ("'s avonds", "'s avonds"),
        ("pain - mild = 2", "pain - mild = 2"),
        ("2016-03-08", "2016-03-08"),
        ("Wound; drain", "Wound; drain"),
        ("", ""),
    ],
)
def test_an_apostrophe_stands_before_what_would_be_run(text, harmless):
    assert defused(text) == harmless


@given(TEXTS)
def test_no_piece_of_any_text_is_a_formula(text):
    assert formulas(defused(text)) == []


@given(TEXTS)
def test_taking_the_apostrophes_away_gives_the_text_again(text):
    plain = defused(text)
    for pattern in reversed(formula_injection.PATTERNS):
        plain = re.sub(pattern.replace("(?=", "(?<=')(?=", 1), lambda match: match[1][:-1], plain)

    assert plain == text


@pytest.mark.django_db
def test_the_database_writes_what_python_writes():
    texts = [first + second + third for first in LETTERS for second in LETTERS for third in "=－;a\t'"]
    with connection.cursor() as cursor:
        sql = (
            f"SELECT {sql_format.no_formula('t.text')} FROM unnest(%s::text[]) WITH ORDINALITY AS t(text, n) ORDER BY n"
        )
        cursor.execute(sql, [texts])
        written = [text for (text,) in cursor.fetchall()]

    assert written == [defused(text) for text in texts]


def test_every_sign_separator_blank_and_quote_of_unicode_is_known():
    letters = [chr(code) for code in range(1, sys.maxunicode + 1) if not 0xD800 <= code <= 0xDFFF]
    plain = {letter: unicodedata.normalize("NFKC", letter) for letter in letters}
    blank = {"Cc", "Cf", "Zs", "Zl", "Zp", "Pi", "Pf"}

    assert [letter for letter in letters if plain[letter] in set("=+-@") and defused(letter) == letter] == []
    assert [
        letter for letter in letters if plain[letter] in set(",;|") and defused(f"a{letter}=") == f"a{letter}="
    ] == []
    assert [
        letter for letter in letters if unicodedata.category(letter) in blank and defused(f"{letter}=") == f"{letter}="
    ] == []


def test_no_code_of_any_list_is_a_formula():
    rows = dictionary.rows()

    assert [row for row in rows for text in (*row.values(), *row["codes"].split("|")) if formulas(text)] == []
