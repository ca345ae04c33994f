// A model as an SQL file: its YAML stands in the comment at the top.
#include <fmt/format.h>

#include <algorithm>

#include "config/files.h"

namespace penstock::config {
namespace {

using declare::SourceFile;
using declare::SourceFileRef;

constexpr std::string_view kHeaderRemedy =
    "start the file with a comment such as '-- source: warehouse' and '-- primary_key: id'";

// The header as YAML: the same lines and columns, with spaces in place of the comment signs, so that places
// in one are places in the other. `end` is where the header ends.
struct Header {
  std::string yaml;
  size_t end = 0;
};

size_t line_end(std::string_view text, size_t at) {
  return std::min(text.find('\n', at), text.size());
}

// Lines that start with "--", from the first line on.
Header dash_header(std::string_view text) {
  Header header;
  while (header.end < text.size()) {
    const size_t end = line_end(text, header.end);
    std::string line(text.substr(header.end, end - header.end));
    const size_t start = line.find_first_not_of(" \t\r");
    if (start != std::string::npos) {
      if (line.compare(start, 2, "--") != 0) break;
      line.replace(start, 2, "  ");
    }
    header.yaml += line + "\n";
    header.end = std::min(end + 1, text.size());
  }
  return header;
}

// A /* comment */ at the very start; lines may begin with a '*'.
Header block_header(std::string_view text, size_t start) {
  Header header;
  header.end = std::min(text.find("*/", start + 2), text.size());
  header.yaml = std::string(text.substr(0, header.end));
  header.yaml.replace(start, 2, "  ");
  for (size_t at = line_end(header.yaml, 0); at < header.yaml.size(); at = line_end(header.yaml, at + 1)) {
    const size_t first = header.yaml.find_first_not_of(" \t", at + 1);
    const bool star = first != std::string::npos && header.yaml[first] == '*';
    if (star &&
        (first + 1 == header.yaml.size() || std::isspace(static_cast<unsigned char>(header.yaml[first + 1]))))
      header.yaml[first] = ' ';
  }
  header.end = std::min(header.end + 2, text.size());
  return header;
}

Header header_of(std::string_view text) {
  const size_t start = text.find_first_not_of(" \t\r\n");
  if (start != std::string_view::npos && text.substr(start).starts_with("/*"))
    return block_header(text, start);
  return dash_header(text);
}

void move_to(Place& place, const SourceFileRef& file) {
  if (place.known()) place.file = file;
}

void move_to(Node& node, const SourceFileRef& file) {
  move_to(node.place, file);
  for (Node& item : node.items) move_to(item, file);
  for (declare::Entry& entry : node.entries) {
    move_to(entry.key_place, file);
    move_to(entry.value, file);
  }
}

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n;") == std::string_view::npos;
}

// The header's node, its places in the SQL file itself.
std::optional<Node> parse_header(const SourceFileRef& file, std::string yaml, Diagnostics& diagnostics) {
  Diagnostics problems;
  auto node = declare::parse_yaml(std::make_shared<SourceFile>(file->name(), std::move(yaml)), problems);
  for (declare::Diagnostic each : problems.sorted()) {
    move_to(each.place, file);
    for (declare::Note& note : each.notes) move_to(note.place, file);
    diagnostics.add(std::move(each));
  }
  if (node) move_to(*node, file);
  return node;
}

}  // namespace

std::optional<Definition> read_sql_model(const SourceFileRef& file, Diagnostics& diagnostics) {
  const std::string& text = file->text();
  Header header = header_of(text);
  auto node = parse_header(file, std::move(header.yaml), diagnostics);
  if (!node) return std::nullopt;
  if (!node->is_map()) {
    diagnostics.error({file, 1, 1, 1}, "the model has no header that names its source and primary key")
        .remedy = kHeaderRemedy;
    return std::nullopt;
  }
  if (is_blank(std::string_view(text).substr(header.end))) {
    diagnostics.error({file, 1, 1, 1}, "there is no SQL below the header").remedy = "write the query there";
    return std::nullopt;
  }
  if (const auto* sql = node->find("sql")) {
    diagnostics.error(sql->key_place, "'sql' cannot stand in the header of an SQL file").remedy =
        "remove it: the query is what stands below";
    return std::nullopt;
  }
  Definition definition;
  Node query = Node::scalar(text, Place{file, 1, 1, 1});
  node->entries.push_back({"sql", Place{file, 1, 1, 1}, std::move(query)});
  definition.node = *std::move(node);
  definition.sql_file = Passage{text, Place{file, 1, 1, 1}, 1, 0, false};
  return definition;
}

}  // namespace penstock::config
