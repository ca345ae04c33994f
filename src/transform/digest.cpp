// Digests and encodings.
#include <openssl/evp.h>

#include "transform/unicode.h"
#include "transform/value.h"

namespace penstock::transform {
namespace {

void append_hex(std::string& out, const unsigned char* bytes, size_t size) {
  constexpr char kDigits[] = "0123456789abcdef";
  for (size_t i = 0; i < size; ++i) {
    out += kDigits[bytes[i] >> 4];
    out += kDigits[bytes[i] & 15];
  }
}

// What was a digest before came here past all earlier steps: see Chain.
Result<Step> make_digest(const char* algorithm) {
  // Fetched once: EVP_sha256() alone is looked up anew for each value. Lives as long as the process.
  const EVP_MD* method = EVP_MD_fetch(nullptr, algorithm, nullptr);
  if (method == nullptr) return Error{ErrorKind::internal, "this OpenSSL has no such digest", ""};
  return Step([method](Value& value) {
    if (value.text.empty()) return value.clear();
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    if (EVP_Digest(value.text.data(), value.text.size(), digest, &size, method, nullptr) != 1)
      return value.fail("cannot be hashed");
    value.text.clear();
    append_hex(value.text, digest, size);
  });
}

Result<Step> make_sha256(const Arguments&) {
  static const Result<Step> step = make_digest("SHA2-256");
  return step;
}

Result<Step> make_md5(const Arguments&) {
  static const Result<Step> step = make_digest("MD5");
  return step;
}

Result<Step> make_base64(const Arguments&) {
  return Step([](Value& value) {
    std::string out;
    append_base64(out, value.text);
    value.text = std::move(out);
  });
}

constexpr std::string_view kAlready =
    " A value that already is such a digest passes this transform and those before it as it is, in small "
    "letters. Nothing (an empty text) is never hashed: it is NULL.";

}  // namespace

size_t digest_digits(std::string_view transform) {
  if (transform == "hash_sha256") return 64;
  return transform == "hash_md5" ? 32 : 0;
}

std::vector<Entry> digest_entries() {
  const std::string group = "Hashes and encodings";
  return {
      {{.name = "hash_sha256",
        .group = group,
        .help = "The SHA-256 digest of the text in UTF-8, as 64 hexadecimal digits." + std::string(kAlready),
        .examples = {{"hash_sha256", "test@example.com",
                      "973dfe463ec85785f5f95af5ba3906eedb2d931c24e69824a89ea65dba4e813b"},
                     {"hash_sha256", "973DFE463EC85785F5F95AF5BA3906EEDB2D931C24E69824A89EA65DBA4E813B",
                      "973dfe463ec85785f5f95af5ba3906eedb2d931c24e69824a89ea65dba4e813b"},
                     {"hash_sha256", "", std::string(kNothing)}}},
       make_sha256},
      {{.name = "hash_md5",
        .group = group,
        .help = "The MD5 digest of the text in UTF-8, as 32 hexadecimal digits." + std::string(kAlready),
        .examples = {{"hash_md5", "test@example.com", "55502f40dc8b7c769880b10874abc9d0"}}},
       make_md5},
      {{.name = "base64",
        .group = group,
        .help = "The text's bytes in Base64.",
        .examples = {{"base64", "Ada", "QWRh"}}},
       make_base64},
  };
}

}  // namespace penstock::transform
