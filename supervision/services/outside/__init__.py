"""Busy times from calendars elsewhere: which addresses may be asked, asking, and reading."""
