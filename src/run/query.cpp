#include "run/query.h"

namespace penstock {

Result<Query> Query::open(const std::string& temporary) {
  duck::Options options;
  options.temporary_directory = temporary;
  auto database = duck::Database::borrow(options);
  if (!database.ok()) return database.error();
  auto connection = database->connect();
  if (!connection.ok()) return connection.error();
  return Query{*std::move(database), *std::move(connection)};
}

}  // namespace penstock
