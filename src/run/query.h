// A database for questions to files that were written before; nothing of it stays.
#pragma once

#include "duck/duck.h"

namespace penstock {

struct Query {
  duck::Database database;
  duck::Connection connection;
  // `temporary`: where it spills; empty: nowhere.
  static Result<Query> open(const std::string& temporary = "");
};

}  // namespace penstock
