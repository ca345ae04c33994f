#include "declare/yaml_checks.h"

#include <fmt/format.h>

#include <algorithm>

#include "declare/node.h"
#include "declare/utf8.h"

namespace penstock::declare {
namespace {

// Place of byte `offset`.
Place place_of_byte(const SourceFileRef& file, size_t offset) {
  const std::string_view before = std::string_view(file->text()).substr(0, offset);
  const auto line = static_cast<uint32_t>(std::count(before.begin(), before.end(), '\n')) + 1;
  const size_t start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  return {file, line, static_cast<uint32_t>(count_characters(before.substr(start))) + 1, 1};
}

size_t find_control(std::string_view text) {
  for (size_t at = 0; at < text.size(); ++at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if ((byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r') || byte == 0x7F) return at;
  }
  return std::string_view::npos;
}

}  // namespace

bool check_bytes(const SourceFileRef& file, Diagnostics& diagnostics) {
  const std::string& text = file->text();
  if (text.size() > kFileBytesMax) {
    diagnostics.error(Place::whole(file), fmt::format("the file has more than {} MiB", kFileBytesMax >> 20))
        .remedy = "split it into several files";
    return false;
  }
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) {
    diagnostics.error(Place::whole(file), "the file is UTF-16").remedy = "save it as UTF-8";
    return false;
  }
  const size_t bad = std::min(find_not_utf8(text), find_control(text));
  if (bad == std::string::npos) return true;
  const auto byte = static_cast<unsigned>(static_cast<unsigned char>(text[bad]));
  Diagnostic& wrong =
      diagnostics.error(place_of_byte(file, bad), fmt::format("the byte 0x{:02X} is not text", byte));
  wrong.remedy = byte >= 0x80 ? "save the file as UTF-8" : "remove it";
  return false;
}

bool has_tab_indentation(std::string_view line) {
  const size_t end = line.find_first_not_of(" \t");
  return line.substr(0, end).find('\t') != std::string_view::npos;
}

YamlProblem explain_yaml(std::string_view text, std::string_view rest) {
  const auto holds = [text](std::string_view part) { return text.find(part) != std::string_view::npos; };
  if (holds("illegal map value"))
    return {"a ':' stands where no field can start",
            "indent the line like its neighbours, and put quotes around a text that holds ': '"};
  if (holds("illegal EOF in scalar")) return {"a quoted text never ends", "add the closing quote"};
  if (holds("illegal document indicator in scalar"))
    return {"a quoted text runs into '---' or '...'", "add the closing quote"};
  if (holds("referenced anchor is not defined"))
    return {"'*' names an anchor that is not defined", "put quotes around a text that starts with '*'"};
  if (holds("unknown token"))
    return {fmt::format("a text cannot start with '{}'", shorten(rest.substr(0, 1), 1)),
            "put quotes around the text"};
  if (holds("end of map not found") || holds("end of sequence not found") || holds("illegal block entry") ||
      holds("illegal map key"))
    return {"this line does not fit what stands above it", "indent it like its neighbours"};
  if (holds("unknown escape character") || holds("bad character found while scanning hex number"))
    return {"a '\\' in double quotes starts no known escape",
            "use single quotes, or write \\\\ for a backslash"};
  return {fmt::format("this is not valid YAML ({})", text), ""};
}

}  // namespace penstock::declare
