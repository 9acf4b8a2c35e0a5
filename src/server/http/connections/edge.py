"""What the connections of one server share."""

from dataclasses import dataclass, field

from server.http.connections.cut_offs import CutOffs
from server.http.connections.limits import HttpLimits
from server.http.connections.loop_share import LoopShare
from server.http.connections.places import Places
from server.http.connections.requests_of_clients import RequestsOfClients
from server.http.headers import AnswerHeaders


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    limits: HttpLimits
    share: LoopShare
    headers: AnswerHeaders
    cut_offs: CutOffs = field(default_factory=CutOffs)
    places: Places = field(init=False)
    requests: RequestsOfClients = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "places", Places(self.limits, self.cut_offs))
        object.__setattr__(self, "requests", RequestsOfClients(self.limits.connections_per_address))
