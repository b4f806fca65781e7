"""What the pages and the answers to calendar clients share: the blueprint alone."""

from flask import Blueprint

bp = Blueprint("feeds", __name__)
