"""The example pages in front of the whole service, with the sandbox's providers and mail server behind it."""
