// What a reply means for the rows that were sent, by the rules of the declaration.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "connector/declaration.h"
#include "connector/members.h"

namespace penstock::connector {

// One row's part of a reply.
struct RowReading {
  Verdict verdict = Verdict::accepted;  // accepted, rejected, exists, missing, retry, again or throttled
  std::string record_id;                // empty when the reply does not tell
  std::optional<bool> created;
  std::string code, message;  // as the destination gave them
  Duration wait{};            // of throttled
};

struct ReplyReading {
  // rows: `rows` has one reading for each row sent. Anything else holds for the whole request.
  Verdict verdict = Verdict::rows;
  std::string code, message;
  std::vector<RowReading> rows;
  std::optional<Duration> wait{};  // of throttled, where the rule or the reply tells
};

// What the rows looked like when they were sent, for replies that name them by value.
struct SentRows {
  size_t count = 0;
  std::function<std::string(size_t index)> match;                              // text of the match value
  std::function<std::string(size_t index)> record_id;                          // empty when not known
  std::function<std::string(size_t index)> once{};                             // the {once} that was sent
  std::function<std::string(size_t index, const std::string& field)> field{};  // text of a mapped field
};

// The text of a reply's header of this name; null: there is none.
using HeaderOf = std::function<const std::string*(std::string_view name)>;

// The operation's own rules first, then the connector's. A reply that no rule fits, or whose body is not
// what a rule needs, is `retry` for a 2xx or 5xx and `rejected` otherwise, with a message that says so.
ReplyReading read_reply(const Operation& operation, const Declaration& connector, int status,
                        std::string_view body, const SentRows& sent, const HeaderOf& header = {});

// A reply to a request of a job that carries no rows: by its own rules, then the connector's; else a 2xx is
// good.
ReplyReading read_job_reply(const JobRequest& request, const Declaration& connector, int status,
                            std::string_view body);

// What a list of a job's results says of its rows. Rows that have a reading keep it. The text is JSON, or CSV
// as the rule says; `match_field` replaces {match_field}. An error, of kind transient, for a text that is
// neither: the list was not read.
Result<void> read_job_result(const JobResult& rule, std::string_view match_field, std::string_view text,
                             const SentRows& sent, std::vector<std::optional<RowReading>>& rows);

// Which fields of the records that a look-up finds are to be told. Borrows.
struct ReadFields {
  std::span<const std::string> names{};
  FieldMask wanted{};         // of `names`
  std::string_view nested{};  // what separates the levels of a name; empty: names are flat
};

// What a field holds. A field that the reply does not have holds nothing: null.
struct FoundValue {
  std::string text;           // "" for null; lists and objects as their JSON
  std::string json = "null";  // as the destination wrote it
};

// A record that a look-up found.
struct FoundRecord {
  std::string value;  // of the match field; lower case when the rule ignores case
  std::string record_id;
  std::vector<FoundValue> fields;  // one for each name of ReadFields; null for those that are not wanted
};
struct FindReading {
  std::vector<FoundRecord> records;
  std::string next_page;  // empty: this was the last one
};
// Of a reply that read_reply() called accepted. `match_field` replaces {match_field} in the rule's paths.
Result<FindReading> read_found(const FindRule& rule, std::string_view match_field, std::string_view body,
                               const ReadFields& read = {});

}  // namespace penstock::connector
