"""A worker that marks each mail as sent before it sends it: what must not be."""

from flask import Flask

from supervision import clock, create_app, worker
from supervision.db import writing
from supervision.services.mail import Letterhead, Send, sending
from supervision.services.mail.composing import Leased

attempt = sending._attempt


def mark_first(mail: Leased, head: Letterhead, send: Send) -> sending.Outcome:
    with writing():
        sending._mark(mail, sending.SENT, clock.now())
    return attempt(mail, head, send)


def main(app: Flask) -> None:
    sending._attempt = mark_first
    with app.app_context():
        worker.work(app, app.extensions["settings"])


if __name__ == "__main__":
    main(create_app())
