#include "source/source.h"

#include <fmt/format.h>

#include "source/duckdb/duckdb_source.h"

namespace penstock {
namespace {

using Open = Result<OpenedModel> (*)(const config::Source&, const declare::Resolver&, const OpenOptions&);

struct Kind {
  std::string_view name;
  const declare::Of<declare::Settings>& (*settings)();
  Open open;
};

// Listed by hand: one line a kind.
constexpr Kind kKinds[] = {
    {"duckdb", duckdb_settings, open_duckdb},
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

Result<OpenedModel> open_source(const config::Source& source, const declare::Resolver& resolver,
                                const OpenOptions& options) {
  for (const auto& kind : kKinds)
    if (kind.name == *source.type) return kind.open(source, resolver, options);
  die("a source's type was checked when the project was loaded");
}

// "main.customers" -> "main"."customers".
std::string quoted_table(std::string_view name) {
  std::string out;
  while (!name.empty()) {
    const size_t dot = name.find('.');
    out += (out.empty() ? "" : ".") + duck::quote_name(name.substr(0, dot));
    name = dot == name.npos ? std::string_view() : name.substr(dot + 1);
  }
  return out;
}

struct ModelQuery {
  std::string sql;
  std::string place;
};

Result<ModelQuery> query_of(const config::Model& model) {
  if (model.sql) return ModelQuery{model.sql->text, model.sql->place.show()};
  if (model.table)
    return ModelQuery{fmt::format("SELECT * FROM {}", quoted_table(**model.table)),
                      model.table->place.show()};
  return Error{ErrorKind::config,
               fmt::format("{}: models by dbt name cannot be read from this source", model.dbt->place.show()),
               "name the relation with `table:`, or write `sql:`"};
}

// The SQL does not fit the source: the user's to mend. Everything else is the source's fault.
Error model_error(const config::Model& model, const std::string& place, Error error) {
  if (error.kind == ErrorKind::source || error.kind == ErrorKind::config) error.kind = ErrorKind::config;
  error.message = fmt::format("{}: model '{}': {}", place, model.name, error.message);
  return error;
}

// The model is understood, and not run.
Result<void> shape(OpenedModel& opened, const std::string& sql) {
  duck::Connection& connection = *opened.connection;
  opened.shape = "penstock_shape";
  if (!connection.is_one_statement(sql)) return connection.check_is_one_select(sql);
  const auto made = connection.run(
      fmt::format("CREATE TEMP TABLE {} AS SELECT * FROM {} LIMIT 0", opened.shape, opened.relation));
  if (made.ok()) return success();
  // Of what is no SELECT, DuckDB says that it does not belong into brackets.
  const auto one = connection.check_is_one_select(sql);
  return one.ok() ? Result<void>(made.error()) : one;
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
  auto query = query_of(model);
  if (!query.ok()) return query.error();
  auto opened = open_source(*source, resolver, options);
  if (!opened.ok()) return opened.error();
  // On lines of its own: the text may end in a comment.
  opened->relation = fmt::format("(\n{}\n)", query->sql);
  if (auto shaped = shape(*opened, query->sql); !shaped.ok())
    return model_error(model, query->place, shaped.error());
  auto columns = opened->connection->describe(fmt::format("SELECT * FROM {}", opened->shape));
  if (!columns.ok()) return columns.error();
  opened->columns = *std::move(columns);
  return opened;
}

Result<void> check_source(const config::Source& source, const declare::Resolver& resolver,
                          const OpenOptions& options) {
  auto opened = open_source(source, resolver, options);
  if (!opened.ok()) return opened.error();
  return success();
}

}  // namespace penstock
