#include "duck/instance.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>

#include "duck/error_text.h"

namespace penstock::duck {
namespace {

// More than these are closed, the ones that were idle longest first: each holds a few megabytes.
constexpr size_t kIdleMax = 8;

struct Idle {
  std::mutex mutex;
  std::vector<std::unique_ptr<Instance>> instances;  // in the order in which they became idle
};

// Left open when the process ends: by then DuckDB may have put away what it needs to close.
Idle& idle() {
  static Idle& all = *new Idle;
  return all;
}

std::string signature_of(const ScalarFunction& function) {
  std::string out;
  for (const auto parameter : function.parameters) out += fmt::format("{},", static_cast<int>(parameter));
  return fmt::format("({}) {} {}", out, function.result.name(), function.has_effects);
}

}  // namespace

Result<std::unique_ptr<Instance>> Instance::open(const Options& options) {
  duckdb_config config = nullptr;
  check(duckdb_create_config(&config) == DuckDBSuccess, "duckdb_create_config");
  duckdb_set_config(config, "memory_limit", options.memory_limit.c_str());
  duckdb_set_config(config, "autoinstall_known_extensions", "false");
  duckdb_set_config(config, "autoload_known_extensions", "true");
  duckdb_set_config(config, "temp_directory", options.temporary_directory.c_str());
  duckdb_set_config(config, "preserve_insertion_order", options.keep_order ? "true" : "false");
  // A file that was replaced by another of its name must not be taken for the one that was read before.
  duckdb_set_config(config, "enable_external_file_cache", "false");
  if (options.threads > 0) duckdb_set_config(config, "threads", fmt::to_string(options.threads).c_str());
  std::unique_ptr<Instance> instance(new Instance(options));
  char* message = nullptr;
  const auto state = duckdb_open_ext(options.path.empty() ? nullptr : options.path.c_str(),
                                     &instance->database_, config, &message);
  duckdb_destroy_config(&config);
  if (state == DuckDBSuccess) return instance;
  Error error = to_error(message);
  duckdb_free(message);
  return error;
}

Instance::~Instance() {
  if (database_ != nullptr) duckdb_close(&database_);
}

void Instance::call_back(duckdb_function_info info, duckdb_data_chunk input, duckdb_vector output) {
  const auto& door = *static_cast<const Door*>(duckdb_scalar_function_get_extra_info(info));
  thread_local std::vector<Vector> arguments;
  arguments.clear();
  for (idx_t i = 0; i < duckdb_data_chunk_get_column_count(input); ++i)
    arguments.emplace_back(duckdb_data_chunk_get_vector(input, i));
  const auto outcome = door.call(arguments, duckdb_data_chunk_get_size(input), output);
  if (!outcome.ok()) duckdb_scalar_function_set_error(info, outcome.error().message.c_str());
}

Result<void> Instance::register_door(duckdb_connection connection, const ScalarFunction& function,
                                     Door& door) {
  duckdb_scalar_function handle = duckdb_create_scalar_function();
  duckdb_scalar_function_set_name(handle, function.name.c_str());
  if (function.parameters.empty())
    duckdb_scalar_function_set_varargs(handle, Type::of(DUCKDB_TYPE_ANY).get());
  for (const auto parameter : function.parameters)
    duckdb_scalar_function_add_parameter(handle, Type::of(parameter).get());
  duckdb_scalar_function_set_return_type(handle, function.result.get());
  if (function.has_effects) duckdb_scalar_function_set_volatile(handle);
  duckdb_scalar_function_set_special_handling(handle);  // NULL arguments reach us as they are
  duckdb_scalar_function_set_extra_info(handle, &door, nullptr);
  duckdb_scalar_function_set_function(handle, call_back);
  const auto state = duckdb_register_scalar_function(connection, handle);
  duckdb_destroy_scalar_function(&handle);
  if (state != DuckDBSuccess)
    return Error{ErrorKind::internal, fmt::format("DuckDB does not take the function {}", function.name), ""};
  return success();
}

Result<void> Instance::define(duckdb_connection connection, ScalarFunction function) {
  std::unique_ptr<Door>& door = doors_[function.name];
  std::string signature = signature_of(function);
  if (door == nullptr) {
    door = std::make_unique<Door>(std::move(signature), nullptr);
    if (auto made = register_door(connection, function, *door); !made.ok()) {
      doors_.erase(function.name);
      return made;
    }
  } else if (door->signature != signature) {
    return Error{ErrorKind::internal, fmt::format("the function {} is another one already", function.name),
                 ""};
  }
  door->call = std::move(function.call);
  return success();
}

Result<void> Instance::define(duckdb_connection connection, const std::string& name,
                              std::shared_ptr<StreamTable> table, std::string subject) {
  std::unique_ptr<StreamDoor>& door = streams_[name];
  if (door == nullptr) {
    door = std::make_unique<StreamDoor>();
    if (auto made = door->register_at(connection, name); !made.ok()) {
      streams_.erase(name);
      return made;
    }
  }
  door->put(std::move(table), std::move(subject));
  return success();
}

Error Instance::explain(Error of_duckdb) {
  for (const auto& [name, door] : streams_)
    if (auto failure = door->take_failure()) return *std::move(failure);
  return of_duckdb;
}

void Instance::cancel_streams() {
  for (const auto& [name, door] : streams_)
    if (const auto table = door->table()) table->cancel();
}

bool Instance::carry_out(const std::string& sql) {
  duckdb_connection connection = nullptr;
  if (duckdb_connect(database_, &connection) != DuckDBSuccess) return false;
  const bool done = duckdb_query(connection, sql.c_str(), nullptr) == DuckDBSuccess;
  duckdb_disconnect(&connection);
  return done;
}

// The place for what does not fit into memory can be changed until something lies there.
bool Instance::become(const Options& options) {
  Options moved = options_;
  moved.temporary_directory = options.temporary_directory;
  if (moved != options) return false;
  if (options_ != options && !carry_out("SET temp_directory = " + quote_text(options.temporary_directory)))
    return false;
  options_ = options;
  return true;
}

bool Instance::clear() {
  for (const auto& [name, door] : doors_) door->call = nullptr;
  for (const auto& [name, door] : streams_) door->put(nullptr, "");
  bool done = true;
  for (const std::string& name : attached_) done = done && carry_out("DETACH " + quote_name(name));
  attached_.clear();
  return done;
}

std::unique_ptr<Instance> take_idle(const Options& options) {
  const std::lock_guard lock(idle().mutex);
  auto& instances = idle().instances;
  const auto found = std::find_if(instances.rbegin(), instances.rend(),
                                  [&](const auto& one) { return one->become(options); });
  if (found == instances.rend()) return nullptr;
  std::unique_ptr<Instance> taken = std::move(*found);
  instances.erase(std::next(found).base());
  return taken;
}

void give_back(Instance* given) {
  std::unique_ptr<Instance> instance(given);
  if (!instance->clear()) return;
  std::unique_ptr<Instance> oldest;  // closed without the lock
  const std::lock_guard lock(idle().mutex);
  auto& instances = idle().instances;
  instances.push_back(std::move(instance));
  if (instances.size() <= kIdleMax) return;
  oldest = std::move(instances.front());
  instances.erase(instances.begin());
}

}  // namespace penstock::duck
