#!/usr/bin/env python3
"""Writes the Parquet files of the sample warehouse: make_data.py. Runs make_data.sql in DuckDB's library
(which ./dev setup puts into .deps/duckdb); the files it made are committed, so nobody needs this to see the demo."""
import ctypes
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


class Result(ctypes.Structure):
    # As many bytes as duckdb_result has, and some more.
    _fields_ = [("bytes", ctypes.c_uint64 * 16)]


def main():
    with open(os.path.join(HERE, "make_data.sql"), encoding="utf-8") as file:
        sql = file.read()
    duckdb = ctypes.CDLL(os.path.join(HERE, "..", ".deps", "duckdb", "libduckdb.so"))
    duckdb.duckdb_result_error.restype = ctypes.c_char_p
    os.chdir(HERE)
    database, connection, result = ctypes.c_void_p(), ctypes.c_void_p(), Result()
    if duckdb.duckdb_open(None, ctypes.byref(database)) or duckdb.duckdb_connect(database, ctypes.byref(connection)):
        sys.exit("make_data.py: DuckDB does not open")
    if duckdb.duckdb_query(connection, sql.encode(), ctypes.byref(result)):
        sys.exit("make_data.py: " + duckdb.duckdb_result_error(ctypes.byref(result)).decode())


main()
