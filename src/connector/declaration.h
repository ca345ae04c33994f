// A connector's declaration, as its YAML file says it. docs/connectors.md explains every word; the tables in
// declaration.cpp are what parses, checks and documents them. Plain data: nothing here acts.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/time.h"
#include "connector/auth.h"
#include "declare/declare.h"
#include "transform/transform.h"

namespace penstock::connector {

using declare::Node;

// One setting that a destination of this kind has.
struct SettingDeclaration {
  enum class Type { text, url, choice, boolean, integer, body };
  Type type = Type::text;
  bool required = false;
  bool secret = false;
  std::optional<std::string> by_default;
  std::string help;
  std::string example;
  std::vector<Named<std::string>> choices;  // name: help
};

// Rates that hold at the same time.
struct RateRule {
  std::vector<declare::Rate> rates;
  SettingConditions when;
};
// Response headers that tell about one window of a limit; empty: none does.
struct LearnedLimit {
  std::vector<std::string> allowed, remaining, reset;  // names of headers; the first that is there
  std::string window_ms;
  std::string pattern;             // how the text of a header looks that tells several: "{used}/{allowed}"
  std::optional<Duration> window;  // the length of the window that they tell about; absent: the first
};
struct LimitGroup {
  std::vector<RateRule> rates;         // the first whose conditions hold; none: nobody tells the rate
  std::optional<int64_t> concurrency;  // requests at once
  bool adaptive = false;               // how many at once the destination takes is found out
  Placed<std::string> per;  // template: each of its values has a limit of its own; empty: one for all
  std::vector<LearnedLimit> learn;
};
// The groups that a request counts in.
using LimitNames = std::vector<Placed<std::string>>;

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
  std::string nested{};     // what separates the levels of a field's name; empty: names are flat
  std::string null_text{};  // what clears a field in CSV
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
  again,      // nothing was done, through no fault of the row: goes again, and no attempt is spent
  throttled,  // too fast
  quota,      // the day's allowance is used up
  auth,       // the login is refused
  forbidden,  // the login may not do this
};

struct RowRule {
  enum class By { trace, index, position, match, record_id, once, field };
  Placed<std::string> each;  // path of the list in the reply; an object's members are entries {key, value}
  By by = By::position;
  std::string field;       // of By::field: the mapped field whose text names the row
  std::string at;          // path in the entry of what `by` names
  std::string at_pattern;  // the text there, with {index} for the part that counts: "members[{index}]"
  std::vector<Named<std::string>> where;
  Verdict is = Verdict::accepted;
  std::vector<std::string> record_id;  // paths in the entry; the first that is there
  std::string created;
  std::vector<std::string> code;  // the first path that is there
  std::string code_ends;          // the code is what stands before this text; empty: all of it
  std::vector<std::string> message;
  std::string reason;                 // the code where the reply has none
  std::vector<Named<Verdict>> codes;  // codes with a meaning of their own
  Duration wait = 30s;                // of rows that are throttled
};

struct ReplyRule {
  std::vector<std::string> status;         // 200, 4xx
  std::vector<Named<std::string>> where;   // path in the reply: value
  std::vector<Named<std::string>> header;  // the same of the reply's headers
  Verdict is = Verdict::accepted;
  std::vector<RowRule> rows;
  Verdict unnamed = Verdict::retry;        // for rows that the reply does not name
  std::vector<std::string> code, message;  // paths; the first that is there
  std::string reason;                      // the code where the reply has none
  std::vector<Named<Verdict>> codes;
  std::optional<Duration> wait;  // of throttled, where no header tells
  std::string wait_at;           // path of that time in the reply
  Duration wait_unit = 1s;       // what a bare number there counts
  Place place;
};

// One request of a job, besides the one that carries the rows.
struct JobRequest {
  Placed<std::string> request;  // METHOD path
  LimitNames limit;             // limit groups; none: the operation's
  std::optional<Node> body;
  std::vector<ReplyRule> replies;  // empty: any 2xx is good
  Place place;
};

// How a job is asked where it stands. A state that is not listed means that it still works.
struct JobPoll : JobRequest {
  std::string state;                       // path in the reply
  std::vector<std::string> done, failed;   // states in which it has ended
  std::vector<std::string> open;           // states in which it waits to be started
  Duration pause = 1s, pause_max = 1min;   // between polls: the first, then growing
  Duration give_up = 24h;                  // a job that has not ended by then counts as lost
  std::string processed, total;            // paths of row counts, for people
  std::vector<std::string> code, message;  // of a failed job; paths, the first that is there
};

// One list that says what became of a job's rows.
struct JobResult : JobRequest {
  enum class Content { json, csv };
  std::string url;  // path of its address in the last poll's reply
  Content content = Content::json;
  std::string next;                        // path in its reply of the next page's mark, or address
  std::vector<Named<std::string>> unless;  // not asked for when the last poll's reply says so
  std::vector<RowRule> rows;
};

