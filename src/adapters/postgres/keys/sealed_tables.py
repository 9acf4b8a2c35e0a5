"""The sealed columns by table, as the data map knows them: a row is sealed anew as a whole."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

from adapters.postgres.data_kinds import SealedColumn
from adapters.postgres.data_map import sealed_columns

OF_THE_KEYS_THEMSELVES: Final = "encryption_key"
"""Proves of each key that it is the one: to seal that with another key would make no sense."""


@dataclass(frozen=True, slots=True)
class SealedTable:
    sealed: tuple[SealedColumn, ...]

    @property
    def name(self) -> str:
        return self.sealed[0].table

    @property
    def key(self) -> tuple[str, ...]:
        """The columns that name a row in what its values are sealed for."""
        return self.sealed[0].key

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(one.column for one in self.sealed)

    def contexts(self, row: Mapping[str, Any]) -> Mapping[str, str]:
        """By column, what the value of this row is sealed for. Needs the columns of the key."""
        return {one.column: one.context(row) for one in self.sealed}


SEALED: Final = tuple(
    SealedTable(tuple(columns))
    for table, columns in groupby(sealed_columns(), key=lambda one: one.table)
    if table != OF_THE_KEYS_THEMSELVES
)
