// What dbt says of its models, in the files that it leaves in target/.
//
// The shapes of manifest.json (versions 4 to 12) and run_results.json are dbt's: schemas.getdbt.com, 2026-11.
// What is not there, or is of another shape, is taken for absent: newer versions add more than they change.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/disk.h"
#include "base/result.h"

namespace penstock::dbt {

struct Node {
  std::string id;       // model.shop.dim_customers
  std::string package;  // shop
  std::string name;     // dim_customers
  std::string database, schema, alias;
  std::string description;
  std::string file;                // models/dim_customers.sql, from the dbt project's directory on
  std::string checksum;            // of that file: SHA-256, in hexadecimal digits; empty: not told
  std::vector<std::string> key;    // empty: nothing tells it
  std::vector<std::string> tests;  // their ids
  std::string key_doubt;           // why not, when several columns could be it
};

struct Manifest {
  std::string directory;  // of the dbt project: where the file's `target` lies
  std::string generated_at;
  std::string project;       // the root package
  std::vector<Node> models;  // also seeds and snapshots, by id

  // By name, or by "package.name". An error says which names there are, or which packages have it.
  Result<const Node*> find(const std::string& name) const;
};

// Errors: `config`, with a remedy.
Result<Manifest> read_manifest(Disk& disk, const std::string& path);

// How the last `dbt run` or `dbt build` went for a model.
struct ModelResult {
  bool ok = false;
  std::string status;           // success, error, skipped, "failed tests"
  std::string message;          // dbt's own
  std::optional<Time> at = {};  // when dbt wrote its results
};
// By the id of a model or test.
Result<std::map<std::string, ModelResult>> read_run_results(Disk& disk, const std::string& path);

// Whether the file is not what it was when the manifest was made: "has changed", "is gone", or empty.
std::string what_changed(Disk& disk, const Manifest& manifest, const Node& node);

}  // namespace penstock::dbt
