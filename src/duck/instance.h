// An open DuckDB with the functions of ours that it knows.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "duck/duck.h"
#include "duck/stream_door.h"

namespace penstock::duck {

class Instance {
 public:
  static Result<std::unique_ptr<Instance>> open(const Options& options);
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;
  ~Instance();

  // Whether it was opened as these options ask, or could be made so.
  bool become(const Options& options);
  duckdb_database get() const { return database_; }

  // DuckDB keeps a function for as long as it is open and takes no other one of that name: what it knows is a
  // door, and what stands behind it may change while no query runs.
  Result<void> define(duckdb_connection connection, ScalarFunction function);
  Result<void> define(duckdb_connection connection, const std::string& name,
                      std::shared_ptr<StreamTable> table, std::string subject);
  // The error of the stream table that is behind DuckDB's error, if one is.
  Error explain(Error of_duckdb);
  void cancel_streams();
  void note_attached(const std::string& name) { attached_.push_back(name); }
  // Makes it as new; false when that cannot be done. No connection is left.
  bool clear();

 private:
  struct Door {
    std::string signature;
    decltype(ScalarFunction::call) call;
  };
  explicit Instance(const Options& options) : options_(options) {}
  bool carry_out(const std::string& sql);
  static void call_back(duckdb_function_info info, duckdb_data_chunk input, duckdb_vector output);
  static Result<void> register_door(duckdb_connection connection, const ScalarFunction& function, Door& door);

  Options options_;
  duckdb_database database_ = nullptr;
  std::map<std::string, std::unique_ptr<Door>> doors_;
  std::map<std::string, std::unique_ptr<StreamDoor>> streams_;
  std::vector<std::string> attached_;
};

// Those that nobody has just now. Thread-safe.
std::unique_ptr<Instance> take_idle(const Options& options);  // nullptr: there is none of this kind
void give_back(Instance* instance);                           // takes it

}  // namespace penstock::duck
