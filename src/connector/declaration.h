// A connector's declaration, as its YAML file says it. docs/connectors.md explains every word; the tables in
// declaration.cpp are what parses, checks and documents them. Plain data: nothing here acts.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "connector/auth.h"
#include "declare/declare.h"

namespace penstock::connector {

using declare::Node;

// One setting that a destination of this kind has.
struct SettingDeclaration {
  enum class Type { text, url, choice, boolean, integer };
  Type type = Type::text;
  bool required = false;
  bool secret = false;
  std::optional<std::string> by_default;
  std::string help;
  std::string example;
  std::vector<Named<std::string>> choices;  // name: help
};

struct RateRule {
  declare::Rate rate;
  SettingConditions when;
};
// Response headers that tell about a limit; empty: none does.
struct LearnedLimit {
  std::string allowed, remaining, window_ms;
};
struct LimitGroup {
  std::vector<RateRule> rates;  // the first whose conditions hold
  std::optional<LearnedLimit> learn;
};

// How values are written into `{fields}` and `{match}`.
struct ValueRules {
  enum class Style { json, text };
  enum class Times { iso, epoch_ms, epoch_s };
  enum class Lists { json, join };
  Style style = Style::json;  // text: every value is a JSON string
  std::string null = "null";  // JSON written for a NULL that clears
  Times timestamps = Times::iso;
  Times dates = Times::iso;
  bool utc = true;  // a timestamp without zone is UTC and says so
  Lists lists = Lists::json;
  std::string separator = ";";
};

// What a reply, or one entry of it, means for the rows that it names.
enum class Verdict {
  accepted,
  rejected,
  rows,       // the rules under `rows` tell for each row
  split,      // one of several rows is at fault and the reply does not say which
  exists,     // a record with this match is there already
  missing,    // the record is not there (any more)
  retry,      // may succeed when repeated as it is
  throttled,  // too fast
  quota,      // the day's allowance is used up
  auth,       // the login is refused
  forbidden,  // the login may not do this
};

struct RowRule {
  enum class By { trace, index, position, match, record_id };
  Placed<std::string> each;  // path of the list in the reply
  By by = By::position;
  std::string at;  // path in the entry of what `by` names
  std::vector<Named<std::string>> where;
  Verdict is = Verdict::accepted;
  std::string record_id;  // paths in the entry
  std::string created;
  std::vector<std::string> code;  // the first path that is there
  std::vector<std::string> message;
  std::vector<Named<Verdict>> codes;  // codes with a meaning of their own
};

struct ReplyRule {
  std::vector<std::string> status;        // 200, 4xx
  std::vector<Named<std::string>> where;  // path in the reply: value
  Verdict is = Verdict::accepted;
  std::vector<RowRule> rows;
  Verdict unnamed = Verdict::retry;        // for rows that the reply does not name
  std::vector<std::string> code, message;  // paths; the first that is there
  std::vector<Named<Verdict>> codes;
  Place place;
};

// How a look-up's reply lists the records it found.
struct FindRule {
  std::string each;       // path of the list
  std::string record_id;  // paths in an entry
  std::string value;      // of the match field; may hold {match_field}
  std::string fields;     // object of the record's fields
  bool ignore_case = false;
  std::string next;        // path in the reply of the next page's mark
  std::string first = "";  // {page} of the first page
};

struct Operation {
  Placed<std::string> request;  // METHOD path
  Placed<std::string> limit;    // name of a limit group
  int64_t rows = 1;             // a request
  uint64_t bytes = 0;           // a request; 0: no limit
  bool repeatable = true;       // doing it twice is the same as doing it once
  std::optional<Node> body;
  std::vector<ReplyRule> replies;
  std::optional<FindRule> find;  // makes it a look-up
  Place place;
};

// Which operations carry out the modes when records are matched in one way.
struct Route {
  std::string find, create, update, upsert, remove;
  Place place;
};

// How a field of the destination can be matched on.
enum class MatchKind {
  id,      // it is the record's own id
  unique,  // its values are unique there: native upsert
  search,  // records are found by bulk search
};

struct Object {
  std::string title;
  std::vector<Named<MatchKind>> match;
  std::optional<MatchKind> other_match;  // for fields not listed; absent: ask the destination
  Place place;
};

// A list that the destination gives of its fields.
struct DiscoverFields {
  Placed<std::string> request;
  Placed<std::string> limit;
  std::string each, name, title, type, unique, read_only, options;
};

struct Routes {
  std::optional<Route> id, unique, search;
};

struct Discover {
  std::optional<DiscoverFields> fields;
};

struct Declaration {
  std::string name;
  std::string title;
  std::string summary;
  std::string facts;  // when the vendor's facts were checked: 2026-11
  std::string setup;  // Markdown: what to do at the vendor
  std::vector<std::string> quirks;
  std::vector<Named<SettingDeclaration>> settings;
  Auth auth;
  Placed<std::string> base;
  std::vector<Named<std::string>> headers;
  ValueRules values;
  std::vector<Named<LimitGroup>> limits;
  std::vector<Named<Operation>> operations;
  Routes routes;
  std::vector<Named<Object>> objects;  // name, or a pattern with *
  std::vector<ReplyRule> replies;      // for every operation, after its own
  Discover discover;
  Place place;
};

// The shape of a declaration file: reads, checks names that refer to each other, and documents.
const declare::Of<Declaration>& declaration_shape();

// Reads and checks a declaration. nullopt when there were errors.
std::optional<Declaration> read_declaration(const declare::SourceFileRef& file,
                                            declare::Diagnostics& diagnostics);

}  // namespace penstock::connector
