"""The templates of messages with their words put into one language once, not at every message.

Of a template only what its author wrote is worked out beforehand: a sentence to translate is looked
up when the template is read, and what a message says in it is put in as always.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from weakref import WeakKeyDictionary

from django.template import Context, Engine, Node, Template, engines
from django.template.base import NodeList, TextNode, render_value_in_context
from django.template.defaulttags import IfNode
from django.template.loaders import cached
from django.templatetags.i18n import BlockTranslateNode, TranslateNode
from django.utils import translation

CACHED = "django.template.loaders.cached.Loader"
# By the engine of the site, so that other settings make others, and by language.
_engines: WeakKeyDictionary[Engine, dict[str, Engine]] = WeakKeyDictionary()


def say(name: str, facts: Mapping[str, Any]) -> str:
    """Return what a template says in the language in force."""
    engine = _engine(translation.get_language() or "")
    said: str = engine.get_template(name).render(Context(facts, autoescape=engine.autoescape))
    return said


class Loader(cached.Loader):
    """Reads a template, and looks its words up in the language in force."""

    def get_template(self, template_name: str, skip: Any = None) -> Template:
        """Return a template whose constant words are in the language."""
        template = super().get_template(template_name, skip)
        if not hasattr(template, "is_worded"):
            _word(template.nodelist)
            template.is_worded = True  # type: ignore[attr-defined]
        return template


class Sentence(Node):
    """A sentence in one language, with places for what a message says in it."""

    def __init__(self, written: BlockTranslateNode) -> None:
        self.written = written
        self.token, self.origin = written.token, written.origin
        wanted, self.places = written.render_token_list(written.singular)
        self.said = translation.gettext(wanted)

    def render(self, context: Context) -> str:
        """Put in what the message says; where that fails, as Django would have it."""
        more = {name: value.resolve(context) for name, value in self.written.extra_context.items()}
        with context.push(**more):
            try:
                said = {at: render_value_in_context(context[at], context) for at in self.places}
                return self.said % said
            except (KeyError, ValueError):
                pass
        unworded: str = self.written.render(context)
        return unworded


def _engine(language: str) -> Engine:
    site = engines["django"].engine  # type: ignore[attr-defined]  # any backend, to the stubs
    known = _engines.setdefault(site, {})
    if language not in known:
        loaders = site.loaders
        if len(loaders) == 1 and loaders[0][0] == CACHED:
            loaders = loaders[0][1]
        known[language] = Engine(
            dirs=site.dirs,
            loaders=[(f"{__name__}.{Loader.__name__}", loaders)],
            string_if_invalid=site.string_if_invalid,
            file_charset=site.file_charset,
            libraries=site.libraries,
            builtins=site.builtins,
            autoescape=site.autoescape,
        )
    return known[language]


def _word(nodes: NodeList) -> None:
    """Put sentences in the place of what translates them, here and in all below."""
    for place, node in enumerate(nodes):
        if isinstance(node, TranslateNode):
            nodes[place] = _phrase(node)
        elif isinstance(node, BlockTranslateNode):
            is_plain = not (node.plural or node.message_context or node.asvar)
            nodes[place] = Sentence(node) if is_plain else node
        else:
            for below in _below(node):
                _word(below)


def _phrase(node: TranslateNode) -> Node:
    """Return the words where they are constant, else what looks them up."""
    var, filters = node.filter_expression.var, node.filter_expression.filters
    if node.asvar or node.message_context or filters or getattr(var, "lookups", ()) is not None:
        return node
    said = {node.render(Context(autoescape=escaped)) for escaped in (True, False)}
    return TextNode(said.pop()) if len(said) == 1 else node


def _below(node: Node) -> Iterable[NodeList]:
    if isinstance(node, IfNode):
        return [nodes for _, nodes in node.conditions_nodelists]
    found = (getattr(node, name, None) for name in node.child_nodelists)
    return [nodes for nodes in found if isinstance(nodes, NodeList)]
