"""The data map names every column there is, and no other."""

from adapters.postgres.data_map import DESERTED, EXPERTS, OPERATORS, sealed_columns
from tests.support.stores import KeptByPostgres

COLUMNS = """
    SELECT table_name, column_name FROM information_schema.columns JOIN information_schema.tables
        USING (table_schema, table_name)
    WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'
    """

PRIMARY_KEYS = """
    SELECT relname AS name, array_agg(attname::text ORDER BY array_position(indkey::int[], attnum::int)) AS columns
    FROM pg_index JOIN pg_class ON pg_class.oid = indrelid
        JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY (indkey)
    WHERE indisprimary AND relnamespace = current_schema()::regnamespace
    GROUP BY relname
    """
REFERENCES = """
    SELECT one.relname AS of, other.relname AS to
    FROM pg_constraint JOIN pg_class AS one ON one.oid = conrelid JOIN pg_class AS other ON other.oid = confrelid
    WHERE contype = 'f' AND one.relnamespace = current_schema()::regnamespace
    """


async def test_each_column_of_the_schema_is_classified_and_nothing_else(kept: KeptByPostgres) -> None:
    there: dict[str, set[str]] = {}
    for row in await kept.rows(COLUMNS):
        there.setdefault(str(row["table_name"]), set()).add(str(row["column_name"]))
    classified = {name: set(table.columns) for name, table in EXPERTS.items()}
    classified |= {name: set(table.columns) for name, table in OPERATORS.items()}
    assert set(there) == {*classified, *DESERTED}
    assert {name: columns for name, columns in there.items() if name not in DESERTED} == classified


async def test_a_row_of_an_expert_is_found_by_the_condition_of_its_table(kept: KeptByPostgres) -> None:
    for name, table in EXPERTS.items():
        counted = await kept.rows(f"SELECT count(*) AS n FROM {name} WHERE {table.rows}", expert_id="nobody")
        assert counted == [{"n": 0}]


async def test_whatever_is_sealed_is_bound_to_the_primary_key_of_its_row(kept: KeptByPostgres) -> None:
    keys = {row["name"]: row["columns"] for row in await kept.rows(PRIMARY_KEYS)}
    assert {one.table: list(one.key) for one in sealed_columns()} == {
        one.table: keys[one.table] for one in sealed_columns()
    }


async def test_a_table_comes_after_those_that_its_rows_refer_to(kept: KeptByPostgres) -> None:
    order = list(EXPERTS)
    references = [(row["of"], row["to"]) for row in await kept.rows(REFERENCES) if row["of"] in EXPERTS]
    assert references
    assert [one for one in references if order.index(str(one[0])) <= order.index(str(one[1]))] == []
