"""Who may be connected: so many in all, and so many of one client. Whoever has kept us waiting longest makes room.

A connection waits while it is the other side's turn: to send a request, the rest of one, or to take an answer. Those
are given up for newcomers, so that slow senders, however many, keep nobody out. Requests that are being answered are
not.
"""

from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable

from server.http.connections.cut_offs import CutOffs, Why
from server.http.connections.limits import HttpLimits
from server.http.connections.peers import client_at, ip_of


class Place:
    """One connection's. `client` is None where only the number in all counts: of a trusted proxy, and of a peer without
    an address. `give_up` ends the connection; until there is one, it is left alone."""

    __slots__ = ("client", "give_up", "proxied")

    def __init__(self, client: Hashable | None, *, proxied: bool) -> None:
        self.client = client
        self.proxied = proxied
        self.give_up: Callable[[], None] | None = None


class Places:
    def __init__(self, limits: HttpLimits, cut_offs: CutOffs) -> None:
        self._limits = limits
        self._cut_offs = cut_offs
        self._taken: set[Place] = set()
        self._of: Counter[Hashable] = Counter()
        self._waiting: OrderedDict[Place, None] = OrderedDict()
        """Those who have waited longest come first."""
        self._waiting_of: dict[Hashable, OrderedDict[Place, None]] = {}

    def __len__(self) -> int:
        return len(self._taken)

    def take(self, peer: object) -> Place | None:
        """A place for whoever calls from there (`peer` as the socket names it), or None when all are at work."""
        ip = ip_of(peer[0]) if isinstance(peer, tuple) else None
        proxied = ip is not None and self._limits.proxies.trust(ip)
        client = None if ip is None or proxied else client_at(ip)
        if not (self._room_of(client) and self._room()):
            self._cut_offs.add(Why.REFUSED)
            return None
        place = Place(client, proxied=proxied)
        self._taken.add(place)
        if client is not None:
            self._of[client] += 1
        return place

    def free(self, place: Place) -> None:
        """A repeat does nothing."""
        if place not in self._taken:
            return
        self.works(place)
        self._taken.discard(place)
        if place.client is not None:
            self._of[place.client] -= 1
            if not self._of[place.client]:
                del self._of[place.client]

    def waits(self, place: Place) -> None:
        """It is the other side's turn, since now unless it was before."""
        if place in self._taken and place not in self._waiting:
            self._waiting[place] = None
            if place.client is not None:
                self._waiting_of.setdefault(place.client, OrderedDict())[place] = None

    def works(self, place: Place) -> None:
        """It is our turn."""
        if self._waiting.pop(place, place) is not None:
            return
        if place.client is not None:
            of_client = self._waiting_of[place.client]
            del of_client[place]
            if not of_client:
                del self._waiting_of[place.client]

    def _room(self) -> bool:
        return len(self._taken) < self._limits.connections or self._displace(self._waiting)

    def _room_of(self, client: Hashable | None) -> bool:
        if client is None or self._of[client] < self._limits.connections_per_address:
            return True
        return self._displace(self._waiting_of.get(client))

    def _displace(self, waiting: OrderedDict[Place, None] | None) -> bool:
        if not waiting:
            return False
        longest = next(iter(waiting))
        self.free(longest)
        if longest.give_up is not None:
            longest.give_up()
        return True
