"""Every mutant of a module: mutmut's operators, in the bodies of functions, without what is equivalent by its nature.

Left out by rule, because no test of behaviour could or should tell: sentences (gettext, and plain strings of three
words or more that are no SQL, also where something else is put in their place), what is logged, `__str__`, annotations
and casts, decorators and the defaults of parameters, hints that change how the database is asked and not what it
answers (`select_related`, `batch_size`), and the upper and lower case of a string where the string itself is broken
already.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import islice
from pathlib import Path
from types import CodeType

import libcst
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.mutation.mutators import mutation_operators

from tests.environment import ROOT

PACKAGES = {
    "protocol": ["protocol"],
    "records": ["records/services.py", "records/workflow"],
    "accounts": ["accounts"],
    "exports": ["exports"],
    "oversight": [f"oversight/{folder}" for folder in ("casebook", "endpoint", "checks", "scanning")],
}
_WORDING = {"_", "gettext", "gettext_lazy", "ngettext", "pgettext", "cast"}
_HINTS = {"select_related", "only", "defer"}
_KEYWORDS = {"help_text", "verbose_name", "violation_error_message", "help", "description", "batch_size", "chunk_size"}
_NAMELESS = {"__str__", "__repr__"}
_AT_IMPORT = {("protocol/study.py", name) for name in ("load", "_read", "_study")}  # run once, before there are forks
_NEVER_INSIDE = {"len", "isinstance"}  # as mutmut has it: it would only raise TypeError
_TOKENS = re.compile(r"\w+|\s+|\W")
_AROUND = 9  # tokens
_SQL = re.compile(r"\b(SELECT|INSERT|UPDATE|DELETE|WHERE|FROM|JOIN|SET|AND|ORDER|LIMIT|COPY|GRANT)\b")


@dataclass(frozen=True)
class Mutant:
    """One change of one function, small enough that a test should notice."""

    path: str
    function: str
    before: str
    after: str
    first: int  # lines of the statement that is changed
    last: int
    module: libcst.Module
    original: libcst.CSTNode
    changed: libcst.CSTNode

    @cached_property
    def key(self) -> str:
        """Eight letters that stay the same wherever the function moves within its file."""
        whole = f"{self.path} {self.function}: {self.before} → {self.after}"
        return hashlib.sha256(whole.encode()).hexdigest()[:8]

    @property
    def words(self) -> str:
        """What is changed, with a little of what stands around it."""
        before, after = (_TOKENS.findall(text) for text in (self.before, self.after))
        first = next(
            (n for n, (one, other) in enumerate(zip(before, after, strict=False)) if one != other), len(before)
        )
        same = zip(reversed(before[first:]), reversed(after[first:]), strict=False)
        last = next((n for n, (one, other) in enumerate(same) if one != other), min(len(before), len(after)) - first)
        begin = max(0, first - _AROUND)
        one, other = ("".join(text[begin : len(text) - last + _AROUND]).strip() for text in (before, after))
        return f"`{one}` → `{other}`"

    @cached_property
    def source(self) -> str:
        """The whole module with this change."""
        return self.module.deep_replace(self.original, self.changed).code

    def is_another_program(self) -> bool:
        """Whether it compiles, and to something else than the module as it stands."""
        try:
            return _compiled(self.source) != _compiled((ROOT / self.path).read_text())
        except (SyntaxError, ValueError):
            return False


@lru_cache(maxsize=64)
def _compiled(source: str) -> CodeType:
    return compile(source, "", "exec", dont_inherit=True)


def files(package: str) -> list[Path]:
    """The modules of a package whose decisions count."""
    folders = [ROOT / place for place in PACKAGES[package]]
    every = [path for place in folders for path in ([place] if place.is_file() else sorted(place.rglob("*.py")))]
    return [path for path in every if "migrations" not in path.parts]


def mutants(path: Path) -> list[Mutant]:
    """All of a module, in the order of the text; two with one key are one."""
    wrapper = MetadataWrapper(libcst.parse_module(path.read_text()))
    visitor = _Visitor(str(path.relative_to(ROOT)), wrapper.module)
    wrapper.visit(visitor)
    return list({mutant.key: mutant for mutant in visitor.mutants}.values())


def draw(every: list[Mutant], size: int, seed: str) -> list[Mutant]:
    """A random sample: those whose keys have the lowest digests, so the same ones where the code is the same."""
    order = sorted(every, key=lambda mutant: hashlib.sha256(f"{seed} {mutant.key}".encode()).hexdigest())
    return list(islice((mutant for mutant in order if mutant.is_another_program()), size))


class _Visitor(libcst.CSTVisitor):
    """Walks a module and applies every operator to every node in the body of a function."""

    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self, path: str, module: libcst.Module) -> None:
        super().__init__()
        self.path, self.module = path, module
        self.mutants: list[Mutant] = []
        self.names: list[str] = []
        self.functions = 0
        self.parts: list[libcst.CSTNode] = []  # what is changed as one: a simple statement, or the head of a compound

    def on_visit(self, node: libcst.CSTNode) -> bool:
        if _is_left_out(node):
            return False
        if isinstance(node, libcst.FunctionDef | libcst.ClassDef):
            self.names.append(node.name.value)
            self.functions += isinstance(node, libcst.FunctionDef)
        if self._is_part(node):
            self.parts.append(node)
        if self.functions and self.parts and (self.path, self.names[0]) not in _AT_IMPORT:
            self.mutants.extend(self._mutants(node))
        return True

    def on_leave(self, original_node: libcst.CSTNode) -> None:
        if self.parts and self.parts[-1] is original_node:
            self.parts.pop()
        if isinstance(original_node, libcst.FunctionDef | libcst.ClassDef) and not _is_left_out(original_node):
            self.names.pop()
            self.functions -= isinstance(original_node, libcst.FunctionDef)

    def _is_part(self, node: libcst.CSTNode) -> bool:
        if isinstance(node, libcst.SimpleStatementLine):
            return True
        heads = libcst.BaseExpression | libcst.WithItem
        return not self.parts and isinstance(node, heads) and self.functions > 0

    def _mutants(self, node: libcst.CSTNode) -> Iterator[Mutant]:
        part = self.parts[-1]
        place = self.get_metadata(PositionProvider, part)
        for kind, operator in mutation_operators:
            if not isinstance(node, kind):
                continue
            for changed in _worth_it(node, operator(node)):
                after = changed if part is node else part.deep_replace(node, changed)
                yield Mutant(
                    self.path, ".".join(self.names), self._text(part), self._text(after),
                    place.start.line, place.end.line, self.module, node, changed,
                )  # fmt: skip

    def _text(self, node: libcst.CSTNode) -> str:
        bare = node.with_changes(leading_lines=()) if isinstance(node, libcst.SimpleStatementLine) else node
        return " ".join(self.module.code_for_node(bare).split())


def _is_left_out(node: libcst.CSTNode) -> bool:
    """What is never changed, with all that is inside."""
    match node:
        case libcst.Annotation() | libcst.Decorator() | libcst.Param():
            return True
        case libcst.FunctionDef(name=libcst.Name(value=name)):
            return name in _NAMELESS
        case libcst.Call(func=libcst.Name(value=name)):
            return name in _WORDING | _NEVER_INSIDE
        case libcst.Call(func=libcst.Attribute(value=libcst.Name(value="log"))):
            return True
        case libcst.Arg(keyword=libcst.Name(value=name)):
            return name in _KEYWORDS
        case libcst.SimpleString():
            return _is_prose(node.value)
    return False


def _is_prose(text: str) -> bool:
    return len(text.split()) >= 3 and not _SQL.search(text)


def _worth_it(node: libcst.CSTNode, changes: Iterable[libcst.CSTNode]) -> list[libcst.CSTNode]:
    """Of a string one change asks what three would; a hint to the database or another wording asks nothing."""
    match node:
        case libcst.SimpleString():
            return list(changes)[:1]
        case libcst.Call(func=libcst.Attribute(attr=libcst.Name(value=name))) if name in _HINTS:
            return []
        case libcst.Call():
            sentences = [arg for arg in node.args if _is_sentence(arg.value)]
            return [new for new in changes if all(arg in getattr(new, "args", ()) for arg in sentences)]
        case libcst.Assign(value=value) if _is_sentence(value):
            return []
    return list(changes)


def _is_sentence(node: libcst.CSTNode) -> bool:
    """What is said to people, put together as it may be."""
    match node:
        case libcst.Call(func=libcst.Name(value=name)):
            return name in _WORDING - {"cast"}
        case libcst.BinaryOperation(left=left):
            return _is_sentence(left)
        case libcst.IfExp(body=one, orelse=other):
            return _is_sentence(one) and _is_sentence(other)
        case libcst.SimpleString(value=text):
            return _is_prose(text)
        case libcst.FormattedString(parts=parts):
            return _is_prose(" ".join(part.value for part in parts if isinstance(part, libcst.FormattedStringText)))
        case libcst.ConcatenatedString(left=left, right=right):
            return _is_sentence(left) or _is_sentence(right)
    return False
