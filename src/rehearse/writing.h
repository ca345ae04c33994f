// The behaviours that concern what is written when all is well, and what all behaviours stand on.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "rehearse/behaviours.h"
#include "rehearse/stage.h"

namespace penstock::rehearse {

// Requests with more are not made here: they would take longer than all the rest.
inline constexpr int64_t kRowsMax = 5000;
inline constexpr uint64_t kBytesMax = 8u << 20;

inline constexpr std::string_view kWebPage =
    "<html><body><h1>an error page of something in between</h1></body></html>";
// What values hold elsewhere: accents, other alphabets, what JSON, CSV and forms give a meaning to.
inline constexpr std::string_view kUnicode =
    " \u00fcn\u00ef \u6f22\u5b57 \U0001F701 \"q\" \\ ' , ; & = % + <b> {x}\n\tend";

// What a behaviour came to.
struct Verdicted {
  Holds holds = Holds::yes;
  std::string why{};
};
inline Verdicted fails(std::string why) {
  return {Holds::no, std::move(why)};
}
inline Verdicted does_not_apply(std::string why) {
  return {Holds::not_applicable, std::move(why)};
}

inline std::string word_of(Outcome outcome) {
  return std::string(name_of(outcome));
}

class Writing {
 public:
  Writing(duck::Connection& connection, Stage& stage) : connection_(connection), stage_(stage) {}

 protected:
  Played play(const Rows& rows, const std::function<void(Destination&)>& direct = {}) {
    return stage_.play(connection_, rows, direct);
  }
  const connector::Operation& writes() const { return *stage_.writes().operation; }
  bool is_repeatable() const { return writes().repeatable; }
  // Rows as most behaviours need them: of mirror those that left the model.
  Rows usual_rows(size_t count = 3) const {
    Rows rows;
    rows.count = count;
    return rows;
  }

  // The first of `rows` whose outcome is another one.
  Verdicted expect_all(const Played& played, size_t rows, Outcome wanted) const {
    for (size_t row = 0; row < rows; ++row) {
      const auto found = played.outcomes.find(row);
      if (found == played.outcomes.end())
        return fails(fmt::format("row {} of {} has no outcome{}", row + 1, rows, reason(played)));
      if (found->second.outcome != wanted)
        return fails(fmt::format("row {} of {} is {}, not {}: {} {}", row + 1, rows,
                                 word_of(found->second.outcome), word_of(wanted), found->second.code,
                                 found->second.message));
    }
    return {};
  }
  std::string reason(const Played& played) const {
    if (!stage_.trouble().empty()) return ": " + stage_.trouble();
    return played.ended.ok() ? "" : ": " + played.ended.error().message;
  }

  bool is_first_write(const Heard& heard, size_t& seen) const {
    return heard.part == connector::JobPart::upload && stage_.is_write(heard.operation) && ++seen == 1;
  }

  // ---- The behaviours

  Verdicted writes_rows() {
    const Played played = play(usual_rows());
    if (auto all = expect_all(played, 3, Outcome::accepted); all.holds != Holds::yes) return all;
    if (!names_records()) return {};
    for (const auto& [row, outcome] : played.outcomes)
      if (outcome.record_id.empty()) return fails("the id of a record that its reply names is lost");
    return {};
  }

  // Whether a good reply to the write names the records.
  bool names_records() const {
    for (const auto& reply : writes().replies)
      for (const auto& rule : reply.rows)
        if (rule.is == connector::Verdict::accepted) return !rule.record_id.empty();
    return false;
  }

  Verdicted writes_known_rows() {
    const config::Mode mode = stage_.way().mode;
    if (mode == config::Mode::insert || mode == config::Mode::append || mode == config::Mode::remove)
      return does_not_apply("the mode sends each row once");
    Rows rows = usual_rows();
    rows.known = true;
    return expect_all(play(rows), 3, Outcome::accepted);
  }

  Verdicted removes_rows() {
    if (stage_.way().mode != config::Mode::mirror) return does_not_apply("only mirror removes");
    if (stage_.target().remove() == nullptr) return does_not_apply("records cannot be removed there");
    Rows rows = usual_rows();
    rows.removed = true;
    return expect_all(play(rows), 3, Outcome::accepted);
  }

  Verdicted finds_records() {
    if (stage_.target().find() == nullptr) return does_not_apply("nothing is looked up");
    const Played played =
        play(usual_rows(), [](Destination& to) { to.is_found = [](size_t) { return true; }; });
    const bool skips = stage_.way().mode == config::Mode::insert && looked_up();
    return expect_all(played, 3, skips ? Outcome::skipped : Outcome::accepted);
  }

  Verdicted finds_none() {
    if (stage_.target().find() == nullptr || !stage_.needs_records())
      return does_not_apply("no record has to be there");
    const Played played = play(usual_rows(), [](Destination& to) { to.is_found = {}; });
    if (!looked_up()) return does_not_apply("nothing is looked up");
    const config::Mode mode = stage_.way().mode;
    const Outcome wanted = mode == config::Mode::remove   ? Outcome::accepted
                           : mode == config::Mode::update ? Outcome::skipped
                                                          : Outcome::rejected;
    return expect_all(played, 3, wanted);
  }

  Verdicted finds_several() {
    if (stage_.target().find() == nullptr) return does_not_apply("nothing is looked up");
    const connector::BoundOperation& find = *stage_.target().find();
    if (names_one(*find.operation)) return does_not_apply("a look-up names one record");
    if (find.operation->find->record_id == std::vector{find.operation->find->value})
      return does_not_apply("a record is known by what it is matched on");
    const Played played = play(usual_rows(), [](Destination& to) {
      to.is_found = [](size_t) { return true; };
      to.found_times = 2;
    });
    if (!looked_up()) return does_not_apply("nothing is looked up");
    if (stage_.way().mode == config::Mode::insert) return {};
    return expect_all(played, 3, Outcome::rejected);
  }

