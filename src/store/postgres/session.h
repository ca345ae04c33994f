// One login at a server: carries requests, one at a time.
#pragma once

#include <map>

#include "database/postgres.h"
#include "store/answer.h"
#include "store/blocking_store.h"
#include "store/postgres/table.h"
#include "store/rows_body.h"

namespace penstock::postgres {

class Session final : public StoreSession {
 public:
  explicit Session(const Headers& headers);
  StoreAnswer carry(const HttpRequest& request) override;
  bool usable() const override { return connection_.is_open(); }

 private:
  enum class Verb { insert, upsert, update, remove };

  std::optional<StoreAnswer> connect(const HttpRequest& request);
  StoreAnswer describe_fields(const std::string& object);
  StoreAnswer find(const std::string& object, const std::string& body);
  StoreAnswer write(Verb verb, const std::string& object, const std::string& body);
  StoreAnswer write_rows(Verb verb, const RowsBody& body, const Table& table);
  std::optional<Trouble> stage(const RowsBody& body, const Table& table, const std::string& batch);
  std::optional<Trouble> prepare_batches();
  StoreAnswer commit(const std::string& batch, StoreAnswer done);
  StoreAnswer ask_what_became_of(const std::string& batch, StoreAnswer done);
  StoreAnswer refused(Trouble trouble);
  const Table* table_of(const std::string& object, std::optional<StoreAnswer>& failed);

  std::map<std::string, Table> tables_;
  Connection connection_;
  std::string timeout_seconds_;
  std::string batches_;  // quoted; empty: there is no such table
  bool batches_ready_ = false;
};

}  // namespace penstock::postgres
