"""The audit log: what happened, written by the services that did it."""

from contextvars import ContextVar
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import insert

from supervision.db import run, table
from supervision.models.audit import AuditEntry

_INSERT = insert(table(AuditEntry)).inline()
request_id: ContextVar[str] = ContextVar("request_id", default="")


class Act(StrEnum):
    """Everything that leaves a line, as area.verb."""

    PERSON_INVITE = "people.invite"
    PERSON_JOIN = "people.join"
    PERSON_SIGN_IN = "people.sign_in"
    PERSON_SIGN_IN_REFUSED = "people.sign_in_refused"
    PERSON_SIGN_OUT = "people.sign_out"
    PERSON_SIGN_OUT_EVERYWHERE = "people.sign_out_everywhere"
    PERSON_CHANGE_PASSPHRASE = "people.change_passphrase"  # noqa: S105 - the name of an act
    PERSON_ASK_RESET = "people.ask_reset"
    PERSON_RESET = "people.reset"
    PERSON_EDIT = "people.edit"
    PERSON_SET_ROLE = "people.set_role"
    ACCOUNT_CLOSE = "leaving.close"
    ACCOUNT_RETURN = "leaving.return"
    ACCOUNT_FORGET = "leaving.forget"
    LINK_REVOKE = "people.revoke_link"
    ROSTER_MAKE = "rosters.make"
    ROSTER_EDIT = "rosters.edit"
    ROSTER_END = "rosters.end"
    MEMBER_INVITE = "rosters.invite"
    MEMBER_ACCEPT = "rosters.accept"
    MEMBER_DECLINE = "rosters.decline"
    MEMBER_REMOVE = "rosters.remove"
    MEMBER_LEAVE = "rosters.leave"
    SEAT_OFFER = "rosters.offer"
    SEAT_LAPSE = "rosters.lapse"
    IMPORT_ROSTERS = "importing.rosters"
    IMPORT_SESSIONS = "importing.sessions"
    SESSION_BOOK = "sessions.book"
    SESSION_MOVE = "sessions.move"
    SESSION_CANCEL = "sessions.cancel"
    SESSION_CHANGE = "sessions.change"
    TIME_HOLD = "booking.hold"
    TIME_TAKE = "booking.take"
    TIME_ASK = "booking.ask"
    TIME_ACCEPT = "booking.accept"
    TIME_DECLINE = "booking.decline"
    TIME_WITHDRAW = "booking.withdraw"
    TIME_LAPSE = "booking.lapse"
    TIME_MOVE = "booking.move"
    TIME_CANCEL = "booking.cancel"
    SIGNUP_COME = "signup.come"
    SIGNUP_OFF = "signup.sign_off"
    SIGNUP_WAIT = "signup.join_line"
    SIGNUP_LEAVE_LINE = "signup.leave_line"
    SIGNUP_ACCEPT = "signup.accept"
    SIGNUP_MOVE_UP = "signup.move_up"
    SIGNUP_OFFER = "signup.offer"
    SIGNUP_LAPSE = "signup.lapse"
    SIGNUP_SEATS = "signup.set_seats"
    SIGNUP_TURN_ON = "signup.turn_on"
    SIGNUP_TURN_OFF = "signup.turn_off"
    SERIES_BOOK = "sessions.book_series"
    SERIES_MOVE = "sessions.move_series"
    SERIES_CANCEL = "sessions.cancel_series"
    SERIES_ROLL = "sessions.roll_series"
    SERIES_CHANGE = "sessions.change_series"
    SERIES_EXTEND = "sessions.extend_series"
    SERIES_END = "sessions.end_series"
    SERIES_LET_END = "sessions.let_series_end"
    AVAILABILITY_SAVE = "availability.save"
    CALENDAR_ADD = "outside.add"
    CALENDAR_RENAME = "outside.rename"
    CALENDAR_REFRESH = "outside.refresh"
    CALENDAR_REMOVE = "outside.remove"
    CALENDAR_PAUSE = "outside.pause"
    MEETING_SET_UP = "meetings.set_up"
    MEETING_AGENDA = "meetings.agenda"
    MEETING_ABSENT = "meetings.absent"
    MEETING_PRESENT = "meetings.present"
    MEETING_SWAP_ASK = "meetings.ask_swap"
    MEETING_SWAP_WITHDRAW = "meetings.withdraw_swap"
    MEETING_SWAP_ANSWER = "meetings.answer_swap"
    MEETING_BEGIN = "meetings.begin"
    MEETING_END = "meetings.end"
    POLL_ASK = "polls.ask"
    POLL_ANSWER = "polls.answer"
    POLL_CLOSE = "polls.close"
    POLL_BOOK = "polls.book"
    ATTENDANCE_MARK = "attendance.mark"
    ATTENDANCE_CORRECT = "attendance.correct"
    ATTENDANCE_AGREE = "attendance.agree"
    ATTENDANCE_DISAGREE = "attendance.disagree"
    LEAVE_ADD = "leave.add"
    LEAVE_WITHDRAW = "leave.withdraw"
    FEED_PUT_AWAY = "feeds.put_away"
    FEED_MAKE = "feeds.make"
    FEED_RENAME = "feeds.rename"
    FEED_RESET = "feeds.reset"
    FEED_SHARE = "feeds.share"
    FEED_TURN_OFF = "feeds.turn_off"
    VAULT_MAKE = "vault.make"
    VAULT_UNLOCK = "vault.unlock"
    VAULT_UNLOCK_REFUSED = "vault.unlock_refused"
    VAULT_LOCK = "vault.lock"
    VAULT_RECOVER = "vault.recover"
    VAULT_CODE = "vault.new_code"
    VAULT_ROTATE = "vault.rotate"
    VAULT_ROTATED = "vault.rotated"
    VAULT_FORMER_WAY = "vault.former_way"
    VAULT_ACCEPT_OLDER = "vault.accept_older"
    VAULT_BEGIN_AGAIN = "vault.begin_again"
    EXPORT_MAKE = "export.make"
    NOTE_SAVE = "notes.save"
    NOTE_DELETE = "notes.delete"
    NOTE_UNDELETE = "notes.undelete"
    NOTES_COUNT_ANEW = "notes.count_anew"
    SHARE_KEY_CHECK = "sharing.check_key"
    SHARE_GIVE = "sharing.share"
    SHARE_REVOKE = "sharing.revoke"
    SHARE_PUT_BACK = "sharing.put_back"
    SHARE_COMMENT = "sharing.comment"
    SESSION_REPLY = "replies.answer"
    SERIES_REPLY = "replies.answer_series"
    MAIL_CHOOSE = "mail.choose"
    MAIL_STOP = "mail.stop"
    MAIL_TRY_AGAIN = "mail.try_again"
    MAIL_GIVE_UP = "mail.give_up"
    REFUSED = "refused"


def record(
    act: Act,
    at: datetime,
    actor_id: UUID | None = None,
    subject_id: UUID | None = None,
    **detail: Any,
) -> None:
    """Add a line to the running transaction. `detail` holds ids and numbers, never free text."""
    run(
        _INSERT,
        {
            "at": at,
            "act": act,
            "actor_id": actor_id,
            "subject_id": subject_id,
            "detail": {key: str(value) for key, value in detail.items()},
            "request_id": request_id.get(),
        },
    )
