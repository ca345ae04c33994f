// Letters, case and white space of Unicode texts (UTF-8), with short ways for ASCII.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace penstock::transform {

bool is_ascii(std::string_view text);
// White space of Unicode, and what cannot be seen and comes along when people copy: zero-width space, BOM.
bool is_blank(int32_t character);
bool is_letter(int32_t character);       // with the marks that belong to letters
bool is_punctuation(int32_t character);  // and symbols

void trim(std::string& text);
void lower(std::string& text);
void upper(std::string& text);
void title(std::string& text);
// Composed form (NFC): é as one character.
void compose(std::string& text);
// Latin letters without marks: "Valéry" -> "Valery", "Müller" -> "Muller", "Ж" -> "Z".
void to_ascii(std::string& text);

// The character at `at`, which moves behind it; U+FFFD for bytes that are none.
int32_t next_character(std::string_view text, size_t& at);

// Keeps the characters that `keep` says.
template <class Keep>
void filter(std::string& text, Keep keep) {
  size_t to = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t start = at;
    if (!keep(next_character(text, at))) continue;
    text.replace(to, at - start, text, start, at - start);
    to += at - start;
  }
  text.resize(to);
}

}  // namespace penstock::transform
