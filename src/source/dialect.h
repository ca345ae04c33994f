// How a warehouse says what planning needs to say (warehouse_plan/): facts, each dialect a file of dialects/,
// which is compiled in. Whoever writes statements from them knows no vendor.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace penstock {

struct Dialect {
  enum class Replace { merge, delete_and_insert };
  enum class Transaction {
    session,  // statements between `begin` and `commit`, in one session
    script,   // all of them as one text, which is undone where it breaks off
    none      // each statement by itself
  };
  struct Types {
    std::string text, number, digest, flag;
  };
  struct Digest {
    std::string each, between, whole;  // {column}; {columns}: those, with `between` between them
    std::string kind;                  // a query for what else digests depend on; empty: nothing
  };
  struct Transacting {
    Transaction kind = Transaction::session;
    std::string begin, commit, roll_back;
  };
  struct Insert {
    int64_t rows = 0, bytes = 0;  // at most, of one statement
  };
  struct Escape {
    char from;
    std::string to;
  };
  std::string id;                    // "duckdb": the file's name
  std::string title;                 // for people
  std::vector<std::string> drivers;  // words in the names of the drivers' files
  char quote = '"';
  std::vector<Escape> escapes;  // in a constant in single quotes
  Types types;
  std::vector<std::pair<std::string, std::string>>
      keys;  // DuckDB's types, and those of the same values there
  Digest digest;
  std::string there;  // a query that counts the tables {table} of {schema}, or {schema_name} as a name
  bool makes_schema = true;
  Replace replace = Replace::merge;
  Transacting transaction;
  Insert insert;
  std::string needs;  // what people must grant

  std::string name_of(std::string_view name) const;  // quoted
  std::string text_of(std::string_view text) const;  // a constant
  // The type of a key column that came here as `type`, "DECIMAL(10,2)"; empty: there is none.
  std::string key_type(std::string_view type) const;
};

const std::vector<Dialect>& dialects();
// Null when there is none of this name.
const Dialect* find_dialect(std::string_view id);
// By the file of a driver: "/usr/lib/libadbc_driver_NAME.so". Null when it tells nothing.
const Dialect* dialect_of_driver(std::string_view library);

}  // namespace penstock
