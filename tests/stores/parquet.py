"""Parquet files as Penstock's own DuckDB reads them: a sync of their rows to JSON lines."""

import glob
import json
import os
import shutil

from pipe import Project


def read_parquet(pattern, columns):
    """The rows of the files, as {column: (type, text or None)}; types as DuckDB names them."""
    project = Project("http://127.0.0.1:9")
    try:
        out = project.path("read")
        os.mkdir(out)
        project.write("sources/warehouse.yaml", {"type": "duckdb", "files": {"rows_read": pattern}})
        project.write("destinations/crm.yaml", {"type": "files", "directory": out})
        fields = {f"{name}.{what}": {"sql": sql.format(f'"{name}"')} for name in columns
                  for what, sql in (("type", "typeof({})"), ("text", "cast({} as varchar)"))}
        project.model(sql="select row_number() over () as row_number, * from rows_read", key="row_number")
        project.sync(object="rows", mode="append", match=None, fields=fields)
        answer = project.call("run", "contacts")
        if answer.code != 0:
            raise RuntimeError(str(answer))
        rows = []
        for path in sorted(glob.glob(os.path.join(out, "*.jsonl"))):
            with open(path, encoding="utf-8") as file:
                rows += [json.loads(line) for line in file]
        return [{name: (row[f"{name}.type"], row[f"{name}.text"]) for name in columns} for row in rows]
    finally:
        project.remove()
        shutil.rmtree(project.directory, ignore_errors=True)
