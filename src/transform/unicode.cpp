#include "transform/unicode.h"

#include <unicode/bytestream.h>
#include <unicode/casemap.h>
#include <unicode/normalizer2.h>
#include <unicode/translit.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>
#include <unicode/utf8.h>

#include <memory>

namespace penstock::transform {
namespace {

icu::StringPiece piece(const std::string& text) {
  return {text.data(), static_cast<int32_t>(text.size())};
}

// Lets ICU write into a text of our own, that keeps its memory from value to value.
template <class Call>
void rewrite(std::string& text, Call call) {
  thread_local std::string made;
  made.clear();
  icu::StringByteSink<std::string> sink(&made);
  UErrorCode error = U_ZERO_ERROR;
  call(piece(text), sink, error);
  if (U_SUCCESS(error)) text = made;
}

bool is_ascii_blank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

size_t blanks_at_start(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    const size_t start = at;
    if (!is_blank(next_character(text, at))) return start;
  }
  return text.size();
}

size_t without_blanks_at_end(std::string_view text) {
  size_t end = text.size();
  while (end > 0) {
    size_t start = end - 1;
    while (start > 0 && (static_cast<unsigned char>(text[start]) & 0xc0) == 0x80) --start;
    size_t at = start;
    if (!is_blank(next_character(text, at))) break;
    end = start;
  }
  return end;
}

}  // namespace

bool is_ascii(std::string_view text) {
  unsigned char all = 0;
  for (const char c : text) all = static_cast<unsigned char>(all | static_cast<unsigned char>(c));
  return all < 0x80;
}

int32_t next_character(std::string_view text, size_t& at) {
  const auto first = static_cast<unsigned char>(text[at]);
  if (first < 0x80) {
    ++at;
    return first;
  }
  const auto* bytes = reinterpret_cast<const uint8_t*>(text.data());
  auto index = static_cast<int32_t>(at);
  const auto size = static_cast<int32_t>(text.size());
  UChar32 character = 0;
  U8_NEXT_OR_FFFD(bytes, index, size, character);  // NOLINT(bugprone-inc-dec-in-conditions): a macro of ICU
  at = static_cast<size_t>(index);
  return character;
}

bool is_blank(int32_t character) {
  if (character < 0x80) return is_ascii_blank(static_cast<char>(character));
  return u_isUWhiteSpace(character) || character == 0x200b || character == 0xfeff;
}

bool is_letter(int32_t character) {
  return (U_GET_GC_MASK(character) & (U_GC_L_MASK | U_GC_M_MASK)) != 0;
}

bool is_punctuation(int32_t character) {
  return (U_GET_GC_MASK(character) & (U_GC_P_MASK | U_GC_S_MASK)) != 0;
}

void trim(std::string& text) {
  const size_t end = without_blanks_at_end(text);
  text.resize(end);
  const size_t start = blanks_at_start(text);
  if (start > 0) text.erase(0, start);
}

void lower(std::string& text) {
  if (is_ascii(text)) {
    for (char& c : text)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
    return;
  }
  rewrite(text, [](icu::StringPiece from, icu::ByteSink& to, UErrorCode& error) {
    icu::CaseMap::utf8ToLower("", 0, from, to, nullptr, error);
  });
}

void upper(std::string& text) {
  if (is_ascii(text)) {
    for (char& c : text)
      if (c >= 'a' && c <= 'z') c = static_cast<char>(c - ('a' - 'A'));
    return;
  }
  rewrite(text, [](icu::StringPiece from, icu::ByteSink& to, UErrorCode& error) {
    icu::CaseMap::utf8ToUpper("", 0, from, to, nullptr, error);
  });
}

void title(std::string& text) {
  rewrite(text, [](icu::StringPiece from, icu::ByteSink& to, UErrorCode& error) {
    icu::CaseMap::utf8ToTitle("", 0, nullptr, from, to, nullptr, error);
  });
}

void compose(std::string& text) {
  if (is_ascii(text)) return;
  rewrite(text, [](icu::StringPiece from, icu::ByteSink& to, UErrorCode& error) {
    const icu::Normalizer2* normalizer = icu::Normalizer2::getNFCInstance(error);
    if (U_SUCCESS(error)) normalizer->normalizeUTF8(0, from, to, nullptr, error);
  });
}

void to_ascii(std::string& text) {
  if (is_ascii(text)) return;
  // Not to be shared between threads, and slow to make.
  thread_local const std::unique_ptr<icu::Transliterator> transliterator = [] {
    UErrorCode error = U_ZERO_ERROR;
    return std::unique_ptr<icu::Transliterator>(
        icu::Transliterator::createInstance("Any-Latin; Latin-ASCII", UTRANS_FORWARD, error));
  }();
  if (transliterator == nullptr) return;
  icu::UnicodeString characters = icu::UnicodeString::fromUTF8(piece(text));
  transliterator->transliterate(characters);
  text.clear();
  characters.toUTF8String(text);
}

}  // namespace penstock::transform
