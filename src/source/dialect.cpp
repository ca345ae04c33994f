// The dialects are compiled in, as the very files that stand in dialects/.
#include "source/dialect.h"

#include <fmt/format.h>

#include "base/embedded.h"
#include "declare/declare.h"

namespace penstock {
namespace {

// One array and one line of the list for every dialects/*.yaml: written by cmake/penstock.cmake.
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wc23-extensions"
#include "warehouse_dialects.inc"
#pragma clang diagnostic pop

using namespace declare;

// As it is written; the maps are those of the file.
struct DialectFile {
  enum class Quote { double_quote, backtick };
  std::string name;
  std::vector<std::string> drivers;
  Quote quote = Quote::double_quote;
  std::vector<Named<std::string>> escapes, keys;
  Dialect::Types types;
  Dialect::Digest digest;
  std::string there;
  bool makes_schema = true;
  Dialect::Replace replace = Dialect::Replace::merge;
  Dialect::Transacting transaction;
  Dialect::Insert insert;
  std::string needs;
};

const Of<Dialect::Types>& types_shape() {
  using Types = Dialect::Types;
  static const Of<Types> shape = structure<Types>(
      "types of a dialect", "Of the columns of our tables.",
      {field<&Types::text>("text", text()).required().help("Texts of any length."),
       field<&Types::number>("number", text()).required().help("Signed whole numbers of 64 bits."),
       field<&Types::digest>("digest", text()).required().help("What the hash function gives."),
       field<&Types::flag>("flag", text()).required().help("True and false.")});
  return shape;
}

const Of<Dialect::Digest>& digest_shape() {
  using Digest = Dialect::Digest;
  static const Of<Digest> shape = structure<Digest>(
      "hash of a dialect", "64 bits of some columns; another where a NULL stands in one than where '' does.",
      {field<&Digest::each>("each", text()).required().help("One {column}."),
       field<&Digest::between>("between", text()).required().help("What stands between two."),
       field<&Digest::whole>("whole", text()).required().help("All {columns}."),
       field<&Digest::kind>("kind", text()).help("A query for what else the hash depends on.")});
  return shape;
}

const Of<Dialect::Transacting>& transaction_shape() {
  using Transacting = Dialect::Transacting;
  using Kind = Dialect::Transaction;
  static const Of<Transacting> shape = structure<Transacting>(
      "transactions of a dialect", "How several statements take effect together.",
      {field<&Transacting::kind>("kind", choice<Kind>({{"session", Kind::session, "one after the other"},
                                                       {"script", Kind::script, "as one text"},
                                                       {"none", Kind::none, "not at all"}}))
           .required()
           .help("Where there are any."),
       field<&Transacting::begin>("begin", text()).help("Begins one."),
       field<&Transacting::commit>("commit", text()).help("Ends it."),
       field<&Transacting::roll_back>("roll_back", text()).help("Undoes it.")});
  return shape;
}

const Of<DialectFile>& dialect_shape() {
  using Quote = DialectFile::Quote;
  using Replace = Dialect::Replace;
  static const auto insert = structure<Dialect::Insert>(
      "lists of values", "How much a statement takes.",
      {field<&Dialect::Insert::rows>("rows", integer({.min = 1})).required().help("At most."),
       field<&Dialect::Insert::bytes>("bytes", integer({.min = 1})).required().help("At most.")});
  static const Of<DialectFile> shape = structure<DialectFile>(
      "dialect", "How a warehouse says what planning needs to say.",
      {field<&DialectFile::name>("name", text()).required().help("For people."),
       field<&DialectFile::drivers>("drivers", list(text()))
           .required()
           .help("Words in the names of its drivers."),
       field<&DialectFile::quote>("quote", choice<Quote>({{"double", Quote::double_quote, "\"name\""},
                                                          {"backtick", Quote::backtick, "`name`"}}))
           .required()
           .help("How names are quoted."),
       field<&DialectFile::escapes>("escapes", map_of(text(), text()))
           .required()
           .help(
               "What is written otherwise in a constant in single quotes: characters, `newline`, `return`."),
       field<&DialectFile::types>("types", types_shape()).required().help("Of columns."),
       field<&DialectFile::keys>("keys", map_of(text(), text()))
           .required()
           .help("DuckDB's types that keys may have, and the dialect's, with {precision} and {scale}."),
       field<&DialectFile::digest>("digest", digest_shape()).required().help("The hash of a row."),
       field<&DialectFile::there>("there", text())
           .required()
           .help("A query that counts the tables {table} of the schema {schema}."),
       field<&DialectFile::makes_schema>("makes_schema", boolean())
           .by_default("true")
           .help("Whether Penstock may make the schema."),
       field<&DialectFile::replace>(
           "replace",
           choice<Replace>({{"merge", Replace::merge, "MERGE with conditions"},
                            {"delete_and_insert", Replace::delete_and_insert, "what is there goes first"}}))
           .required()
           .help("How lines take the place of others."),
       field<&DialectFile::transaction>("transaction", transaction_shape()).required().help("If any."),
       field<&DialectFile::insert>("insert", insert).required().help("How much a statement takes."),
       field<&DialectFile::needs>("needs", text()).required().help("What people must grant.")});
  return shape;
}

Dialect parse_dialect(std::string_view id, std::string_view yaml) {
  Diagnostics diagnostics;
  const auto source = std::make_shared<SourceFile>(fmt::format("dialects/{}.yaml", id), std::string(yaml));
  DialectFile file;
  if (auto node = parse_yaml(source, diagnostics)) read(dialect_shape(), *node, file, diagnostics);
  check(diagnostics.ok(), "a shipped dialect has errors: " + as_text(diagnostics));
  Dialect dialect{.id = std::string(id),
                  .title = std::move(file.name),
                  .drivers = std::move(file.drivers),
                  .quote = file.quote == DialectFile::Quote::backtick ? '`' : '"',
                  .escapes = {},
                  .types = std::move(file.types),
                  .keys = {},
                  .digest = std::move(file.digest),
                  .there = std::move(file.there),
                  .makes_schema = file.makes_schema,
                  .replace = file.replace,
                  .transaction = std::move(file.transaction),
                  .insert = file.insert,
                  .needs = std::move(file.needs)};
  for (auto& one : file.escapes)
    dialect.escapes.push_back({one.name == "newline"  ? '\n'
                               : one.name == "return" ? '\r'
                                                      : one.name[0],
                               one.value});
  for (auto& one : file.keys) dialect.keys.emplace_back(one.name, one.value);
  return dialect;
}

}  // namespace

std::string Dialect::name_of(std::string_view name) const {
  std::string out(1, quote);
  for (const char c : name) {
    if (c == quote) out += c;
    out += c;
  }
  return out + quote;
}

std::string Dialect::text_of(std::string_view text) const {
  std::string out = "'";
  for (const char c : text) {
    const Escape* found = nullptr;
    for (const auto& escape : escapes)
      if (escape.from == c) found = &escape;
    found == nullptr ? out += c : out += found->to;
  }
  return out + "'";
}

std::string Dialect::key_type(std::string_view type) const {
  const std::string_view plain = type.substr(0, type.find('('));
  for (const auto& [from, to] : keys) {
    if (from != plain) continue;
    if (plain == type) return to;
    std::string_view digits = type.substr(plain.size() + 1);
    digits.remove_suffix(1);
    const size_t comma = digits.find(',');
    if (comma == digits.npos) return "";
    return fmt::format(fmt::runtime(to), fmt::arg("precision", digits.substr(0, comma)),
                       fmt::arg("scale", digits.substr(comma + 1)));
  }
  return "";
}

const std::vector<Dialect>& dialects() {
  static const std::vector<Dialect> all = [] {
    std::vector<Dialect> parsed;
    for (const auto& one : kShipped) parsed.push_back(parse_dialect(one.name, one.text));
    return parsed;
  }();
  return all;
}

const Dialect* find_dialect(std::string_view id) {
  for (const auto& dialect : dialects())
    if (dialect.id == id) return &dialect;
  return nullptr;
}

const Dialect* dialect_of_driver(std::string_view library) {
  const std::string_view file = library.substr(library.find_last_of('/') + 1);
  for (const auto& dialect : dialects())
    for (const auto& word : dialect.drivers)
      if (file.find(word) != file.npos) return &dialect;
  return nullptr;
}

}  // namespace penstock
