#include "sandbox/stats.h"

#include <algorithm>

#include "sandbox/json_text.h"

namespace penstock::sandbox {
namespace {

// A client that invents paths must not fill the memory: past this, and if odd, they are counted together.
constexpr size_t kPathsMax = 1000;

void append_count(std::string& out, std::string_view name, uint64_t count) {
  append_json_name(out, name);
  append_number(out, count);
  out.push_back(',');
}

void append_time(std::string& out, std::string_view name, std::optional<Time> time) {
  append_json_name(out, name);
  if (time) {
    append_json_time(out, *time);
  } else {
    out += "null";
  }
  out.push_back(',');
}

}  // namespace

void Stats::count(const ServerRequest& request, const Answer& answer, bool faulted, Time now) {
  ++requests_;
  rows_ += answer.rows;
  rejected_ += answer.rejected;
  throttled_ += answer.reply.status == 429;
  refused_ += answer.reply.status >= 400 && answer.reply.status < 500 && answer.reply.status != 429;
  failed_ += answer.reply.status >= 500;
  faults_ += faulted;
  bytes_in_ += request.body.size();
  bytes_out_ += answer.reply.body.size();
  if (!first_) first_ = now;
  last_ = now;
  const std::string& path = answer.route.empty() ? request.path : answer.route;
  const auto is_plain = [](char c) { return c > ' ' && c < 0x7f; };
  const bool plain = std::all_of(path.begin(), path.end(), is_plain);
  const bool known_or_room = plain && (by_path_.size() < kPathsMax || by_path_.contains(path));
  ++by_path_[known_or_room ? path : "other"];
}

void Stats::append_members(std::string& out) const {
  append_count(out, "requests", requests_);
  append_count(out, "rows", rows_);
  append_count(out, "throttled", throttled_);
  append_count(out, "rejected", rejected_);
  append_count(out, "refused", refused_);
  append_count(out, "failed", failed_);
  append_count(out, "faults", faults_);
  append_count(out, "bytes_in", bytes_in_);
  append_count(out, "bytes_out", bytes_out_);
  append_time(out, "first_at", first_);
  append_time(out, "last_at", first_ ? std::optional(last_) : std::nullopt);
  out += "\"by_path\":{";
  Commas commas;
  for (const auto& [path, count] : by_path_) {
    commas.before_item(out);
    append_json_string(out, path);
    out.push_back(':');
    append_number(out, count);
  }
  out.push_back('}');
}

}  // namespace penstock::sandbox
