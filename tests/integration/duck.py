"""DuckDB for tests: the library that the program itself uses, through its C functions.

Enough to make warehouse files, to hold one open as another process would, and to read the Parquet files that runs
leave behind.
"""

import ctypes
import functools
import os

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class _Result(ctypes.Structure):
    _fields_ = [("opaque", ctypes.c_void_p * 6)]


@functools.cache
def _library():
    library = ctypes.CDLL(os.path.join(ROOT, ".deps", "duckdb", "libduckdb.so"))
    for name in ("duckdb_column_count", "duckdb_row_count"):
        getattr(library, name).restype = ctypes.c_uint64
    library.duckdb_result_error.restype = ctypes.c_char_p
    library.duckdb_value_varchar.restype = ctypes.c_void_p
    library.duckdb_value_varchar.argtypes = [ctypes.c_void_p, ctypes.c_uint64, ctypes.c_uint64]
    library.duckdb_free.argtypes = [ctypes.c_void_p]
    return library


class Duck:
    """One database and one connection to it. `with Duck(path) as duck: duck.query("select 1")`."""

    def __init__(self, path=":memory:"):
        self._database = ctypes.c_void_p()
        self._connection = ctypes.c_void_p()
        if _library().duckdb_open(str(path).encode(), ctypes.byref(self._database)) != 0:
            raise RuntimeError(f"cannot open {path}")
        _library().duckdb_connect(self._database, ctypes.byref(self._connection))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        _library().duckdb_disconnect(ctypes.byref(self._connection))
        _library().duckdb_close(ctypes.byref(self._database))

    def query(self, sql):
        """All rows, every value as text or None."""
        library, result = _library(), _Result()
        pointer = ctypes.byref(result)
        try:
            if library.duckdb_query(self._connection, sql.encode(), pointer) != 0:
                raise RuntimeError((library.duckdb_result_error(pointer) or b"?").decode(errors="replace"))
            columns, rows = library.duckdb_column_count(pointer), library.duckdb_row_count(pointer)
            return [tuple(self._text(pointer, column, row) for column in range(columns)) for row in range(rows)]
        finally:
            library.duckdb_destroy_result(pointer)

    @staticmethod
    def _text(result, column, row):
        value = _library().duckdb_value_varchar(ctypes.cast(result, ctypes.c_void_p), column, row)
        if value is None:
            return None
        text = ctypes.string_at(value)
        _library().duckdb_free(value)
        return text.decode(errors="replace")
