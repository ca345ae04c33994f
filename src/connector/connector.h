// Connectors: declarations compiled into something that makes requests and reads replies. No I/O, no clock.
// The face of this folder.
//
//   Catalog (all declarations) -> Connector -> Target (bound to a destination's settings and a sync)
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connector/body.h"
#include "connector/csv_body.h"
#include "connector/declaration.h"
#include "connector/login.h"
#include "connector/reply.h"
#include "declare/declare.h"

namespace penstock::connector {

// A checked declaration. Immutable, thread-safe, shared by all syncs of its kind.
class Connector {
 public:
  explicit Connector(Declaration declaration);
  const Declaration& declaration() const { return declaration_; }
  const std::string& name() const { return declaration_.name; }
  // The settings that a destination of this kind has.
  const declare::Of<declare::Settings>& settings_shape() const { return settings_shape_; }
  // The options that a sync to such a destination has.
  const declare::Of<declare::Settings>& options_shape() const { return options_shape_; }
  // By name, else by the first pattern that fits; null: there is no such object.
  const Object* object(std::string_view name) const;
  std::vector<std::string> object_names() const;  // without patterns
  // How a field can be matched on; nullopt: only the destination knows.
  static std::optional<MatchKind> match_kind(const Object& object, std::string_view field);
  // What is known of a field: by name, else by the first pattern that fits; null: nothing.
  static const FieldDeclaration* field(const Object& object, std::string_view name);
  // Changes when the declaration changes in a way that may change what the destination says.
  uint64_t digest() const { return digest_; }

 private:
  friend class Catalog;
  Declaration declaration_;
  declare::Of<declare::Settings> settings_shape_;
  declare::Of<declare::Settings> options_shape_;
  uint64_t digest_ = 0;
};
using ConnectorRef = std::shared_ptr<const Connector>;

// All connectors that a project can use: the shipped ones and its own. Parsed when first asked for, so that a
// command pays for those that it uses. Not thread-safe; what it gives out is.
class Catalog {
 public:
  Catalog();
  // Adds a project's own file; it wins over a shipped one of the same name.
  void add(const declare::SourceFileRef& file, declare::Diagnostics& diagnostics);
  // Null: unknown, or its declaration has errors.
  ConnectorRef find(std::string_view name) const;
  std::vector<std::string> names() const;

 private:
  mutable std::map<std::string, ConnectorRef, std::less<>> parsed_;
};

// A shipped connector's file; empty: there is none of that name.
std::string_view shipped_text(std::string_view name);

// Values of a destination's settings, references resolved; secrets are never put into messages.
struct TargetSettings {
  std::map<std::string, std::string> values;
  std::vector<std::string> secrets;  // texts that must not be seen anywhere
};

// What a sync brings.
struct TargetFacts {
  std::string sync{};  // its name
  std::string object{};
  std::vector<std::string> match_fields{};  // empty: none (insert and append may do without)
  MatchKind match_kind = MatchKind::id;     // meaningless without a match field
  std::vector<std::string> fields{};
  std::vector<ValueType> match_types{}, field_types{};  // of the same, where they are known
  FieldMask personal{};
  bool match_is_personal = false;
  FieldMask read{};                               // fields whose present values are to be known
  std::map<std::string, std::string> options{};   // texts of the sync's options
  std::map<std::string, declare::Node> bodies{};  // its options that are templates

  // The field that is matched on, the first of several; empty: none.
  const std::string& match_field() const;
  // {"email":"VARCHAR","score":"DECIMAL(8,2)"}
  std::string field_types_json() const;
};

// Which mapped fields an operation's templates have a place for.
struct TakenFields {
  bool all = false;  // {fields}
  std::vector<std::string> names, prefixes;
  bool takes(std::string_view field) const;
  bool takes_by_name(std::string_view field) const;
};

// Whether a request of it names records by their id.
bool names_record(const Operation& operation);

// Where a value of a row stands.
struct ValuePlace {
  bool is_match = false;  // among the match values, else among the fields
  size_t index = 0;
};

// One operation of a route, ready to make requests.
struct BoundOperation {
  std::string name;
  const Operation* operation = nullptr;  // lives as long as the target's connector
  std::string method;
  TextTemplate path;  // with {match} and {record_id} of a row where there are any
  std::vector<std::pair<std::string, TextTemplate>> headers;
  std::optional<Body> body;
  std::optional<CsvBody> csv;
  bool needs_record = false;  // it names records by their id, which must be known
  TakenFields takes;
  std::optional<FindRule> find;            // with the constants in its paths filled in
  std::vector<std::string> read_fields{};  // its {read_fields}
  std::optional<ValuePlace> looks_for;     // of a look-up: another value of the row than its match value
};

// Another record that a row names.
struct BoundReference {
  std::string name;  // of the field that holds the value
  ValuePlace value;
  std::optional<BoundOperation> find;  // nullopt: the value is the record's id
};

// A request of a job that carries no rows, ready to be sent.
struct JobCall {
  std::string method, url, body;
  bool with_login = true;  // false: it goes to an address that the destination named
};

// A limit group with a destination's settings.
struct LimitRule {
  std::vector<declare::Rate> rates;  // that hold together; none: nobody tells
  std::optional<uint64_t> concurrency;
  bool adaptive = false;
  std::optional<TextTemplate> per{};  // each of its values has a limit of its own
  bool by_row = false;                // it differs from row to row
  std::vector<LearnedLimit> learn;
};

// A connector bound to a destination and a sync. Thread-safe once use_bulk() was said.
class Target {
 public:
  // Errors are of kind config: an object or a kind of match that the connector does not have.
  static Result<Target> bind(ConnectorRef connector, TargetSettings settings, TargetFacts facts);

