"""Reading conflict calendars ahead of the questions."""
