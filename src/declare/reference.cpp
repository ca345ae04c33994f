#include "declare/reference.h"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "declare/utf8.h"

namespace penstock::declare {
namespace {

constexpr std::string_view kForms = "${env:NAME}, ${file:PATH} or ${secret:NAME}";

Error wrong_syntax(std::string message, std::string remedy) {
  return {ErrorKind::config, std::move(message), std::move(remedy)};
}

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

bool is_env_name(std::string_view name) {
  return !name.empty() && !(name[0] >= '0' && name[0] <= '9') &&
         std::all_of(name.begin(), name.end(), is_word);
}

constexpr OuterStore kOuterStores[] = {
    {"vault", "HashiCorp Vault", "vault:PATH#FIELD", "", true},
    {"aws-sm", "AWS Secrets Manager", "aws-sm:NAME#FIELD", "", false},
    {"gcp-sm", "Google Secret Manager", "gcp-sm:projects/P/secrets/S/versions/V", "projects/", false},
};
constexpr size_t kOuterNameMax = 2048;
constexpr size_t kSecretNameMax = 128;

const OuterStore* find_outer_store(std::string_view scheme) {
  for (const OuterStore& store : kOuterStores)
    if (store.scheme == scheme) return &store;
  return nullptr;
}

// A path whose parts say what they are: none is empty, "." or "..".
bool is_plain_path(std::string_view path) {
  if (path.empty() || path.size() > kOuterNameMax) return false;
  if (!std::all_of(path.begin(), path.end(), [](char c) { return c > ' ' && c < 0x7f; })) return false;
  for (size_t at = 0; at <= path.size();) {
    const size_t end = std::min(path.find('/', at), path.size());
    const std::string_view part = path.substr(at, end - at);
    if (part.empty() || part == "." || part == "..") return false;
    at = end + 1;
  }
  return true;
}

Result<Reference::Piece> parse_outer(const OuterStore& store, std::string_view name) {
  const size_t hash = std::min(name.find('#'), name.size());
  const std::string_view path = name.substr(0, hash);
  const std::string_view field = name.substr(std::min(hash + 1, name.size()));
  const bool has_field = hash < name.size();
  const bool fits = is_plain_path(path) && path.starts_with(store.begins) && field.find('#') == field.npos &&
                    field.empty() != has_field && (has_field || !store.needs_field);
  if (fits) return Reference::Piece{Reference::Kind::outer, std::string(name), {}, std::string(store.scheme)};
  return wrong_syntax(
      fmt::format("'${{{}:{}}}' names no secret of {}", store.scheme, shorten(name, 40), store.title),
      fmt::format("write ${{{}}}", store.form));
}

Result<Reference::Piece> parse_env(std::string_view name) {
  Reference::Piece piece{Reference::Kind::env, std::string(name), std::nullopt};
  if (const size_t at = name.find(":-"); at != std::string_view::npos) {
    piece.text = std::string(name.substr(0, at));
    piece.fallback = std::string(name.substr(at + 2));
  }
  if (is_env_name(piece.text)) return piece;
  return wrong_syntax(fmt::format("'{}' is not the name of an environment variable", shorten(piece.text, 40)),
                      "use letters, digits and '_', as in ${env:API_TOKEN}");
}

// `inside` is what stands between the braces.
Result<Reference::Piece> parse_piece(std::string_view inside) {
  const size_t colon = inside.find(':');
  const std::string_view scheme = inside.substr(0, colon);
  const std::string_view name = colon == std::string_view::npos ? "" : inside.substr(colon + 1);
  if (scheme == "env" && colon != std::string_view::npos) return parse_env(name);
  if (scheme == "file" && !name.empty())
    return Reference::Piece{Reference::Kind::file, std::string(name), {}};
  if (scheme == "secret" && is_secret_name(name))
    return Reference::Piece{Reference::Kind::secret, std::string(name), {}};
  if (const OuterStore* store = find_outer_store(scheme); store != nullptr && colon != std::string_view::npos)
    return parse_outer(*store, name);
  const bool bare = is_env_name(inside);
  const std::string remedy =
      bare ? fmt::format("write ${{env:{}}} for an environment variable, or $${{ for a plain ${{", inside)
           : fmt::format("write {}, or $${{ for a plain ${{", kForms);
  return wrong_syntax(fmt::format("'${{{}}}' is not a reference", shorten(inside, 40)), remedy);
}

void add_literal(std::vector<Reference::Piece>& pieces, std::string_view text) {
  if (text.empty()) return;
  if (pieces.empty() || pieces.back().kind != Reference::Kind::literal) pieces.emplace_back();
  pieces.back().text += text;
}

struct Wanted {
  std::string what;  // "the environment variable X"
  std::string remedy;
};

Wanted wanted(const Reference::Piece& piece) {
  switch (piece.kind) {
    case Reference::Kind::env:
      return {fmt::format("the environment variable {} is not set", piece.text),
              fmt::format("set it: export {}=...", piece.text)};
    case Reference::Kind::file:
      return {fmt::format("the file {} is not there", piece.text),
              "create it, or correct the path (relative to the project's directory)"};
    case Reference::Kind::secret:
      return {fmt::format("the secret {} is not known", piece.text),
              fmt::format("store it: penstock secret set {}", piece.text)};
    case Reference::Kind::outer:
      return {fmt::format("{} has no secret {}", find_outer_store(piece.scheme)->title, piece.text),
              "correct the name, or create the secret there"};
    case Reference::Kind::literal:
      break;
  }
  return {};
}

Result<std::optional<std::string>> look_up(const Reference::Piece& piece, const Resolver& resolver) {
  switch (piece.kind) {
    case Reference::Kind::env:
      return resolver.env(piece.text);
    case Reference::Kind::file:
      return resolver.file(piece.text);
    case Reference::Kind::secret:
      return resolver.secret(piece.text);
    case Reference::Kind::outer:
      return resolver.outer(piece.scheme, piece.text);
    case Reference::Kind::literal:
      break;
  }
  return std::optional<std::string>(piece.text);
}

// Editors end a file's last line with a line feed that is not part of the secret.
void drop_line_end(std::string& text) {
  if (!text.ends_with('\n')) return;
  text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
}

Result<std::string> resolve_piece(const Reference::Piece& piece, const Resolver& resolver) {
  auto found = look_up(piece, resolver);
  if (!found.ok()) return found.error();
  std::optional<std::string>& text = *found;
  const bool empty = !text || text->empty();
  if (empty && piece.fallback) return *piece.fallback;
  if (text) {
    if (piece.kind == Reference::Kind::file) drop_line_end(*text);
    return *std::move(text);
  }
  Wanted missing = wanted(piece);
  return Error{ErrorKind::config, std::move(missing.what), std::move(missing.remedy)};
}

}  // namespace

std::span<const OuterStore> outer_stores() {
  return kOuterStores;
}

bool is_secret_name(std::string_view name) {
  const auto may = [](char c) { return is_word(c) || c == '-' || c == '.' || c == '/'; };
  return !name.empty() && name.size() <= kSecretNameMax && std::all_of(name.begin(), name.end(), may);
}

Result<std::optional<std::string>> Resolver::outer(const std::string& scheme, const std::string& name) const {
  return Error{ErrorKind::config, fmt::format("{}:{} cannot be looked up here", scheme, name), ""};
}

bool Reference::is_literal() const {
  return std::all_of(pieces.begin(), pieces.end(),
                     [](const Piece& piece) { return piece.kind == Kind::literal; });
}

std::string Reference::literal() const {
  return pieces.empty() ? "" : pieces[0].text;
}

Result<Reference> Reference::parse(std::string_view text, Place place) {
  Reference out;
  out.place = std::move(place);
  while (!text.empty()) {
    const size_t start = std::min(text.find("${"), text.size());
    const bool escaped = start > 0 && start < text.size() && text[start - 1] == '$';
    add_literal(out.pieces, text.substr(0, escaped ? start - 1 : start));
    text.remove_prefix(start);
    if (text.empty()) break;
    if (escaped) {
      add_literal(out.pieces, "${");
      text.remove_prefix(2);
      continue;
    }
    const size_t end = text.find('}');
    if (end == std::string_view::npos)
      return wrong_syntax("a '${' is never closed", "add the closing '}', or write $${ for a plain ${");
    auto piece = parse_piece(text.substr(2, end - 2));
    if (!piece.ok()) return piece.error();
    out.pieces.push_back(*std::move(piece));
    text.remove_prefix(end + 1);
  }
  return out;
}

std::ostream& operator<<(std::ostream& out, const Secret&) {
  return out << "***";
}

Result<std::string> resolve(const Reference& reference, const Resolver& resolver) {
  std::string out;
  for (const Reference::Piece& piece : reference.pieces) {
    auto text = resolve_piece(piece, resolver);
    if (!text.ok()) {
      if (!reference.place.known()) return text.error();
      return std::move(text).error().in(reference.place.show());
    }
    out += *text;
  }
  return out;
}

Result<Secret> resolve_secret(const Reference& reference, const Resolver& resolver) {
  auto text = resolve(reference, resolver);
  if (!text.ok()) return text.error();
  return Secret(*std::move(text));
}

}  // namespace penstock::declare