  const Connector& connector() const { return *connector_; }
  const TargetFacts& facts() const { return facts_; }
  const Object& object() const { return *object_; }
  const ValueRules& values() const { return connector_->declaration().values; }
  // Null: the route has none.
  const BoundOperation* find() const { return get(usual_.find); }
  const BoundOperation* read() const { return get(usual_.read); }
  const BoundOperation* create() const { return get(in_use().create); }
  const BoundOperation* update() const { return get(in_use().update); }
  const BoundOperation* upsert() const { return get(in_use().upsert); }
  const BoundOperation* remove() const { return get(in_use().remove); }
  const BoundOperation* replace() const { return get(usual_.replace); }
  bool is_personal(ValuePlace place) const;
  // Which fields look-ups tell, and how they are named in replies. Borrows from the target.
  ReadFields read_fields() const {
    return {.names = facts_.fields, .wanted = facts_.read, .nested = values().nested};
  }
  // What must be known before a row is written or removed; at most kReferencesMax.
  const std::vector<BoundReference>& references() const { return references_; }
  // Any operation of the route, in use or not; null: the route has none of that name.
  const BoundOperation* operation(std::string_view name) const;

  // The number of rows from which on the route's bulk operations are meant to be used; nullopt: it has none.
  std::optional<uint64_t> bulk_from() const { return bulk_from_; }
  // To be said before rows are delivered.
  void use_bulk(bool bulk) { uses_bulk_ = bulk && bulk_from_.has_value(); }
  bool uses_bulk() const { return uses_bulk_; }

  // Whether any operation that writes, in use or not, replaces whole records.
  bool writes_whole() const;
  // Whether the mark of a look-up's next page is an address; an error if it is not the destination's.
  Result<bool> is_next_address(std::string_view page) const;

  // The limit that a group has with these settings.
  const LimitRule& limit(std::string_view group) const;
  // Whether some group has a limit for each of its keys.
  bool limits_by_key() const;
  // What the group's `per` says of a request with these rows; empty: one limit for all.
  std::string limit_key(const LimitRule& limit, std::span<const RowView> rows,
                        const RequestFacts& request) const;
  // Where requests go, and who is let in there: the same for all syncs to one account. Not to be shown.
  std::string account() const;
  // URL of an operation's request with these rows.
  std::string url(const BoundOperation& operation, std::span<const RowView> rows,
                  const RequestFacts& request) const;
  // Headers of every request; what lets it in comes on the way (login/access.h).
  const std::vector<std::pair<std::string, std::string>>& headers() const { return headers_; }
  // A request of the job of this id. `page`: mark of a further page, or its address; empty: the first.
  // Errors: an address that is not the destination's.
  Result<JobCall> job_call(const JobRequest& request, std::string_view job, std::string_view page,
                           std::string_view run = {}) const;
  // Those that this operation adds, its Content-Type among them when it has a body.
  std::vector<std::pair<std::string, std::string>> headers(const BoundOperation& operation,
                                                           std::span<const RowView> rows,
                                                           const RequestFacts& request) const;
  // The {once} of a row, for replies that name rows by it.
  std::string once(const RowView& row) const;
  // The text with every secret replaced.
  std::string without_secrets(std::string text) const;
  // Requests of the fields of the object; nullopt: the connector cannot tell.
  std::optional<std::string> discover_fields_url() const;

  ReplyReading read(const BoundOperation& operation, int status, std::string_view body, const SentRows& sent,
                    const HeaderOf& header = {}) const {
    return read_reply(*operation.operation, connector_->declaration(), status, body, sent, header);
  }

 private:
  Target() = default;
  Result<void> bind_route();
  Result<void> bind_bulk(const BulkRoute& route);
  Result<void> bind_references(const Route& route);
  const std::optional<Route>& route() const;
  Result<void> bind_body(const Operation& operation, std::vector<std::string> apart,
                         BoundOperation& bound) const;
  void bind_limits();
  BodyFacts body_facts() const;
  std::optional<ValuePlace> place_of(const std::string& field) const;
  std::string request_text(const Placeholder& placeholder, std::span<const RowView> rows,
                           const RequestFacts& request, const BoundOperation* operation = nullptr) const;
  FindRule bind_find(FindRule rule) const;
  std::vector<std::string> fields_read_by(const std::optional<FindRule>& find) const;
  Result<std::optional<BoundOperation>> bind_operation(const std::string& name,
                                                       std::optional<ValuePlace> looks_for = {}) const;
  std::string constant(const Placeholder& placeholder) const;
  std::string filled(const std::string& text) const;
  static const BoundOperation* get(const std::optional<BoundOperation>& operation) {
    return operation ? &*operation : nullptr;
  }

  ConnectorRef connector_;
  TargetSettings settings_;
  TargetFacts facts_;
  struct Operations {
    std::optional<BoundOperation> find, read, create, update, upsert, remove, replace;
  };
  const Operations& in_use() const { return uses_bulk_ ? bulk_ : usual_; }
  Operations usual_, bulk_;  // bulk: a slot that it does not say holds the usual operation
  std::optional<uint64_t> bulk_from_;
  bool uses_bulk_ = false;
  std::vector<BoundReference> references_;
  const Object* object_ = nullptr;
  std::string object_rest_;
  BodyFacts text_facts_;  // for texts outside of bodies
  std::string base_;
  std::vector<std::pair<std::string, std::string>> headers_;
  std::map<std::string, LimitRule, std::less<>> limits_;
};

// A field of an object, as the destination describes it.
struct DiscoveredField {
  std::string name, title, type;
  bool unique = false, read_only = false;
  std::vector<std::string> options;
};
Result<std::vector<DiscoveredField>> read_discovered_fields(const DiscoverFields& rule,
                                                            std::string_view body);

}  // namespace penstock::connector
