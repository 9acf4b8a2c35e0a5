"""In which terms the data map speaks of tables and columns."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from adapters.postgres.sealing import place


class Kind(Enum):
    """What a column holds."""

    KEY = "an id of ours, of the caller's or of the provider's"
    STATE = "in the clear, and about the service's work or a choice, not about a person's life"
    TIME = "when something was done, or is due"
    PERSONAL = "in the clear, and about a person: who they are at the provider, or when they are busy"
    SEALED = "encrypted, and bound to its row and column"
    SECRET = "the hash of a secret, or the token of a claim"  # noqa: S105


class Erasure(Enum):
    """What erases the rows of an expert."""

    CASCADE = "foreign keys, with the expert's row"
    TRIGGER = "a trigger, in the same transaction"
    STATEMENT = "a statement of its own in the same transaction, for want of a foreign key"
    KEPT = (
        "nothing: once the key of the expert's audit_subject is gone, what is left says nothing about anybody"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """`exported_as` names the fields of the export's record that show it: of what is sealed as a JSON object, its
    members. Where none does, `withheld` says why."""

    kind: Kind
    exported_as: tuple[str, ...] = ()
    withheld: str = ""

    def __post_init__(self) -> None:
        assert bool(self.exported_as) is not bool(self.withheld)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpertsTable:
    """Each row belongs to one expert. `rows` is the condition, in SQL, for those of %(expert_id)s.

    `key` are the columns that a sealed value of the table is bound to. `record` is what the export calls a row, and
    `order` the columns, with their types, that its rows are read by: an index has them in this order, behind what finds
    the expert. `shown` is a further condition for rows to be exported, `beside` what else is needed to show one.
    """

    rows: str
    erased_by: Erasure
    columns: Mapping[str, Column]
    key: tuple[str, ...] = ()
    record: str = ""
    order: Mapping[str, str] = field(default_factory=dict)
    shown: str = ""
    beside: str = ""

    def __post_init__(self) -> None:
        assert bool(self.record) is bool(self.order) is any(one.exported_as for one in self.columns.values())

    def columns_of(self, *kinds: Kind) -> tuple[str, ...]:
        return tuple(name for name, column in self.columns.items() if column.kind in kinds)


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorsTable:
    """About the service itself, and about no expert. `columns` says of each what it holds."""

    columns: Mapping[str, Kind]
    key: tuple[str, ...] = ()

    def columns_of(self, *kinds: Kind) -> tuple[str, ...]:
        return tuple(name for name, kind in self.columns.items() if kind in kinds)


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedColumn:
    table: str
    column: str
    key: tuple[str, ...]

    def context(self, row: Mapping[str, Any]) -> str:
        """What the value of this row was sealed for. Needs the columns of the key."""
        values = [row[name] for name in self.key]
        return place(
            self.table, *[one.hex() if isinstance(one, bytes) else one for one in values], column=self.column
        )
