// What was read of records, as tables: where it differs from what we wrote, and since when.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "run/workspace.h"

namespace penstock {

struct LookField {
  std::string name;
  bool personal = false;
};

// A field of a record that holds something else than we wrote.
struct Difference {
  KeyHash key_hash;
  std::string key, record_id, field;
  std::optional<std::string> ours, theirs;  // masked when personal
  bool is_gone = false;                     // its record is not there: one difference for all of its fields
  std::string written_at, run;              // of the last run that wrote it; empty: not kept any more
};

// Over a file of before-images (docs/formats.md). Blocking; use from one thread.
class LookTables {
 public:
  static Result<LookTables> open(const Workspace& workspace, const std::string& sync,
                                 const std::string& images, const std::vector<LookField>& fields);
  // In the order of keys.
  Result<void> for_each_difference(const std::function<void(const Difference&)>& visit);
  // All of them as a Parquet file.
  Result<void> write(const std::string& file);

 private:
  LookTables(duck::Database database, duck::Connection connection, std::string differences)
      : database_(std::move(database)),
        connection_(std::move(connection)),
        differences_(std::move(differences)) {}
  duck::Database database_;
  duck::Connection connection_;
  std::string differences_;  // a query
};

}  // namespace penstock
