#include "source/clickhouse/clickhouse_source.h"

#include <fmt/format.h>
#include <unistd.h>

#include "source/clickhouse/reading.h"

namespace penstock {
namespace {

using clickhouse::Server;

class ClickhouseWarehouse final : public Warehouse {
 public:
  ClickhouseWarehouse(std::shared_ptr<Server> server, const OpenOptions& options)
      : server_(std::move(server)), options_(options) {}

  std::string quoted_table(std::string_view name) const override {
    const size_t dot = name.find('.');
    const std::string first = clickhouse::quote_name(name.substr(0, dot));
    return dot == name.npos ? first : first + "." + clickhouse::quote_name(name.substr(dot + 1));
  }

  Result<OpenedModel> open_query(const std::string& sql) override {
    auto columns = columns_of_query(sql);
    if (!columns.ok()) return columns.error();
    return stream_into_duckdb(clickhouse::read_query(server_, sql, *std::move(columns)), options_);
  }

  Result<std::vector<SourceTable>> tables() override {
    auto commented = server_->rows(
        "SELECT name FROM system.columns WHERE database = 'system' AND table = 'tables' AND name = 'comment'",
        0);
    if (!commented.ok()) return commented.error();
    auto rows = server_->rows(
        fmt::format("SELECT if(database = currentDatabase(), name, concat(database, '.', name)) AS shown, {} "
                    "FROM system.tables WHERE database NOT IN ('system', 'information_schema', "
                    "'INFORMATION_SCHEMA') AND name NOT LIKE '.inner%' ORDER BY shown",
                    commented->empty() ? "''" : "comment"),
        0);
    if (!rows.ok()) return rows.error();
    std::vector<SourceTable> all;
    for (auto& row : *rows) all.push_back({std::move(row[0]), std::move(row[1])});
    return all;
  }

 private:
  Result<std::vector<clickhouse::Column>> columns_of_query(const std::string& sql) {
    auto rows = server_->rows(fmt::format("DESCRIBE TABLE (\n{}\n)", sql), 1);
    if (!rows.ok()) return rows.error();
    std::vector<std::string> names;
    std::vector<clickhouse::Column> columns;
    for (const auto& row : *rows) {
      auto asked = clickhouse::asked_as(row[1]);
      if (!asked.ok()) return std::move(asked).error().in(fmt::format("the column '{}'", row[0]));
      names.push_back(row[0]);
      columns.push_back({row[0], *std::move(asked)});
    }
    if (auto named = check_names(names); !named.ok()) return named.error();
    return columns;
  }

  std::shared_ptr<Server> server_;
  OpenOptions options_;
};

// A user or password within the URL would be shown wherever a URL is.
Result<std::string> server_url(std::string url) {
  auto parsed = declare::parse_url(url);
  if (!parsed.ok())
    return Error{ErrorKind::config, "`url` is not a URL of ClickHouse's HTTP port",
                 "write it as http://host:8123 or https://host:8443"};
  if (url.find_first_of("?#@") != url.npos)
    return Error{ErrorKind::config, "`url` holds more than where the server is",
                 "put what stands before '@' into `user` and `password`, and a database into `database`"};
  while (url.ends_with('/')) url.pop_back();
  return url;
}

Result<clickhouse::Login> login_of(const config::Source& source, const declare::Resolver& resolver,
                                   const OpenOptions& options) {
  clickhouse::Login login;
  for (const auto& [name, into] :
       {std::pair{"url", &login.url}, std::pair{"user", &login.user}, std::pair{"password", &login.password},
        std::pair{"database", &login.database}}) {
    auto text = text_of_setting(source, name, resolver);
    if (!text.ok()) return text.error();
    *into = *std::move(text);
  }
  auto url = server_url(std::move(login.url));
  if (!url.ok()) return url.error();
  login.url = *std::move(url);
  for (const auto* text : {&login.user, &login.password})
    if (text->find_first_of("\r\n") != text->npos)
      return Error{ErrorKind::config, "`user` or `password` holds a line break",
                   "look at where its value comes from"};
  if (const auto* file = source.settings.find<std::string>("ca_file")) {
    login.ca_file = file->starts_with('/') ? *file : options.project_directory + "/" + *file;
    if (access(login.ca_file.c_str(), R_OK) != 0)
      return Error{ErrorKind::config, fmt::format("cannot read the CA file {}", login.ca_file),
                   "name a PEM file with the certificates to trust"};
  }
  return login;
}

}  // namespace

const declare::Of<declare::Settings>& clickhouse_settings() {
  using namespace declare;
  static const Of<Settings> shape = settings(
      "clickhouse source", "ClickHouse, by HTTP: servers of one's own, clusters, and ClickHouse Cloud.",
      {setting("url", reference_url())
           .required()
           .help("Where the server's HTTP port is: http://host:8123, or https://host:8443.")
           .example("https://ch.example.com:8443"),
       setting("user", reference_text()).by_default("default").help("Who reads."),
       setting("password", reference_text())
           .secret()
           .help("The user's password.")
           .example("${env:WAREHOUSE_PASSWORD}"),
       setting("database", reference_text())
           .help("Where tables are looked for that are named without a database; else the user's own."),
       setting("ca_file", text("the path of a PEM file"))
           .help("Certificates of the authorities to trust in place of the system's; from the project's "
                 "directory on."),
       setting("max_execution_time", duration(1s))
           .by_default("6h")
           .help(
               "The server gives up a query that takes longer. A shorter time of the user's profile holds."),
       setting("compression", choice_of({{"none", "fastest within a data centre"},
                                         {"gzip", "for slow ways: costs the server time"}}))
           .by_default("none")
           .help("How rows are compressed on their way."),
       planning_schema_setting()});
  return shape;
}

Result<std::shared_ptr<Server>> clickhouse_server(const config::Source& source,
                                                  const declare::Resolver& resolver,
                                                  const OpenOptions& options) {
  const auto in_this_source = [&](Error error) {
    return std::move(error).in(fmt::format("source '{}'", source.name));
  };
  auto login = login_of(source, resolver, options);
  if (!login.ok()) return in_this_source(login.error());
  const clickhouse::Terms terms{source.settings.get<Duration>("max_execution_time"),
                                source.settings.get<std::string>("compression") == "gzip"};
  auto server = Server::open(*std::move(login), terms);
  if (!server.ok()) return in_this_source(server.error());
  return server;
}

Result<std::unique_ptr<Warehouse>> open_clickhouse(const config::Source& source,
                                                   const declare::Resolver& resolver,
                                                   const OpenOptions& options) {
  auto server = clickhouse_server(source, resolver, options);
  if (!server.ok()) return server.error();
  return std::unique_ptr<Warehouse>(new ClickhouseWarehouse(*std::move(server), options));
}

}  // namespace penstock
