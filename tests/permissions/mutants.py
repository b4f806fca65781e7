"""Takes every permission check out of the code, one at a time, and says whether the table sees it.

`python -m tests.permissions.mutants` takes some minutes; words after it choose checks by their
names. Of what the table does not see, the tests of its area are asked (`others.py`). A check is

- a guard: an `if` that ends in NotFound, NotAllowed, 403 or 404; it is never true then;
- a part of a guard or of a rule in `permissions.py` that speaks of who asks: it is left out;
- a rule: all may;
- an answer: `can_…(…)` elsewhere than in a guard, always yes;
- an owner: a comparison with the actor in a statement, always true;
- a view: what `@signed_in` or `@organisers` demands, of nobody.
"""

import ast
import builtins
import gc
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

from flask import Flask

from tests.permissions.asking import Asker, Outcome, asking
from tests.permissions.table import ROWS, Row
from tests.permissions.world import WHO
from tests.support.databases import Engines

ROOT = Path(__file__).parents[2]
PERMISSIONS = ROOT / "supervision" / "permissions.py"
# What a checked part of a guard speaks of.
WHO_ASKS = ("actor", "can_", "may_", "place", "owner", "person_id", "roster_id", "viewer", "reader")
# What a statement calls who asks.
ACTORS = ("actor", "bindparam('me')", "bindparam('person_id')", "bindparam('of_person')")
REFUSALS = ("NotFound", "NotAllowed")
Case = tuple[Row, str]
# What `functools.cache` makes of a function.
Remembering = type(cache(lambda: None))


@dataclass(frozen=True)
class Check:
    """One check: where it stands, what it says, and its number among the nodes of its file."""

    path: str
    function: str
    kind: str
    says: str
    node: int

    def __str__(self) -> str:
        return f"{self.path} {self.function}: {self.kind} {self.says}"


@dataclass(eq=False)
class Source:
    """A file of ours as a tree; nodes are known by their number in a walk of it."""

    path: Path
    text: str = field(init=False)
    tree: ast.Module = field(init=False)

    def __post_init__(self) -> None:
        self.text = self.path.read_text(encoding="utf-8")
        self.tree = ast.parse(self.text)

    @property
    def name(self) -> str:
        return str(self.path.relative_to(ROOT))

    @property
    def module(self) -> ModuleType:
        parts = self.path.relative_to(ROOT).with_suffix("").parts
        return sys.modules[".".join(parts[:-1] if parts[-1] == "__init__" else parts)]

    def without(self, check: Check) -> ast.Module:
        """The tree without this check."""
        tree = deepcopy(self.tree)
        node = list(ast.walk(tree))[check.node]
        if isinstance(node, ast.If):
            node.test = _constant(value=False)
        elif isinstance(node, ast.FunctionDef):
            node.body = [ast.Return(_constant(value=True))]
        else:
            _replace(tree, node, _neutral(tree, node, check.kind))
        return ast.fix_missing_locations(tree)


def _constant(*, value: bool) -> ast.expr:
    return ast.Constant(value)


def _neutral(tree: ast.Module, node: ast.AST, kind: str) -> ast.expr:
    """What says nothing in a node's place: true, or false among things of which one is enough."""
    if kind == "owner":
        return ast.parse("__import__('sqlalchemy').true()", mode="eval").body
    above = next(one for one in ast.walk(tree) if node in ast.iter_child_nodes(one))
    among = isinstance(above, ast.BoolOp) and isinstance(above.op, ast.Or)
    return _constant(value=not among)


def _replace(tree: ast.Module, node: ast.AST, other: ast.expr) -> None:
    for above in ast.walk(tree):
        for name, value in ast.iter_fields(above):
            if value is node:
                setattr(above, name, other)
            elif isinstance(value, list) and any(one is node for one in value):
                value[[one is node for one in value].index(True)] = other


@cache
def sources() -> list[Source]:
    folders = ("services", "blueprints", "web")
    found = [
        path for name in folders for path in sorted((ROOT / "supervision" / name).rglob("*.py"))
    ]
    return [Source(path) for path in [PERMISSIONS, *found]]


