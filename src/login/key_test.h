// A key made for the tests, and what a token says that was signed with it.
#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <simdjson.h>

#include <string>

#include "net/crypto.h"

namespace penstock {

inline EVP_PKEY* test_key_pair() {
  static EVP_PKEY* const key = EVP_RSA_gen(2048);
  return key;
}

inline std::string test_key() {
  BIO* out = ::BIO_new(::BIO_s_mem());
  ::PEM_write_bio_PrivateKey(out, test_key_pair(), nullptr, nullptr, 0, nullptr, nullptr);
  char* text = nullptr;
  const long size = BIO_get_mem_data(out, &text);
  std::string pem(text, static_cast<size_t>(size));
  ::BIO_free(out);
  return pem;
}

inline std::string from_base64_url(std::string text) {
  for (char& c : text) {
    if (c == '-') c = '+';
    if (c == '_') c = '/';
  }
  return from_base64(text).value_or("");
}

inline bool is_signed_by_test_key(const std::string& text, const std::string& signature) {
  EVP_MD_CTX* context = ::EVP_MD_CTX_new();
  const bool good =
      ::EVP_DigestVerifyInit(context, nullptr, ::EVP_sha256(), nullptr, test_key_pair()) == 1 &&
      ::EVP_DigestVerify(context, reinterpret_cast<const unsigned char*>(signature.data()), signature.size(),
                         reinterpret_cast<const unsigned char*>(text.data()), text.size()) == 1;
  ::EVP_MD_CTX_free(context);
  return good;
}

inline int64_t claim_of(const std::string& token, const char* name) {
  const size_t first = token.find('.'), second = token.find('.', first + 1);
  const std::string claims = from_base64_url(token.substr(first + 1, second - first - 1));
  simdjson::dom::parser parser;
  int64_t value = 0;
  if (parser.parse(claims)[name].get(value)) return -1;
  return value;
}

}  // namespace penstock
