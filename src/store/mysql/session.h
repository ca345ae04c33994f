// One login at a server: carries requests, one at a time.
#pragma once

#include <map>

#include "store/answer.h"
#include "store/blocking_store.h"
#include "store/mysql/table.h"
#include "store/rows_reply.h"

namespace penstock::mysql {

// A batch is one transaction. Its rows are written into a temporary table, typed as the target is, and from
// there into the target: one statement for each set of columns that rows bring. Which rows are there already
// is asked first: "on duplicate key" would also take a row whose other unique column is the same for the one
// that is meant.
class Session final : public StoreSession {
 public:
  explicit Session(const Headers& headers);
  StoreAnswer carry(const HttpRequest& request) override;
  bool usable() const override { return connection_.is_open(); }

 private:
  enum class Verb { insert, upsert, update, remove };
  using Failed = std::optional<StoreAnswer>;

  Failed connect(const HttpRequest& request);
  const Table* table_of(const std::string& object, Failed& failed);
  StoreAnswer describe_fields(const std::string& object);
  StoreAnswer find(const std::string& object, const std::string& body);
  StoreAnswer write(Verb verb, const std::string& object, const std::string& body);
  StoreAnswer write_rows(Verb verb, const RowsBody& body, const Table& table);
  Failed write_shape(Verb verb, const RowsBody& body, const Table& table, uint32_t shape);
  Failed stage(Verb verb, const RowsBody& body, const Table& table);
  Failed fill(const RowsBody& body, const Table& table);
  // Marks the staged rows that are in the table, in the reply and in the stage.
  Failed mark_present(Verb verb, const RowsBody& body, const Table& table, RowsReply& reply);
  StoreAnswer commit(StoreAnswer done);
  StoreAnswer refused(const Trouble& trouble, std::string_view match_index = "");
  Failed run(const std::string& sql, std::string_view match_index = "");

  Connection connection_;
  unsigned answer_seconds_ = 120;
  std::map<std::string, Table> tables_;
};

}  // namespace penstock::mysql