// Makes an operation a job: its request carries the rows, what became of them is told later.
struct JobRule {
  std::string id;  // path in the reply to `create`, or else to the operation's own request
  int64_t at_once = 1;
  std::optional<JobRequest> create, start;
  std::optional<JobPoll> poll;
  std::vector<JobResult> results;
  Verdict unnamed = Verdict::retry;         // for rows that no result names when the job is done
  Verdict unnamed_failed = Verdict::retry;  // when it failed
  std::optional<JobRequest> abort, end;     // of a job that is not started; of one whose results are recorded
  Place place;
};

// Makes an operation a session: its requests carry all rows of a model in parts, between a request that
// begins and one that puts the whole in the place of what was there. Parts are sent one after another.
struct SessionRule {
  std::optional<JobRequest> begin, commit, abort;  // the first two are always there
  std::string id;                                  // path in the reply to `begin`
  Place place;
};

// How a look-up's reply lists the records it found.
struct FindRule {
  std::string each;                     // path of the list; paths may hold {match_field} and other constants
  bool members = false;                 // the list is an object, whose members are entries {key, value}
  std::vector<std::string> record_id;   // paths in an entry; the first that is there
  std::optional<int64_t> counted_from;  // the id is the entry's place in the list; the first one's
  std::optional<int64_t> id_length;     // so many characters of an id count; absent: all
  bool lasting = true;                  // false: an id may be another record's the next time
  std::string value;                    // of the match field
  std::vector<std::string> fields;  // objects of the record's fields, the first that has one; ".": the entry
  std::vector<Named<std::string>> where;  // entries with other values are no records
  bool ignore_case = false;
  bool none_if_absent = false;  // a reply without the list means that nothing was found
  std::string next;             // path in the reply of the next page's mark, or address
  std::string first = "";       // {page} of the first page
};

struct Operation {
  Placed<std::string> request;  // METHOD path
  LimitNames limit;             // limit groups: a request counts in each
  int64_t rows = 1;             // a request
  uint64_t bytes = 0;           // a request; 0: no limit
  bool repeatable = true;       // doing it twice is the same as doing it once
  bool whole = false;           // what it writes takes the place of the whole record
  std::vector<Named<std::string>> headers;
  enum class Content { json, form, ndjson, csv, multipart, text };
  Content content = Content::json;
  std::string part = "file";  // of multipart: the name of the part that holds the rows as CSV
  std::optional<Node> body;
  std::vector<ReplyRule> replies;
  std::optional<FindRule> find;        // makes it a look-up
  std::optional<JobRule> job;          // makes it a job
  std::optional<SessionRule> session;  // makes it a session
  Place place;
};

// Operations to be used instead when a plan sends many rows.
struct BulkRoute {
  int64_t from = 0;  // rows to be sent
  std::string create, update, upsert, remove;
  Place place;
};

// Another record that a row names by a value of its own, and that must be known before the row is written.
struct ReferenceDeclaration {
  std::string find;    // the look-up that tells its id
  std::string option;  // only where the sync gives this option; else the value is the id
};
inline constexpr size_t kReferencesMax = 2;

// Which operations carry out the modes when records are matched in one way.
struct Route {
  std::string find, read, create, update, upsert, remove, replace;
  std::vector<Named<ReferenceDeclaration>> references;  // by the field, or match field, that holds the value
  std::optional<BulkRoute> bulk;
  Place place;
};

// How a field of the destination can be matched on.
enum class MatchKind {
  id,      // it is the record's own id
  unique,  // its values are unique there: native upsert
  search,  // records are found by bulk search
};

struct Routes {
  std::optional<Route> id, unique, search;
};

// What is known of a field of an object.
struct FieldDeclaration {
  std::string title, type, help;
  bool required = false;          // a record cannot be created without it
  bool personal = false;          // its values are masked wherever they are kept or shown
  transform::Transforms convert;  // what values pass after the sync's own transforms
  std::string escape;             // of what templates insert: a choice of the transform `escape`
  Place place;
};

struct Object {
  std::string title;
  std::vector<Named<MatchKind>> match;
  std::optional<MatchKind> other_match;  // for fields not listed; absent: ask the destination
  bool several = false;                  // records are matched on all given fields together
  bool members = false;                  // a record is nothing but its match values
  bool discover = true;                  // the destination can list its fields
  std::vector<Named<std::string>> words;
  std::optional<Routes> routes;                 // kinds of match that go another way than the connector's
  std::vector<Named<FieldDeclaration>> fields;  // by name, or a pattern with *; match fields as well
  Place place;
};

// A list that the destination gives of its fields.
struct DiscoverFields {
  Placed<std::string> request;
  Placed<std::string> limit;
  std::string each, name, title, type, unique, read_only, options;
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
  std::vector<Named<SettingDeclaration>> options;  // of a sync
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
