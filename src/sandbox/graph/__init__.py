"""The part of Microsoft Graph v1.0 that concerns a signed-in person's calendars."""