  bool looked_up() const {
    return std::any_of(stage_.heard().begin(), stage_.heard().end(),
                       [](const auto& each) { return each.operation->operation->find.has_value(); });
  }

  Verdicted writes_nulls() {
    Rows rows = usual_rows();
    rows.nulls = true;
    if (auto written = expect_all(play(rows), 3, Outcome::accepted); written.holds != Holds::yes)
      return written;
    for (const auto& each : stage_.heard())
      if (each.part == connector::JobPart::upload && !texts_in(*each.operation->operation, each.request))
        return fails(fmt::format("the body of '{}' cannot be read: {}", each.operation->name,
                                 each.request.body.substr(0, 120)));
    return {};
  }

  Verdicted writes_unicode() {
    Rows rows = usual_rows();
    rows.more = kUnicode;
    if (auto written = expect_all(play(rows), 3, Outcome::accepted); written.holds != Holds::yes)
      return written;
    bool travels = false;
    for (const auto& each : stage_.heard()) {
      if (each.part != connector::JobPart::upload || !stage_.is_write(each.operation)) continue;
      const auto texts = texts_in(*each.operation->operation, each.request);
      if (!texts)
        return fails(fmt::format("the body of '{}' cannot be read: {}", each.operation->name,
                                 each.request.body.substr(0, 120)));
      for (const size_t row : each.rows)
        for (size_t field = 0; field < stage_.target().facts().fields.size(); ++field) {
          Rows plain = rows;
          plain.more.clear();
          const std::string whole = stage_.value(rows, row, field), head = stage_.value(plain, row, field);
          bool is_there = false, is_whole = false;
          for (const auto& text : *texts) {
            is_there = is_there || text.find(head) != text.npos;
            is_whole = is_whole || text.find(whole) != text.npos;
          }
          travels = travels || is_there;
          if (is_there && !is_whole)
            return fails(fmt::format("the value of '{}' arrives as another one",
                                     stage_.target().facts().fields[field]));
        }
    }
    return travels ? Verdicted{} : does_not_apply("no field travels");
  }

  Verdicted keeps_to_batches() {
    const int64_t most = writes().rows;
    if (most > kRowsMax) return does_not_apply(fmt::format("{} rows a request are not made here", most));
    for (const int64_t count : {int64_t{1}, most, most + 1})
      if (auto kept = keeps_batches_of(static_cast<size_t>(count)); kept.holds != Holds::yes) return kept;
    return {};
  }

  // Every row travels in one request, and no request has more rows or bytes than it may.
  Verdicted keeps_batches_of(size_t count) {
    const Played played = play(usual_rows(count));
    if (auto all = expect_all(played, count, Outcome::accepted); all.holds != Holds::yes) return all;
    std::vector<size_t> times(count);
    size_t requests = 0, too_large = 0;
    for (const auto& each : stage_.heard()) {
      if (each.part != connector::JobPart::upload) continue;
      const auto& operation = *each.operation->operation;
      if (each.rows.size() > static_cast<size_t>(operation.rows))
        return fails(fmt::format("'{}' carries {} rows, it takes {}", each.operation->name, each.rows.size(),
                                 operation.rows));
      if (operation.bytes > 0 && each.request.body.size() > operation.bytes) ++too_large;
      if (each.operation->name != stage_.writes().name) continue;
      ++requests;
      for (const size_t row : each.rows) ++times[row];
    }
    if (too_large > 0) return fails("a request is larger than the operation takes");
    for (size_t row = 0; row < count; ++row)
      if (times[row] != 1)
        return fails(fmt::format("row {} of {} travels {} times", row + 1, count, times[row]));
    const size_t fewest =
        (count + static_cast<size_t>(writes().rows) - 1) / static_cast<size_t>(writes().rows);
    if (requests > fewest && writes().bytes == 0 && !looked_up())
      return fails(fmt::format("{} rows go in {} requests, {} would do", count, requests, fewest));
    return {};
  }

  Verdicted keeps_to_bytes() {
    const uint64_t most = writes().bytes;
    if (most == 0) return does_not_apply("the operation has no limit of bytes");
    if (most > kBytesMax) return does_not_apply(fmt::format("requests of {} bytes are not made here", most));
    if (stage_.way().mode == config::Mode::remove) return does_not_apply("fields do not travel");
    Rows rows = usual_rows();
    rows.bytes = most * 2 / 5;
    const Played played = play(rows);
    if (auto all = expect_all(played, 3, Outcome::accepted); all.holds != Holds::yes) return all;
    bool travels = false;
    for (const auto& each : stage_.heard()) {
      if (each.operation->name != stage_.writes().name || each.part != connector::JobPart::upload) continue;
      travels = travels || each.request.body.size() > rows.bytes;
      if (each.request.body.size() > most) return fails("a request is larger than the operation takes");
    }
    if (!travels) return does_not_apply("the first field does not travel");
    rows.bytes = most;
    rows.big_row = 1;
    const Played with_giant = play(rows);
    const auto giant = with_giant.outcomes.find(1);
    if (giant == with_giant.outcomes.end() || giant->second.code != "TOO_LARGE")
      return fails("a row that is too large alone is not refused for it");
    for (const size_t row : {size_t{0}, size_t{2}})
      if (const auto found = with_giant.outcomes.find(row);
          found == with_giant.outcomes.end() || found->second.outcome != Outcome::accepted)
        return fails("a row that is too large takes others along");
    return {};
  }

  duck::Connection& connection_;
  Stage& stage_;
};

}  // namespace penstock::rehearse
