"""Files that people bring along: tables of rosters, and calendars of sessions."""
