// What this program was built from.
#pragma once

#include <string>
#include <string_view>

namespace penstock::cli {

struct BuildFacts {
  std::string_view version;   // "0.1.0"
  std::string_view commit;    // "f08c622a1b2c", with "+changes" behind it; empty: not known
  std::string_view date;      // of the commit, or of SOURCE_DATE_EPOCH: "2026-11-27"; empty: not known
  std::string_view compiler;  // "clang 19.1.7 (...)"
  std::string duckdb;         // of the library that was found: "v1.5.6"
};
BuildFacts build_facts();

// "penstock 0.1.0", then a line for each fact that is known.
std::string version_text();
// {"version":...,"commit":...,...}
std::string version_json();

}  // namespace penstock::cli
