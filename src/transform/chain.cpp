#include "transform/chain.h"

#include <fmt/format.h>
#include <simdjson.h>

#include "transform/unicode.h"

namespace penstock::transform {
namespace {

using Takes = Facts::Takes;

// A failure is this, the reason, this, the value. Texts of warehouses hold no such thing, and if one does,
// only columns that were converted are asked.
constexpr char kMark = '\x01';
constexpr size_t kShownBytesMax = 200;

std::string item_text(simdjson::dom::element item) {
  std::string_view text;
  return item.get(text) == simdjson::SUCCESS ? std::string(text) : simdjson::minify(item);
}

bool read_items(std::string_view json, std::vector<std::string>& items) {
  if (json.empty()) return false;  // nor may its address be null then
  thread_local simdjson::dom::parser parser;
  simdjson::dom::array array;
  if (parser.parse(json.data(), json.size()).get_array().get(array) != simdjson::SUCCESS) return false;
  items.clear();
  for (const simdjson::dom::element item : array)
    if (!item.is_null()) items.push_back(item_text(item));
  return true;
}

bool is_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
  });
}

// Whether a text already is the digest of so many digits, but for spaces around it.
bool is_digest(const std::string& text, size_t digits) {
  if (text.size() < digits) return false;
  std::string_view inner(text);
  while (inner.starts_with(' ')) inner.remove_prefix(1);
  while (inner.ends_with(' ')) inner.remove_suffix(1);
  return inner.size() == digits && is_hex(inner);
}

std::string article(Form form) {
  switch (form) {
    case Form::text:
      return "a text";
    case Form::list:
      return "a list";
    case Form::json:
      return "JSON";
  }
  die("a Form without an article");
}

bool fits(Takes takes, Form given) {
  switch (takes) {
    case Takes::text:
    case Takes::anything:
      return true;
    case Takes::one_text:
      return given != Form::list;
    case Takes::list:
      return given != Form::text;
  }
  return false;
}

Misfit misfit_of(const Transform& transform, Takes takes, Form given) {
  const bool wants_list = takes == Takes::list;
  return {transform.place,
          fmt::format("{} takes {}, and this is {}", transform.name, wants_list ? "a list" : "a text",
                      article(given)),
          wants_list ? "make it a list before: { split: \",\" }"
                     : "make it a text before: { join: \",\" } or first"};
}

// The form after a transform that fits.
Form form_after(const Facts& facts, Form given) {
  if (facts.gives) return *facts.gives;
  if (facts.takes == Takes::anything) return given;
  return given == Form::list ? Form::list : Form::text;
}

}  // namespace

void become_text(Value& value) {
  if (value.form == Form::list) {
    std::string out;
    append_out(out, value);
    value.text = std::move(out);
  } else if (value.form == Form::json && value.text.starts_with('"')) {
    thread_local simdjson::dom::parser parser;
    std::string_view text;
    if (parser.parse(value.text).get_string().get(text) == simdjson::SUCCESS) value.text = std::string(text);
  }
  value.form = Form::text;
}

std::optional<Chain> Chain::compile(Form takes, const Transforms& transforms, Misfit& misfit) {
  Chain chain;
  Form form = takes;
  for (const Transform& transform : transforms) {
    const Entry* entry = find_entry(transform.name);
    if (entry == nullptr) {
      misfit = {transform.place, fmt::format("there is no transform '{}'", transform.name), ""};
      return std::nullopt;
    }
    if (!fits(entry->facts.takes, form)) {
      misfit = misfit_of(transform, entry->facts.takes, form);
      return std::nullopt;
    }
    auto step = entry->make(Arguments(transform));
    if (!step.ok()) {
      misfit = {transform.place, step.error().message, step.error().remedy};
      return std::nullopt;
    }
    const bool each = entry->facts.takes == Takes::text && form == Form::list;
    form = form_after(entry->facts, form);
    chain.links_.push_back({*std::move(step), entry->facts.takes, form, each});
  }
  chain.gives_ = form;
  chain.mark_digests(transforms);
  return chain;
}

void Chain::mark_digests(const Transforms& transforms) {
  size_t digits = 0;
  for (size_t i = links_.size(); i-- > 0;) {
    if (const size_t own = digest_digits(transforms[i].name)) digits = own;
    if (links_[i].takes == Takes::text) links_[i].digest_digits = digits;
  }
}

void Chain::run_on_text(const Link& link, Value& value) {
  if (link.digest_digits == 0 || !is_digest(value.text, link.digest_digits)) return link.step(value);
  trim(value.text);
  lower(value.text);
}

void Chain::run_on_items(const Link& link, Value& value) {
  thread_local Value item;
  size_t kept = 0;
  for (std::string& text : value.items) {
    item.null = false;
    item.why.clear();
    item.form = Form::text;
    item.text = std::move(text);
    run_on_text(link, item);
    if (!item.why.empty()) return value.fail(item.why);
    if (!item.null) value.items[kept++] = std::move(item.text);
  }
  value.items.resize(kept);
}

void Chain::run_link(const Link& link, Value& value) {
  if (link.takes == Takes::anything) {
    link.step(value);
  } else if (value.null) {
    return;
  } else if (link.each_item) {
    run_on_items(link, value);
  } else if (link.takes == Takes::list) {
    if (value.form == Form::json && !read_items(value.text, value.items)) return value.fail("is not a list");
    link.step(value);
  } else {
    if (value.form == Form::json) become_text(value);
    run_on_text(link, value);
  }
}

void Chain::run(Value& value) const {
  for (const Link& link : links_) {
    run_link(link, value);
    if (!value.why.empty()) return;
    value.form = link.gives;
  }
}

void load(Value& value, Form form, std::string_view text) {
  value.null = false;
  value.why.clear();
  value.form = form;
  value.text.assign(text);
  value.items.clear();
  if (form == Form::list && !read_items(text, value.items)) value.fail("is not a list");
  if (form == Form::json && text == "null") value.clear();
}

void append_out(std::string& out, const Value& value) {
  if (value.form != Form::list) {
    out += value.text;
    return;
  }
  out += '[';
  for (size_t i = 0; i < value.items.size(); ++i) {
    if (i > 0) out += ',';
    append_json_string(out, value.items[i]);
  }
  out += ']';
}

void append_failure(std::string& out, std::string_view value, std::string_view reason) {
  out += kMark;
  out += reason;
  out += kMark;
  if (value.size() <= kShownBytesMax) {
    out += value;
    return;
  }
  size_t end = kShownBytesMax;
  while (end > 0 && (static_cast<unsigned char>(value[end]) & 0xc0) == 0x80) --end;
  out += value.substr(0, end);
  out += "...";
}

std::optional<Failure> failure_in(std::string_view converted) {
  if (!converted.starts_with(kMark)) return std::nullopt;
  const size_t end = converted.find(kMark, 1);
  if (end == std::string_view::npos) return std::nullopt;
  return Failure{converted.substr(end + 1), converted.substr(1, end - 1)};
}

}  // namespace penstock::transform
