"""High-volume tables are partitioned by month from the start: old months can be moved or dropped whole.

A partition is reached through its parent only, so no role is granted anything on it. Months are made ahead of time at
every migrate and by a monthly job; a default partition catches what falls outside, so that no insert ever fails.
"""

from datetime import date

from django.db import connection, migrations

# Making a partition needs the owner's rights; the function lends exactly that one right to the worker.
FUNCTION = """
CREATE OR REPLACE FUNCTION backline_add_month(parent regclass, month date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE
    first date := date_trunc('month', month)::date;
    part text := parent::text || '_' || to_char(first, 'YYYYMM');
BEGIN
    IF NOT EXISTS (SELECT 1 FROM pg_partitioned_table WHERE partrelid = parent) THEN
        RAISE EXCEPTION '% is not a partitioned table', parent;
    END IF;
    IF to_regclass(part) IS NULL THEN
        EXECUTE format('CREATE TABLE %I PARTITION OF %s FOR VALUES FROM (%L) TO (%L)',
                       part, parent, first, (first + interval '1 month')::date);
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', part);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', part);
        -- Nobody is granted anything on a partition; the policy lets the owner copy its rows into a backup.
        EXECUTE format('CREATE POLICY worker_all ON %I TO backline_worker USING (true) WITH CHECK (true)', part);
    END IF;
END $$;
REVOKE ALL ON FUNCTION backline_add_month(regclass, date) FROM PUBLIC;
"""


def partition_by_month(table: str, column: str) -> list[migrations.RunSQL]:
    """Migration operations that turn the freshly made, empty `table` into one partitioned by month of `column`.

    Postgres wants the partition column in every unique key: the primary key becomes (id, column).
    """
    sql = f"""
        ALTER TABLE {table} RENAME TO {table}_plain;
        CREATE TABLE {table} (LIKE {table}_plain INCLUDING DEFAULTS INCLUDING CONSTRAINTS, PRIMARY KEY (id, {column}))
            PARTITION BY RANGE ({column});
        DROP TABLE {table}_plain;
        CREATE TABLE {table}_default PARTITION OF {table} DEFAULT;
    """
    return [migrations.RunSQL(sql, migrations.RunSQL.noop)]


def months_ahead(start: date, count: int) -> list[date]:
    """The first days of `count` months, beginning with the month of `start`."""
    first = start.year * 12 + start.month - 1
    return [date((first + n) // 12, (first + n) % 12 + 1, 1) for n in range(count)]


def add_months(table: str, start: date, count: int) -> None:
    """Make sure that the partitions of `count` months from `start` exist."""
    with connection.cursor() as cursor:
        for month in months_ahead(start, count):
            cursor.execute("SELECT backline_add_month(%s::regclass, %s)", [table, month])


def partitioned_tables() -> list[str]:
    """Every partitioned table of ours."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT partrelid::regclass::text FROM pg_partitioned_table t JOIN pg_class c ON c.oid = t.partrelid"
            " WHERE c.relnamespace = 'public'::regnamespace ORDER BY 1"
        )
        return [row[0] for row in cursor.fetchall()]
