"""The engine room: settings, wiring, what is opened, the process and its worker."""