def _source(check: Check) -> Source:
    return next(one for one in sources() if one.name == check.path)


def checks_in(source: Source) -> Iterator[Check]:
    """All checks of a file but those of its views."""
    numbers = {node: number for number, node in enumerate(ast.walk(source.tree))}
    guarded: set[ast.AST] = set()
    told: Counter[tuple[str, str, str]] = Counter()
    for function, node in _with_function(source.tree):
        for kind, part in _checks_at(source, node, guarded):
            says = ast.unparse(_said(part))
            told[function, kind, says] += 1
            again = told[function, kind, says]
            says += f" ({again})" if again > 1 else ""
            yield Check(source.name, function, kind, says, numbers[part])


def _said(node: ast.AST) -> ast.AST:
    if isinstance(node, ast.If):
        return node.test
    return ast.Name(node.name) if isinstance(node, ast.FunctionDef) else node


def _with_function(tree: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    """Each node with the name of the function, or of the value, in which it stands."""
    for top in tree.body:
        name = getattr(top, "name", "")
        if isinstance(top, ast.Assign | ast.AnnAssign):
            target = top.targets[0] if isinstance(top, ast.Assign) else top.target
            name = ast.unparse(target)
        for node in ast.walk(top):
            yield name, node


def _checks_at(
    source: Source, node: ast.AST, guarded: set[ast.AST]
) -> Iterator[tuple[str, ast.AST]]:
    if source.path == PERMISSIONS:
        yield from _rules(node)
    elif isinstance(node, ast.If) and _refuses(node.body[-1]):
        guarded.update(ast.walk(node.test))
        yield "guard", node
        yield from (("part", part) for part in _parts(node.test))
    elif isinstance(node, ast.Call) and node not in guarded and _asks(node):
        yield "answer", node
    elif isinstance(node, ast.Compare) and _of_actor(node):
        yield "owner", node


def _rules(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    if isinstance(node, ast.FunctionDef):
        yield "rule", node
    if isinstance(node, ast.Return) and node.value is not None:
        yield from (("part", part) for part in _parts(node.value))


def _refuses(node: ast.stmt) -> bool:
    if isinstance(node, ast.Raise) and node.exc is not None:
        return ast.unparse(node.exc).startswith(REFUSALS)
    text = ast.unparse(node)
    return text in {"abort(403)", "abort(404)"}


def _parts(test: ast.expr) -> Iterator[ast.expr]:
    """Those operands that speak of who asks."""
    for node in ast.walk(test):
        if isinstance(node, ast.BoolOp):
            for part in node.values:
                if any(word in ast.unparse(part) for word in WHO_ASKS):
                    yield part


def _asks(node: ast.Call) -> bool:
    return isinstance(node.func, ast.Name) and node.func.id.startswith("can_")


def _of_actor(node: ast.Compare) -> bool:
    """A comparison in a statement: of a column (`Share.owner_id`, `_WAIT.c.person_id`)."""
    if not isinstance(node.ops[0], ast.Eq):
        return False
    sides = [node.left, *node.comparators]
    column = any(
        isinstance(side, ast.Attribute) and ast.unparse(side).lstrip("_")[0].isupper()
        for side in sides
    )
    return column and any(name in ast.unparse(side) for name in ACTORS for side in sides)


# -- taking one out --------------------------------------------------------------------------


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for one in code.co_consts:
        if isinstance(one, CodeType):
            yield from _codes(one)


@cache
def _functions() -> dict[tuple[str, str, int], list[FunctionType]]:
    found: dict[tuple[str, str, int], list[FunctionType]] = defaultdict(list)
    for one in gc.get_objects():
        if isinstance(one, FunctionType) and one.__code__.co_filename.startswith(str(ROOT)):
            code = one.__code__
            found[(code.co_filename, code.co_qualname, code.co_firstlineno)].append(one)
    return found


@cache
def _caches(path: str) -> list[Any]:
    """What remembers answers in a file: it would go on giving those of the whole code."""
    return [
        one
        for one in gc.get_objects()
        if isinstance(one, Remembering)
        and isinstance(one.__wrapped__, FunctionType)
        and one.__wrapped__.__code__.co_filename == path
    ]


def _forget(path: Path) -> None:
    for one in _caches(str(path)):
        one.cache_clear()


@cache
def _compiled(tree: ast.Module, path: Path) -> CodeType:
    return compile(tree, str(path), "exec")


@contextmanager
def running(source: Source, tree: ast.Module, values: Iterable[str] = ()) -> Iterator[None]:
    """A file's functions run as in this tree; what is made of these names when it is imported is
    made anew, and what is made of that.

    Functions are looked for once: by then all that can be called has been imported.
    """
    with ExitStack() as back:
        known = _functions()
        for code in _codes(_compiled(tree, source.path)):
            for one in known.get((str(source.path), code.co_qualname, code.co_firstlineno), ()):
                if one.__code__.co_code != code.co_code or one.__code__.co_consts != code.co_consts:
                    back.callback(setattr, one, "__code__", one.__code__)
                    one.__code__ = code
        for name in values:
            _make_anew(source, tree, name, back)
        yield


def _make_anew(source: Source, tree: ast.Module, name: str, back: ExitStack) -> None:
    """Run the statement that makes a value once more, and those that follow from it."""
    module, names = source.module, {name}
    for top in tree.body:
        if not isinstance(top, ast.Assign | ast.AnnAssign | ast.AugAssign):
            continue
        target = top.targets[0] if isinstance(top, ast.Assign) else top.target
        used = {one.id for one in ast.walk(top) if isinstance(one, ast.Name)}
        if used & names:
            made = ast.unparse(target)
            names.add(made)
            before = module.__dict__[made]
            holders = [
                (held, key)
                for held in list(sys.modules.values())
                if getattr(held, "__name__", "").startswith("supervision")
                for key, value in list(vars(held).items())
                if value is before
            ]
            code = compile(ast.Module([top], []), str(source.path), "exec")
            exec(code, module.__dict__)  # noqa: S102 - our own code, without one check
            for held, key in holders:
                back.callback(setattr, held, key, before)
                setattr(held, key, module.__dict__[made])


def _followers(source: Source, name: str) -> set[str]:
    """The values of a file that are made from one, itself among them."""
    names = {name}
    for top in source.tree.body:
        if isinstance(top, ast.Assign | ast.AnnAssign):
            target = top.targets[0] if isinstance(top, ast.Assign) else top.target
            if {one.id for one in ast.walk(top) if isinstance(one, ast.Name)} & names:
                names.add(ast.unparse(target))
    return names


@contextmanager
def without(app: Flask | None, check: Check) -> Iterator[None]:
    """The application as it would be without this check."""
    if app is not None and check.kind == "view":
        view = app.view_functions[check.function]
        bare: Callable[..., Any] = vars(view)["__wrapped__"]
        bare.__dict__.update({k: v for k, v in vars(view).items() if k != "__wrapped__"})
        app.view_functions[check.function] = bare
        try:
            yield
        finally:
            app.view_functions[check.function] = view
        return
    source = _source(check)
    with ExitStack() as back:
        _forget(source.path)
        back.callback(_forget, source.path)
        back.enter_context(running(source, source.without(check), [check.function]))
        yield


def _is_defined(source: Source, name: str) -> bool:
    return any(getattr(top, "name", None) == name for top in source.tree.body)


def views(app: Flask) -> Iterator[Check]:
    for endpoint, view in sorted(app.view_functions.items()):
        name = getattr(view, "permission", "anyone")
        if not name.startswith("anyone"):
            yield Check("view", endpoint, "view", name, 0)


# -- who reaches what ------------------------------------------------------------------------


class Reached:
    """Which requests run which functions and use which values; and what comes of each."""

    def __init__(self, asker: Asker, rows: Iterable[Row]) -> None:
        self.asker = asker
        self.outcomes: dict[Case, Outcome] = {}
        self._by_name: dict[tuple[str, str], list[Case]] = defaultdict(list)
        hits: set[tuple[str, str]] = set()
        with ExitStack() as back:
            back.callback(delattr, builtins, "__reached__")
            builtins.__reached__ = hits.add  # type: ignore[attr-defined]
            for source in sources():
                back.enter_context(running(source, telling(source)))
            for row in rows:
                for who in WHO:
                    hits.clear()
                    self.outcomes[row, who] = asker.ask(row, who)[0]
                    for hit in hits:
                        self._by_name[hit].append((row, who))

    def by(self, check: Check) -> list[Case]:
        """The requests to which a check may matter, those that were refused first."""
        if check.kind == "view":
            of_view = (one for one in self.outcomes if one[0].endpoint == check.function)
            return sorted(of_view, key=lambda one: one[1] != "nobody")
        reached = (case for name in reaching(check) for case in self._by_name[name])
        found = list(dict.fromkeys(reached))
        return sorted(found, key=lambda one: self.outcomes[one].status not in (403, 404))

    def is_seen(self, check: Check) -> bool:
        """Whether any of them comes out otherwise without it."""
        with without(self.asker.app, check):
            return any(self._differs(check, row, who) for row, who in self.by(check))

    def _differs(self, check: Check, row: Row, who: str) -> bool:
        """As the test sees it: it is also asked for what does not exist."""
        outcome = self.outcomes[row, who]
        if self.asker.ask(row, who)[0] != outcome:
            return True
        compared = check.kind == "guard" and outcome.status == 404 and row.thing
        return bool(compared) and self.asker.nothing(row, who, fresh=True)[0] != outcome


def reaching(check: Check) -> Iterator[tuple[str, str]]:
    """The functions, each by its file, that run a check or use the value it is part of."""
    source = _source(check)
    yield check.path, check.function
    names = _followers(source, check.function)
    if _is_defined(source, check.function):
        names.discard(check.function)  # who calls it runs it
    for other in sources() if names else ():
        if other.path == source.path or _takes(other, names):
            yield from ((other.name, function) for function in _users(other, names))


def _takes(source: Source, names: set[str]) -> bool:
    return any(
        alias.name in names
        for node in source.tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    )


def _users(source: Source, names: set[str]) -> Iterator[str]:
    for top in source.tree.body:
        used = {one.id for one in ast.walk(top) if isinstance(one, ast.Name)}
        if isinstance(top, ast.FunctionDef | ast.ClassDef) and used & names:
            yield top.name


@cache
def telling(source: Source) -> ast.Module:
    """The file with functions that say when they are run, by the name of what is outermost."""
    tree = deepcopy(source.tree)
    for top in tree.body:
        for node in ast.walk(top):
            if isinstance(node, ast.FunctionDef):
                told = ast.parse(f"__reached__({(source.name, getattr(top, 'name', ''))!r})").body
                start = 1 if ast.get_docstring(node) is not None else 0
                node.body[start:start] = told
    return ast.fix_missing_locations(tree)


def all_checks(app: Flask) -> list[Check]:
    return [*views(app), *(check for source in sources() for check in checks_in(source))]


def main() -> None:
    """A line for each check as soon as it is known: by what it is seen, the table or a test."""
    words = sys.argv[1:] or [""]
    unseen: list[Check] = []
    with tempfile.TemporaryDirectory() as folder:
        engines = Engines(Path(folder), "mutants", "mutants")
        with asking(engines) as asker:
            reached = Reached(asker, ROWS)
            for check in all_checks(asker.app):
                if any(word in str(check) for word in words):
                    if reached.is_seen(check):
                        _say(check, "the table")
                    else:
                        unseen.append(check)
        engines.close()
    # It needs this module, as one that is imported.
    from tests.permissions import others  # noqa: PLC0415

    others.look(unseen, _say)


def _say(check: Check, by: str) -> None:
    print(f"seen by {by}: {check}" if by else f"not seen: {check}", flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
