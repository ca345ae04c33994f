#include "connector/body.h"

#include <fmt/format.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>

#include "connector/values.h"

namespace penstock::connector {
namespace {

using What = Placeholder::What;
using Filter = Placeholder::Filter;

constexpr char kTextBegins = '\x01';

void lower_from(std::string& text, size_t start) {
  for (size_t i = start; i < text.size(); ++i)
    if (text[i] >= 'A' && text[i] <= 'Z') text[i] = static_cast<char>(text[i] + 32);
}

// 'O\'Brien': as query languages take a text.
std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

// Of the first match field for an empty name.
std::string match_text_of(const std::string& name, const BodyFacts& facts, const RowView& row, bool masked) {
  const size_t index = match_index(name, facts.match_names);
  std::string text;
  if (index >= row.match.size()) return text;
  if (masked && facts.match_is_personal) return std::string(kMask);
  if (row.old_match.empty())
    append_value_text(text, row.match[index], row.row, *facts.values);
  else
    append_old_value_text(text, row.match[index].type(), row.old_match[index], *facts.values);
  return text;
}

bool has_match_value(const RowView& row, size_t index) {
  return row.old_match.empty() ? !row.match[index].is_null(row.row) : !row.old_match[index].empty();
}

std::string referred_id(const std::string& name, const BodyFacts& facts, const RowView& row, bool masked) {
  for (size_t i = 0; i < std::min(facts.reference_names.size(), row.references.size()); ++i)
    if (facts.reference_names[i] == name)
      return masked && facts.reference_is_personal[i] ? std::string(kMask) : row.references[i];
  return "";
}

std::string field_text(const std::string& name, const BodyFacts& facts, const RowView& row, bool masked) {
  const auto found = std::find(facts.field_names.begin(), facts.field_names.end(), name);
  if (found == facts.field_names.end()) return match_text_of(name, facts, row, masked);
  const auto field = static_cast<size_t>(found - facts.field_names.begin());
  if (row.clear || row.fields[field].is_null(row.row)) return "";
  if (masked && facts.personal[field]) return std::string(kMask);
  std::string text;
  append_value_text(text, row.fields[field], row.row, *facts.values);
  return text;
}

}  // namespace

size_t match_index(const std::string& name, const std::vector<std::string>& match_names) {
  if (name.empty()) return 0;
  return static_cast<size_t>(std::find(match_names.begin(), match_names.end(), name) - match_names.begin());
}

bool is_whole_number(std::string_view text) {
  return !text.empty() && (text[0] != '0' || text.size() == 1) && text.size() < 19 &&
         text.find_first_not_of("0123456789") == text.npos;
}

std::string once_of(const BodyFacts& facts, const RowView& row) {
  const uint64_t facts_of_row[] = {row.key_hash.hi, row.key_hash.lo, row.fingerprint};
  const XXH128_hash_t hash = XXH3_128bits_withSeed(facts_of_row, sizeof facts_of_row, facts.seed);
  return fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
}

std::string row_text(const Placeholder& placeholder, const BodyFacts& facts, const RowView& row, size_t index,
                     bool masked) {
  std::string text;
  switch (placeholder.what) {
    case What::match:
      text = match_text_of(placeholder.argument, facts, row, masked);
      break;
    case What::record_id:
      text = row.record_id;
      break;
    case What::trace:
      text = fmt::to_string(index);
      break;
    case What::key:
      text = row.key;
      break;
    case What::once:
      text = once_of(facts, row);
      break;
    case What::field:
      text = field_text(placeholder.argument, facts, row, masked);
      break;
    case What::reference:
      text = referred_id(placeholder.argument, facts, row, masked);
      break;
    default:
      die("a placeholder that is no text of a row");
  }
  for (const Filter filter : placeholder.filters) {
    if (filter == Filter::lower) lower_from(text, 0);
    if (filter == Filter::quote) text = quoted(text);
    if (filter == Filter::json) append_json_string(text, std::exchange(text, {}));
  }
  return text;
}

void Body::add(std::string& out, const RowView& row, size_t index, const RequestFacts& request) const {
  if (index > 0 && in_list_) out += separator_;
  write(out, row_, &row, index, request);
}

MemberFacts Body::member_facts(bool masked) const {
  return {.values = *facts_.values, .personal = facts_.personal, .masked = masked};
}

void Body::write(std::string& out, const std::vector<Piece>& pieces, const RowView* row, size_t index,
                 const RequestFacts& request) const {
  for (const auto& piece : pieces) {
    switch (piece.form) {
      case Piece::Form::literal:
        out += piece.literal;
        break;
      case Piece::Form::json:
        write_json(out, piece, row, index, request);
        break;
      case Piece::Form::inside_string:
        write_inside(out, piece, row, index, request);
        break;
      case Piece::Form::member:
        if (!row->send[piece.index]) break;
        append_comma(out);
        out += piece.literal;
        append_field(out, *row, piece.index, member_facts(request.masked));
        break;
      case Piece::Form::members:
        if (row->write_match && piece.placeholder.argument.empty() && !match_has_place_)
          write_unmapped_match(out, *row, request.masked);
        members_[piece.index].write(out, *row, member_facts(request.masked));
        break;
      case Piece::Form::match_members:
        write_match_members(out, *row, request.masked);
        break;
      case Piece::Form::comma:
        append_comma(out);
        break;
      case Piece::Form::text_ends: {
        const size_t begin = out.rfind(kTextBegins);
        const std::string text = out.substr(begin + 1);
        out.resize(begin);
        append_json_string(out, text);
        break;
      }
    }
  }
}

void Body::write_json(std::string& out, const Piece& piece, const RowView* row, size_t index,
                      const RequestFacts& request) const {
  switch (piece.placeholder.what) {
    case What::match: {
      const size_t start = out.size();
      write_match_value(out, *row, piece.index, request.masked);
      if (piece.placeholder.has(Filter::lower)) lower_from(out, start);
      return;
    }
    case What::match_values:
      return write_match_values(out, *row, request.masked);
    case What::field:
      if (piece.index == facts_.field_names.size())
        out += "null";
      else
        append_field(out, *row, piece.index, member_facts(request.masked));
      return;
    case What::read_fields: {
      out += '[';
      for (const auto& name : facts_.read_fields) {
        append_comma(out);
        append_json_string(out, name);
      }
      out += ']';
      return;
    }
    case What::record_id:
    case What::reference: {
      const std::string id = row_text(piece.placeholder, facts_, *row, index, request.masked);
      if (piece.placeholder.has(Filter::number) && is_whole_number(id))
        out += id;
      else
        append_json_string(out, id);
      return;
    }
    case What::page:
      return append_json_string(out, request.page);
    case What::run:
      return append_json_string(out, request.run);
    case What::job:
    case What::session:
      return append_json_string(out, request.job);
    case What::part:
      out += fmt::to_string(request.part);
      return;
    default:
      return append_json_string(out, row_text(piece.placeholder, facts_, *row, index, request.masked));
  }
}

void Body::write_inside(std::string& out, const Piece& piece, const RowView* row, size_t index,
                        const RequestFacts& request) const {
  std::string text;
  switch (piece.placeholder.what) {
    case What::page:
      text = request.page;
      break;
    case What::run:
      text = request.run;
      break;
    case What::job:
    case What::session:
      text = request.job;
      break;
    case What::part:
      text = fmt::to_string(request.part);
      break;
    default:
      text = row_text(piece.placeholder, facts_, *row, index, request.masked);
  }
  std::string quoted_text;
  append_json_string(quoted_text, text);
  out.append(quoted_text, 1, quoted_text.size() - 2);
}

void Body::write_match_value(std::string& out, const RowView& row, size_t index, bool masked) const {
  if (index >= row.match.size())
    out += "null";  // a sync without a match
  else if (masked && facts_.match_is_personal)
    append_json_string(out, kMask);
  else if (!row.old_match.empty())
    append_old_value(out, row.match[index].type(), row.old_match[index], *facts_.values);
  else
    append_value(out, row.match[index], row.row, *facts_.values);
}

void Body::write_match_values(std::string& out, const RowView& row, bool masked) const {
  out += '[';
  for (size_t i = 0; i < row.match.size(); ++i) {
    append_comma(out);
    write_match_value(out, row, i, masked);
  }
  out += ']';
}

void Body::write_match_members(std::string& out, const RowView& row, bool masked) const {
  for (size_t i = 0; i < match_keys_.size(); ++i) {
    if (i >= row.match.size() || !has_match_value(row, i)) continue;
    append_comma(out);
    out += match_keys_[i];
    write_match_value(out, row, i, masked);
  }
}

// A record that is made carries what it will be found by.
void Body::write_unmapped_match(std::string& out, const RowView& row, bool masked) const {
  if (facts_.match_is_record) return;
  for (size_t i = 0; i < match_keys_.size(); ++i) {
    if (match_is_mapped_[i]) continue;
    append_comma(out);
    out += match_keys_[i];
    if (masked && facts_.match_is_personal)
      append_json_string(out, kMask);
    else
      append_value(out, row.match[i], row.row, *facts_.values);
  }
}

}  // namespace penstock::connector
