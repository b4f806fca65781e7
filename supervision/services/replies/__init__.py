"""Whether people come to a session: answered by a link, on its page, or from their calendar."""

from supervision.services.replies.answering import (
    Question,
    answer,
    answer_by_link,
    open_question,
)
from supervision.services.replies.known import KnownTokens
from supervision.services.replies.receiving import receive

__all__ = [
    "KnownTokens",
    "Question",
    "answer",
    "answer_by_link",
    "open_question",
    "receive",
]
