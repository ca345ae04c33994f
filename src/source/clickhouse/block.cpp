#include "source/clickhouse/block.h"

#include <cstring>

namespace penstock::clickhouse {
namespace {

// Beyond these a server does not go; they keep sizes from overflowing.
constexpr uint64_t kRowsMax = uint64_t{1} << 30;
constexpr uint64_t kMembersMax = uint64_t{1} << 34;

void lay_out(const Form& form, Parts& parts) {
  const size_t at = parts.size();
  parts.push_back({.form = &form});
  for (const Form& member : form.members) lay_out(member, parts);
  parts[at].length = parts.size() - at;
}

}  // namespace

Scanner::Found Scanner::scan(std::string_view bytes) {
  bytes_ = bytes;
  if (!head_done_)
    if (const Went went = read_head(); went != Went::on)
      return went == Went::wrong ? Found::other : Found::more;
  while (block_.columns.size() < expected_.size() || column_begun_) {
    const Went went = column_begun_ ? read_values() : read_column_head();
    if (went != Went::on) return went == Went::wrong ? Found::other : Found::more;
  }
  return Found::block;
}

Block Scanner::take(size_t& length) {
  length = at_;
  at_ = 0;
  head_done_ = false;
  return std::exchange(block_, Block());
}

// A varint; the bytes stay where they are when it is not whole.
bool Scanner::take_number(uint64_t& number) {
  number = 0;
  size_t at = at_;
  for (int shift = 0; shift < 64 && at < bytes_.size(); shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes_[at++]);
    number |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return at_ = at, true;
  }
  return false;
}

bool Scanner::take_text(std::string_view& text) {
  const size_t begin = at_;
  uint64_t length = 0;
  if (!take_number(length) || length > bytes_.size() - at_) return at_ = begin, false;
  text = bytes_.substr(at_, length);
  at_ += length;
  return true;
}

// What is no block, such as the text of an error, differs here or in the first column's name.
Scanner::Went Scanner::read_head() {
  const size_t begin = at_;
  uint64_t columns = 0, rows = 0;
  if (!take_number(columns)) return has(10) ? Went::wrong : Went::short_of_bytes;
  if (columns != expected_.size()) return Went::wrong;
  if (!take_number(rows)) return has(10) ? Went::wrong : (at_ = begin, Went::short_of_bytes);
  if (rows > kRowsMax) return Went::wrong;
  block_.rows = rows;
  head_done_ = true;
  return Went::on;
}

Scanner::Went Scanner::read_column_head() {
  const Expected& expected = expected_[block_.columns.size()];
  const size_t begin = at_;
  std::string_view name, type;
  const bool whole = take_text(name);
  if (whole && name != expected.name) return Went::wrong;
  if (!whole || !take_text(type)) {
    // A name is never so long that it is still to come.
    const std::string_view rest = bytes_.substr(begin);
    if (!rest.empty() && static_cast<unsigned char>(rest[0]) != expected.name.size()) return Went::wrong;
    return at_ = begin, Went::short_of_bytes;
  }
  if (const auto form = form_of(type); !form || *form != expected.form) return Went::wrong;
  lay_out(expected.form, block_.columns.emplace_back());
  tasks_.assign(1, {.part = 0, .rows = block_.rows});
  column_begun_ = true;
  return Went::on;
}

Scanner::Went Scanner::read_values() {
  while (!tasks_.empty())
    if (const Went went = read_task(); went != Went::on) return went;
  column_begun_ = false;
  return Went::on;
}

Scanner::Went Scanner::read_task() {
  Task& task = tasks_.back();
  Part& part = block_.columns.back()[task.part];
  const Form& form = *part.form;
  if (!task.nulls_done) {
    part.rows = task.rows;
    part.nulls = at_;
    const size_t nulls = form.nullable ? task.rows : 0;
    if (!has(nulls)) return Went::short_of_bytes;
    at_ += nulls;
    part.values = at_;
    task.nulls_done = true;
  }
  switch (form.shape) {
    case Shape::text:
      return read_texts(task);
    case Shape::list:
    case Shape::map:
      return read_lengths(task);
    case Shape::tuple: {
      std::vector<Task> members;
      size_t at = task.part + 1;
      for (size_t i = 0; i < form.members.size(); ++i, at += block_.columns.back()[at].length)
        members.push_back({.part = at, .rows = task.rows});
      // A tuple of nothing is a byte for each row.
      if (members.empty() && !has(task.rows)) return Went::short_of_bytes;
      if (members.empty()) at_ += task.rows;
      return end_task(members);
    }
    default:
      if (!has(task.rows * form.bytes)) return Went::short_of_bytes;
      at_ += task.rows * form.bytes;
      return end_task({});
  }
}

Scanner::Went Scanner::read_texts(Task& task) {
  std::string_view text;
  for (; task.rows_done < task.rows; ++task.rows_done)
    if (!take_text(text)) return Went::short_of_bytes;
  return end_task({});
}

// Where each row's members end, and then the members themselves.
Scanner::Went Scanner::read_lengths(Task& task) {
  if (!has(task.rows * 8)) return Went::short_of_bytes;
  at_ += task.rows * 8;
  uint64_t all = 0;
  if (task.rows > 0) std::memcpy(&all, bytes_.data() + at_ - 8, 8);
  if (all > kMembersMax) return Went::wrong;
  const Parts& parts = block_.columns.back();
  const size_t first = task.part + 1;
  if (parts[task.part].form->members.size() == 1) {
    const Task members[] = {{.part = first, .rows = all}};
    return end_task(members);
  }
  const Task members[] = {{.part = first, .rows = all}, {.part = first + parts[first].length, .rows = all}};
  return end_task(members);
}

Scanner::Went Scanner::end_task(std::span<const Task> members) {
  tasks_.pop_back();
  tasks_.insert(tasks_.end(), members.rbegin(), members.rend());
  return Went::on;
}

}  // namespace penstock::clickhouse
