"""An import-linter contract: packages that may import the standard library and a named few, nothing else.

import-linter's own `forbidden` names what is not allowed; a core that must stay free of every library needs
the opposite, or each new dependency would be allowed until somebody thinks of it.
"""

from __future__ import annotations

import sys
from typing import Any

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class OnlyTheseContract(Contract):
    """Options, both top-level names: `source_packages` are held to it, `allowed_packages` may be imported."""

    type_name = "only_these"

    source_packages = fields.ListField(subfield=fields.StringField())
    allowed_packages = fields.ListField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Finds every direct import by a source package of one that is neither allowed nor standard."""
        sources: Any = self.source_packages
        permitted: Any = self.allowed_packages
        allowed = {*permitted, *sys.stdlib_module_names}
        broken = [
            (importer, imported)
            for importer in sorted(graph.modules)
            if importer.partition(".")[0] in sources
            for imported in sorted(graph.find_modules_directly_imported_by(importer))
            if imported.partition(".")[0] not in allowed
        ]
        return ContractCheck(kept=not broken, metadata={"broken": broken})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Names each import that breaks the contract."""
        for importer, imported in check.metadata["broken"]:
            output.print_error(f"{importer} imports {imported}")
