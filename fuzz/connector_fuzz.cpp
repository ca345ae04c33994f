// Any bytes as a connector's declaration. What is read without a mistake must bind to every object and kind
// of match, write JSON that can be read, and make sense of a few replies.
#include <simdjson.h>

#include <cstdint>
#include <string_view>

#include "connector/connector.h"
#include "connector/encode.h"
#include "connector/page.h"

namespace penstock::connector {
namespace {

// Two rows of payload values, made once.
class Sample {
 public:
  Sample() {
    check(define_payload_functions(connection_).ok(), "payload functions");
    const std::string from =
        "(VALUES ('a@x', 'Ana \"A\"', 1.50, ['a', 'b'], TIMESTAMP '2026-01-02 03:04:05'), "
        "('b@x', NULL, NULL, NULL, NULL)) AS t(email, name, score, tags, seen)";
    std::string list;
    const auto columns = connection_.describe("SELECT * FROM " + from).value();
    for (const auto& column : columns)
      list += (list.empty() ? "" : ", ") + as_payload_sql(column.name, column.type);
    auto rows = connection_.query("SELECT " + list + " FROM " + from).value();
    chunk_.emplace(*rows.next().value());
    for (size_t i = 0; i < columns.size(); ++i)
      (i == 0 ? match_ : fields_).emplace_back(chunk_->column(i), payload_type_of(columns[i].type));
  }
  RowView view(size_t row) const {
    RowView view{.fields = fields_, .match = match_, .row = row};
    view.send.set();
    view.write_match = row == 1;
    view.record_id = "51";
    return view;
  }

 private:
  duck::Database database_ = duck::Database::open({}).value();
  duck::Connection connection_ = database_.connect().value();
  std::optional<duck::Chunk> chunk_;
  std::vector<Values> match_, fields_;
};

void try_operation(const Target& target, const BoundOperation* operation) {
  static const Sample sample;
  if (operation == nullptr) return;
  std::vector<RowView> rows{sample.view(0)};
  if (operation->operation->rows > 1) rows.push_back(sample.view(1));
  const size_t count = rows.size();
  check(!target.url(*operation, rows, {}).empty(), "a request has an address");
  for (const auto& name : operation->operation->limit) (void)target.limit(*name);
  const std::string body = encode(*operation, rows, {.page = "0"});
  simdjson::dom::parser parser;
  // A declaration may say what JSON clears a field, and may say nonsense.
  const bool plain = target.values().null == "null" || target.values().null == "\"\"";
  const bool is_json = operation->operation->content == Operation::Content::json && operation->body;
  check(!plain || !is_json || !parser.parse(body).error(), "a body is JSON");
  const SentRows sent{.count = count,
                      .match = [](size_t) { return "a@x"; },
                      .record_id = [](size_t) { return "51"; },
                      .once = [](size_t) { return "0"; },
                      .field = [](size_t, const std::string&) { return "x"; }};
  for (const int status : {200, 207, 204, 400, 401, 404, 429, 500})
    for (const char* reply :
         {"", "{}", "[1]", R"({"results":[{"id":"1","ref":"0"}],"errors":[{"code":5}]})"}) {
      const ReplyReading reading = target.read(*operation, status, reply, sent);
      check(reading.verdict != Verdict::rows || reading.rows.size() == count, "each row is read");
      check(reading.verdict != Verdict::split || count > 1, "a single row is not split");
    }
}

void try_declaration(std::string_view text) {
  Catalog catalog;
  declare::Diagnostics diagnostics;
  const auto file = std::make_shared<declare::SourceFile>("connectors/x.yaml", std::string(text));
  const auto declaration = read_declaration(file, diagnostics);
  check(declaration.has_value() == diagnostics.ok(), "what is not read has a reason");
  for (const auto& each : diagnostics.sorted()) check(!as_text(each).empty(), "a diagnostic can be shown");
  if (!declaration) return;
  check(!connector_page(*declaration).empty(), "a connector has a page");
  const auto connector = std::make_shared<Connector>(*declaration);
  for (const auto& object : declaration->objects)
    for (const MatchKind kind : {MatchKind::id, MatchKind::unique, MatchKind::search}) {
      TargetFacts facts;
      facts.object = object.name;
      facts.match_fields = {"email"};
      facts.match_kind = kind;
      facts.fields = {"name", "score", "tags", "seen"};
      auto target = Target::bind(connector, {}, std::move(facts));
      if (!target.ok()) continue;
      for (const auto* operation :
           {target->find(), target->create(), target->update(), target->upsert(), target->remove()})
        try_operation(*target, operation);
    }
}

}  // namespace
}  // namespace penstock::connector

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  penstock::connector::try_declaration({reinterpret_cast<const char*>(data), size});
  return 0;
}
