"""Which tokens are of an invitation, told before anything of a mail is read."""

from datetime import UTC, datetime, timedelta
from threading import Lock

from sqlalchemy import bindparam, select

from supervision.db import UTCDateTime, run
from supervision.domain.invitations import has_form_of_token, reply_token
from supervision.models.replies import SeriesInvitation, SessionReply
from supervision.models.sessions import Session

# Somebody may answer what is over: that is refused, but not as a mailbox that is not there.
OVER = timedelta(days=30)
# Longer than a transaction takes that has written an invitation and not committed it.
SLACK = timedelta(minutes=5)
_FIRST = datetime(1970, 1, 1, tzinfo=UTC)

_ONES = (
    select(SessionReply.session_id, SessionReply.person_id)
    .join(Session, Session.id == SessionReply.session_id)
    .where(
        SessionReply.invited_at >= bindparam("since", type_=UTCDateTime),
        Session.ends_at >= bindparam("living", type_=UTCDateTime),
    )
)
_SERIES = select(SeriesInvitation.series_id, SeriesInvitation.person_id).where(
    SeriesInvitation.stamped_at >= bindparam("since", type_=UTCDateTime)
)


class KnownTokens:
    """The tokens of invitations that were mailed, kept in memory by whoever takes mail.

    One that is not there costs a look at what was invited to since the last look, and no more.
    """

    def __init__(self, secret_key: str) -> None:
        self._secret_key = secret_key
        self._held: set[str] = set()
        self._since = _FIRST
        self._one_at_a_time = Lock()

    def has(self, token: str, at: datetime) -> bool:
        """Whether an invitation bears this token."""
        if not has_form_of_token(token):
            return False
        with self._one_at_a_time:
            if token not in self._held:
                self._look(at)
            return token in self._held

    def _look(self, at: datetime) -> None:
        asked = {"since": self._since, "living": at - OVER}
        for statement in (_ONES, _SERIES):
            pairs = map(tuple, run(statement, asked))
            self._held.update(reply_token(self._secret_key, *pair) for pair in pairs)
        self._since = at - SLACK
