// Any bytes as the file of secrets: reading them must end, crash nothing, and what is read is what was
// written there.
//
// The first byte says what comes: a file, or a key.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "secret/secret_file.h"

namespace penstock::secret {
namespace {

void try_file(std::string_view text) {
  const auto file = parse_secret_file(text);
  if (!file.ok()) {
    check(!file.error().message.empty() && !file.error().remedy.empty(), "an error says what to do");
    return;
  }
  check(text.starts_with(file->sealed) && text.size() > file->sealed.size(),
        "the seal is over the beginning");
  static const Key key = *Key::parse(std::string(64, 'a'));
  for (const SecretLine& line : file->secrets) {
    check(file->find(line.name) == &line, "a secret is found by its name");
    check(!key.decrypt(line.encrypted, line.context()), "nobody guesses a ciphertext");
  }
  const std::string anew = write_secret_file(file->secrets, key);
  const auto again = parse_secret_file(anew);
  check(again.ok() && again->secrets.size() == file->secrets.size(), "what was read can be written");
  check(same_bytes(key.seal(again->sealed), again->seal), "and its seal holds");
}

void try_key(std::string_view text) {
  const auto key = Key::parse(text);
  if (!key) return;
  const auto again = Key::parse(key->base64());
  check(again && again->id() == key->id(), "a key can be written and read");
  const std::string encrypted = key->encrypt(text, "context");
  check(key->decrypt(encrypted, "context") == text, "what was encrypted can be decrypted");
}

}  // namespace
}  // namespace penstock::secret

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] % 4 == 0)
    penstock::secret::try_key(rest);
  else
    penstock::secret::try_file(rest);
  return 0;
}
