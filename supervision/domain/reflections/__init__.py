"""Reflections: templates as data, what is written in them, and how it is found again.

A community adds templates of its own as files; see `docs/templates.md`.
"""

from supervision.domain.reflections.classics import FREE
from supervision.domain.reflections.compassion import CFT
from supervision.domain.reflections.export import to_markdown
from supervision.domain.reflections.offered import (
    KEPT,
    OURS,
    TEMPLATES,
    template_of,
    templates_in,
    use,
    with_kept,
)
from supervision.domain.reflections.parts import (
    SYSTEMS,
    WHOSE,
    BadTemplate,
    Kind,
    Look,
    Prompt,
    Section,
    Template,
    is_key,
)
from supervision.domain.reflections.words import (
    LONGEST_LINE,
    LONGEST_TEXT,
    LONGEST_TITLE,
    MOST_FIELDS,
    Reflection,
    Value,
    Words,
    asks_of,
    both,
    check,
    check_loosely,
    count_words,
    from_bytes,
    is_blank,
    tags_of,
    to_bytes,
    with_arrows,
    without_ask,
)

__all__ = [
    "CFT",
    "FREE",
    "KEPT",
    "LONGEST_LINE",
    "LONGEST_TEXT",
    "LONGEST_TITLE",
    "MOST_FIELDS",
    "OURS",
    "SYSTEMS",
    "TEMPLATES",
    "WHOSE",
    "BadTemplate",
    "Kind",
    "Look",
    "Prompt",
    "Reflection",
    "Section",
    "Template",
    "Value",
    "Words",
    "asks_of",
    "both",
    "check",
    "check_loosely",
    "count_words",
    "from_bytes",
    "is_blank",
    "is_key",
    "tags_of",
    "template_of",
    "templates_in",
    "to_bytes",
    "to_markdown",
    "use",
    "with_arrows",
    "with_kept",
    "without_ask",
]
