// Where statements go: one warehouse, in a session that is opened when it is needed.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/project.h"
#include "source/source.h"

namespace penstock {

// Use from one thread, but for interrupt(). Errors have no subject.
class SqlDoor {
 public:
  using Line = std::vector<std::optional<std::string>>;
  virtual ~SqlDoor() = default;
  virtual Result<void> open() = 0;  // a session, if there is none
  virtual void close() = 0;
  virtual Result<void> run(const std::string& sql) = 0;
  virtual Result<std::vector<Line>> lines(const std::string& sql) = 0;
  // Appends the rows of a query of ours to a table, whose name is not quoted, in bulk. False: it cannot be
  // done here.
  virtual Result<bool> append(const std::string& schema, const std::string& table, duck::Connection& local,
                              const std::string& sql) = 0;
  virtual void interrupt() = 0;
};

std::unique_ptr<SqlDoor> adbc_door(const config::Source& source, const declare::Resolver& resolver,
                                   const OpenOptions& options);
Result<std::unique_ptr<SqlDoor>> postgres_door(const config::Source& source,
                                               const declare::Resolver& resolver);

}  // namespace penstock
