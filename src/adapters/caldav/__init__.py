"""Apple: calendars through CalDAV (RFC 4791), read as iCalendar text (RFC 5545)."""
