"""Google: signing in, calendars, busy times, events and push through Calendar API v3."""
