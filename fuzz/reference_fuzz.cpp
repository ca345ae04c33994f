// Any text with references: reading it must end, crash nothing, and lose nothing.
#include <cstdint>
#include <string>
#include <string_view>

#include "declare/reference.h"

namespace penstock::declare {
namespace {

// Gives everything back as it would be written.
class Echo final : public Resolver {
 public:
  using Found = Result<std::optional<std::string>>;
  Found env(const std::string& name) const override { return echoed("env", name); }
  Found file(const std::string& path) const override { return echoed("file", path); }
  Found secret(const std::string& name) const override { return echoed("secret", name); }
  Found outer(const std::string& scheme, const std::string& name) const override {
    return echoed(scheme, name);
  }

 private:
  static Found echoed(const std::string& scheme, const std::string& name) {
    return std::optional("${" + scheme + ":" + name + "}");
  }
};

void try_reference(std::string_view text) {
  const auto reference = Reference::parse(text);
  if (!reference.ok()) {
    check(!reference.error().message.empty() && !reference.error().remedy.empty(),
          "an error says what to do");
    return;
  }
  check(resolve(*reference, Echo()).ok(), "what can be found can be resolved");
  for (const Reference::Piece& piece : reference->pieces) {
    check(piece.kind == Reference::Kind::literal || !piece.text.empty(), "a reference names something");
    check((piece.kind == Reference::Kind::outer) == !piece.scheme.empty(), "an outer store has its scheme");
    if (piece.kind == Reference::Kind::secret) check(is_secret_name(piece.text), "a secret can be set");
    if (piece.kind == Reference::Kind::literal) continue;
    // Alone, and once more through what it resolves to.
    auto alone = resolve(Reference{{{piece.kind, piece.text, std::nullopt, piece.scheme}}, {}}, Echo());
    auto again = alone.ok() ? Reference::parse(*alone) : Result<Reference>(alone.error());
    check(again.ok() && again->pieces.size() == 1, "a reference is read as it is written");
    check(again->pieces[0].kind == piece.kind && again->pieces[0].scheme == piece.scheme, "of the same kind");
    // A file's text loses its last line end, and a name that ends in one with it.
    if (piece.kind != Reference::Kind::file) check(again->pieces[0].text == piece.text, "of the same name");
  }
}

}  // namespace
}  // namespace penstock::declare

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  penstock::declare::try_reference({reinterpret_cast<const char*>(data), size});
  return 0;
}
