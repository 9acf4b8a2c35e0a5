"""Microsoft: sign-in through MSAL, calendars and events through Graph."""
