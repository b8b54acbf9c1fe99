"""Find a CTCAE term from what a nurse types: its name, its class, everyday words, half a word or a slip of the pen."""

import math
import re
import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache

from adverse_events.ctcae.terms import TERMS, Term, read_words

_OWN = read_words()
# How much a hit in each kind of phrase is worth.
NAME, SYNONYM, CLASS = 1.0, 0.93, 0.4
# A term counts when it explains at least this part of what was typed.
COVERED = 0.5
# A nudge for the terms of study.md 5.2: too small for a synonym to pass another term's own name.
EXPECTED_HERE = 0.055
SIMILAR = 0.78


@dataclass(frozen=True)
class Match:
    """A term found, the words it was found by, and how well: more is better, comparable within one search only."""

    term: Term
    because: str
    score: float


@dataclass(frozen=True)
class _Phrase:
    term: Term
    text: str
    length: int
    worth: float


def fold(text: str) -> list[str]:
    """Words in one spelling: small letters, no accents, British and plural forms as American and singular."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return [_one_spelling(word) for word in re.findall(r"[a-z0-9]+", re.sub(r"['’`]", "", plain))]


def _one_spelling(word: str) -> str:
    word = word.replace("ae", "e").replace("oe", "e").replace("leuco", "leuko")
    word = re.sub(r"our(s?)$", r"or\1", word)
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")) else word


_STOP = frozenset(fold(_OWN["stop_words"]))
_SAME = {fold(word)[0]: tuple(fold(other)[0] for other in others) for word, others in _OWN["words"].items()}


def _said(text: str) -> list[str]:
    """The words that carry meaning."""
    return [word for word in fold(text) if word not in _STOP]


def _phrases() -> list[_Phrase]:
    phrases = []
    for term in TERMS:
        texts = [(term.term, NAME), *((text, SYNONYM) for text in term.synonyms), (term.soc, CLASS)]
        phrases += [_Phrase(term, text, len(set(_said(text))), worth) for text, worth in texts]
    return phrases


_PHRASES = _phrases()
_PLACES: dict[str, list[int]] = defaultdict(list)  # word -> the phrases it stands in
for _index, _phrase in enumerate(_PHRASES):
    for _word in set(_said(_phrase.text)):
        _PLACES[_word].append(_index)
_RARE = {
    word: math.log(1 + len(TERMS) / len({_PHRASES[place].term.code for place in places}))
    for word, places in _PLACES.items()
}
_UNHEARD = math.log(1 + len(TERMS) / 10)


def _pairs(word: str) -> set[str]:
    return {word[i : i + 2] for i in range(len(word) - 1)}


_LETTERS = {word: _pairs(word) for word in _PLACES if len(word) > 3}


def _slips(typed: str) -> dict[str, float]:
    """Words one or two letters away. Cheap filters first: difflib alone is too slow for every keystroke."""
    if len(typed) < 4:
        return {}
    pairs, slips = _pairs(typed), {}
    for word, letters in _LETTERS.items():
        if abs(len(word) - len(typed)) > 2 or 2 * len(pairs & letters) < min(len(pairs), len(letters)) - 1:
            continue
        alike = SequenceMatcher(None, typed, word, autojunk=False).ratio()
        if alike >= SIMILAR:
            slips[word] = 0.9 * alike
    return slips


@lru_cache(maxsize=4096)
def _meant(typed: str) -> dict[str, float]:
    """Every word of the dictionary that this one may mean, and how surely (0–1)."""
    meanings = {typed: 1.0} if typed in _PLACES else {}
    for word in _PLACES:
        if word != typed and len(typed) > 1 and word.startswith(typed):
            meanings[word] = 0.7 + 0.25 * len(typed) / len(word)
    for other in _SAME.get(typed, ()):
        if other in _PLACES:
            meanings[other] = max(meanings.get(other, 0), 0.9)
    return meanings or _slips(typed)


def _hits(words: list[str]) -> tuple[dict[int, dict[str, float]], dict[str, float]]:
    """For each phrase the words it answers and how surely; and the weight of each word: rare ones say more."""
    hits: dict[int, dict[str, float]] = defaultdict(dict)
    weights = {}
    for word in words:
        meant = _meant(word)
        weights[word] = max((_RARE[m] for m in meant), default=_UNHEARD)
        for candidate, sure in meant.items():
            for place in _PLACES[candidate]:
                hits[place][word] = max(hits[place].get(word, 0), sure)
    return hits, weights


def _by_code(typed: str) -> list[Match]:
    return [Match(term, term.code, 1.0) for term in TERMS if term.code.startswith(typed)]


def _together(hits: dict[int, dict[str, float]]) -> dict[str, dict[str, float]]:
    """For each term the words that its name and synonyms answer between them."""
    terms: dict[str, dict[str, float]] = defaultdict(dict)
    for place, answered in hits.items():
        if _PHRASES[place].worth > CLASS:
            words = terms[_PHRASES[place].term.code]
            words.update({word: max(words.get(word, 0), sure) for word, sure in answered.items()})
    return terms


def search(text: str, limit: int = 12) -> list[Match]:
    """Terms for what was typed, best first, each once; [] where nothing fits (then an "Other, specify" term does)."""
    typed = text.strip()[:200]
    if typed.isdigit() and len(typed) > 3:
        return _by_code(typed)[:limit]
    words = list(dict.fromkeys(_said(typed)))[:12]
    hits, weights = _hits(words)
    together = _together(hits)

    def covered(answered: dict[str, float]) -> float:
        return sum(weights[word] * sure for word, sure in answered.items()) / sum(weights.values())

    best: dict[str, Match] = {}
    for place, answered in hits.items():
        phrase = _PHRASES[place]
        in_all = max(covered(together.get(phrase.term.code, {})), covered(answered))
        if in_all < COVERED:
            continue
        exactly = min(1.0, sum(answered.values()) / phrase.length)
        score = phrase.worth * (0.4 * covered(answered) + 0.3 * in_all + 0.3 * exactly)
        score += EXPECTED_HERE * phrase.term.expected
        if phrase.term.code not in best or score > best[phrase.term.code].score:
            best[phrase.term.code] = Match(phrase.term, phrase.text, score)
    ranked = sorted(best.values(), key=lambda match: (-round(match.score, 6), len(match.term.term), match.term.term))
    return ranked[:limit]
