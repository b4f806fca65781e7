"""What the pages about attendance share."""

from flask import Blueprint

bp = Blueprint("attendance", __name__)
