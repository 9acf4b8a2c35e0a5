"""What meets the outside: each package fulfils ports of the application with one technology."""
