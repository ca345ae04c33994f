// The behaviour that concerns what records hold before they are written.
#pragma once

#include <string>
#include <vector>

#include "rehearse/writing.h"

namespace penstock::rehearse {

class Reading : public Writing {
 public:
  using Writing::Writing;

 protected:
  // By the records' ids, and by match value where that tells fields as well.
  Verdicted reads_what_is_there() {
    const connector::BoundOperation* read = stage_.target().read();
    const connector::BoundOperation* find = stage_.target().find();
    if (find != nullptr && find->operation->find->fields.empty()) find = nullptr;
    if (stage_.way().match.empty()) return does_not_apply("rows without a match are looked up nowhere");
    if (read == nullptr && find == nullptr) return does_not_apply("what records hold is not told");
    for (const auto* operation : {read, find}) {
      if (operation == nullptr) continue;
      auto told = reads_by(*operation);
      if (told.holds != Holds::yes) return fails(fmt::format("'{}': {}", operation->name, told.why));
    }
    return {};
  }

 private:
  // What the record of a row holds: texts of all kinds, nothing, what has parts.
  std::string held(const Rows& rows, size_t row, size_t field) const {
    const auto& facts = stage_.target().facts();
    const auto& match = facts.match_fields;
    if (std::find(match.begin(), match.end(), facts.fields[field]) != match.end()) return "";
    std::string text;
    append_json_string(text, stage_.value(rows, row, field));
    switch ((row + field) % 3) {
      case 0:
        return text;
      case 1:
        return "null";
      default:
        return fmt::format(R"({{"parts":[12.50,true,{}]}})", text);
    }
  }

  // A full request, to which every record is told but the second, or the only one in turn.
  Verdicted reads_by(const connector::BoundOperation& operation) {
    const auto most = static_cast<size_t>(std::min(operation.operation->rows, kRowsMax));
    Rows rows = usual_rows(most);
    rows.more = kUnicode;
    rows.known = true;
    const Look look = stage_.look(connection_, operation, rows);
    const bool is_of_all = operation.find->counted_from.has_value();
    if (!texts_in(*operation.operation, look.request)) return fails("its request cannot be read");
    if (!is_of_all && rows_named_in(look.request, most).size() != most)
      return fails(fmt::format("a request for {} records does not name them all", most));
    std::vector<size_t> found;
    for (size_t row = 0; row < most; ++row)
      if (row != 1) found.push_back(row);
    if (auto told = tells(operation, look, rows, found); told.holds != Holds::yes) return told;
    return most > 1 ? Verdicted{} : tells(operation, look, rows, {});
  }

  Verdicted tells(const connector::BoundOperation& operation, const Look& look, const Rows& rows,
                  const std::vector<size_t>& found) const {
    const connector::SentRows sent{.count = look.rows.size(),
                                   .match = [&](size_t row) { return look.rows[row].match; },
                                   .record_id = [&](size_t row) { return look.rows[row].record_id; },
                                   .once = [&](size_t row) { return look.rows[row].once; },
                                   .field = [](size_t, const std::string&) { return std::string(); }};
    const auto made = finding_reply(stage_.target(), operation, sent, found, 1,
                                    [&](size_t row, size_t field) { return held(rows, row, field); });
    if (!made)
      return fails(found.empty() ? "no reply can say that a record is not there"
                                 : "no reply can name the records that are there");
    const auto verdict = stage_.target().read(operation, made->status, made->body, sent).verdict;
    if (verdict == connector::Verdict::missing && found.empty()) return {};
    const auto reading = connector::read_found(*operation.find, stage_.target().facts().match_field(),
                                               made->body, stage_.target().read_fields());
    if (!reading.ok()) return fails(reading.error().message);
    return expect_told(operation, reading->records, look, rows, found);
  }

  Verdicted expect_told(const connector::BoundOperation& operation,
                        const std::vector<connector::FoundRecord>& records, const Look& look,
                        const Rows& rows, const std::vector<size_t>& found) const {
    if (operation.needs_record && records.size() != found.size())
      return fails(fmt::format("{} of {} records are told, and {} are there", records.size(),
                               look.rows.size(), found.size()));
    const auto& names = stage_.target().facts().fields;
    for (const size_t row : found) {
      const auto record = std::find_if(records.begin(), records.end(), [&](const auto& each) {
        return operation.needs_record ? each.record_id == look.rows[row].record_id
                                      : each.value == look.rows[row].match;
      });
      if (record == records.end()) return fails("a record that is there is not told by its id");
      for (size_t field = 0; field < names.size(); ++field) {
        const auto& ids = operation.find->record_id;
        const bool is_name = names[field] == operation.find->value ||
                             std::find(ids.begin(), ids.end(), names[field]) != ids.end();
        if (is_name) continue;  // it says who it is
        const std::string wanted = held(rows, row, field);
        if (!wanted.empty() && !same_json(record->fields.at(field).json, wanted))
          return fails(fmt::format("of '{}' a record holds {}, and {} is told", names[field], wanted,
                                   record->fields[field].json));
      }
    }
    return {};
  }
};

}  // namespace penstock::rehearse
