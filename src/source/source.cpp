#include "source/source.h"

#include <fmt/format.h>

#include "source/adbc/adbc_source.h"
#include "source/clickhouse/clickhouse_source.h"
#include "source/duckdb/duckdb_source.h"
#include "source/mysql/mysql_source.h"
#include "source/postgres/postgres_source.h"
#include "source/sqlite/sqlite_source.h"
#include "source/warehouse.h"

namespace penstock {
namespace {

using Open = Result<std::unique_ptr<Warehouse>> (*)(const config::Source&, const declare::Resolver&,
                                                    const OpenOptions&);

struct Kind {
  std::string_view name;
  const declare::Of<declare::Settings>& (*settings)();
  Open open;
};

// Listed by hand: one line a kind.
constexpr Kind kKinds[] = {
    {"duckdb", duckdb_settings, open_duckdb},
    {"postgres", postgres_settings, open_postgres},
    {"mysql", mysql_settings, open_mysql},
    {"sqlite", sqlite_settings, open_sqlite},
    {"clickhouse", clickhouse_settings, open_clickhouse},
    {"adbc", adbc_settings, open_adbc},
};

class SourceKinds final : public config::Kinds {
 public:
  std::vector<std::string> names() const override {
    std::vector<std::string> names;
    for (const auto& kind : kKinds) names.emplace_back(kind.name);
    return names;
  }
  const declare::Of<declare::Settings>* find(std::string_view name) const override {
    for (const auto& kind : kKinds)
      if (kind.name == name) return &kind.settings();
    return nullptr;
  }
};

Result<std::unique_ptr<Warehouse>> open_source(const config::Source& source,
                                               const declare::Resolver& resolver,
                                               const OpenOptions& options) {
  OpenOptions named = options;
  named.subject = fmt::format("source '{}'", source.name);
  for (const auto& kind : kKinds)
    if (kind.name == *source.type) return kind.open(source, resolver, named);
  die("a source's type was checked when the project was loaded");
}

struct ModelQuery {
  std::string sql;
  std::string place;
};

ModelQuery query_of(const config::Model& model, const Warehouse& warehouse) {
  if (model.sql) return ModelQuery{model.sql->text, model.sql->place.show()};
  if (model.table)
    return ModelQuery{fmt::format("SELECT * FROM {}", warehouse.quoted_table(**model.table)),
                      model.table->place.show()};
  return ModelQuery{fmt::format("SELECT * FROM {}", warehouse.quoted_table(model.dbt_table)),
                    model.dbt->place.show()};
}

// What a model's SQL and its source do not agree on is the user's to mend; the rest is the source's fault.
Error in_model(const config::Model& model, const std::string& place, Error error) {
  if (error.kind != ErrorKind::config) return std::move(error).in(fmt::format("source '{}'", *model.source));
  error.message = fmt::format("{}: model '{}': {}", place, model.name, error.message);
  return error;
}

}  // namespace

const config::Kinds& source_kinds() {
  static const SourceKinds kinds;
  return kinds;
}

Result<OpenedModel> open_model(const config::Project& project, const config::Model& model,
                               const declare::Resolver& resolver, const OpenOptions& options) {
  const config::Source* source = project.source(*model.source);
  check(source != nullptr, "a model's source was checked when the project was loaded");
  auto warehouse = open_source(*source, resolver, options);
  if (!warehouse.ok()) return warehouse.error();
  const ModelQuery query = query_of(model, **warehouse);
  auto opened = (*warehouse)->open_query(query.sql);
  if (!opened.ok()) return in_model(model, query.place, opened.error());
  return opened;
}

Result<std::string> model_sql(const config::Project& project, const config::Model& model,
                              const declare::Resolver& resolver, const OpenOptions& options) {
  if (model.sql) return model.sql->text;
  const config::Source* source = project.source(*model.source);
  check(source != nullptr, "a model's source was checked when the project was loaded");
  auto warehouse = open_source(*source, resolver, options);
  if (!warehouse.ok()) return warehouse.error();
  return query_of(model, **warehouse).sql;
}

Result<OpenedModel> open_sql(const config::Source& source, const std::string& sql,
                             const declare::Resolver& resolver, const OpenOptions& options) {
  auto warehouse = open_source(source, resolver, options);
  if (!warehouse.ok()) return warehouse.error();
  auto opened = (*warehouse)->open_query(sql);
  if (!opened.ok()) return std::move(opened).error().in(fmt::format("source '{}'", source.name));
  return opened;
}

Result<std::vector<SourceTable>> list_tables(const config::Source& source, const declare::Resolver& resolver,
                                             const OpenOptions& options) {
  auto warehouse = open_source(source, resolver, options);
  if (!warehouse.ok()) return warehouse.error();
  auto tables = (*warehouse)->tables();
  if (!tables.ok()) return std::move(tables).error().in(fmt::format("source '{}'", source.name));
  return tables;
}

Result<std::vector<duck::Column>> describe_table(const config::Source& source, const std::string& table,
                                                 const declare::Resolver& resolver,
                                                 const OpenOptions& options) {
  auto warehouse = open_source(source, resolver, options);
  if (!warehouse.ok()) return warehouse.error();
  auto opened = (*warehouse)->open_query("SELECT * FROM " + (*warehouse)->quoted_table(table));
  if (!opened.ok()) return std::move(opened).error().in(fmt::format("source '{}'", source.name));
  return std::move(opened->columns);
}

}  // namespace penstock
