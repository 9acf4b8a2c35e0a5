"""The rules of CalendarSync: pure values and functions, no clock, no IO, standard library only."""
