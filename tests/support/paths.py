"""Paths of the HTTP side that tests ask for."""

from domain.account import Provider
from server.http.links import callback_path, notifications_path

CALLBACK_PATH = callback_path(Provider.MICROSOFT)
NOTIFICATIONS_PATH = notifications_path(Provider.MICROSOFT)
