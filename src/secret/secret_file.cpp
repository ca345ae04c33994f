#include "secret/secret_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "declare/reference.h"

namespace penstock::secret {
namespace {

constexpr std::string_view kFirstWords = "penstock secrets ";
constexpr std::string_view kVersion = "1";
constexpr size_t kFileBytesMax = 64UL << 20;
constexpr size_t kKeyIdDigits = 32;

Error not_a_file(std::string message) {
  return {ErrorKind::disk, std::move(message),
          "restore it from a backup, or remove it and set the secrets again"};
}

Error bad_line(size_t number, std::string_view why) {
  return not_a_file(fmt::format("line {} {}", number, why));
}

bool is_key_id(std::string_view text) {
  return text.size() == kKeyIdDigits && text.find_first_not_of("0123456789abcdef") == text.npos;
}

// "word rest": the rest, if the line begins with the word.
std::optional<std::string_view> after(std::string_view line, std::string_view word) {
  if (!line.starts_with(word) || line.size() <= word.size() || line[word.size()] != ' ') return std::nullopt;
  return line.substr(word.size() + 1);
}

std::string_view take_part(std::string_view& text) {
  const size_t end = std::min(text.find(' '), text.size());
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return part;
}

std::optional<SecretLine> parse_secret(std::string_view rest) {
  SecretLine line;
  line.name = take_part(rest);
  const std::string_view time = take_part(rest);
  const auto read = std::from_chars(time.data(), time.data() + time.size(), line.set_at_micros);
  const bool is_time = !time.empty() && read.ec == std::errc() && read.ptr == time.data() + time.size();
  auto encrypted = of_base64(rest);
  if (!declare::is_secret_name(line.name) || !is_time || !encrypted || encrypted->empty())
    return std::nullopt;
  line.encrypted = *std::move(encrypted);
  return line;
}

// Lines with their ends: a file whose last line is not ended was cut off.
class Lines {
 public:
  explicit Lines(std::string_view text) : text_(text) {}
  bool next() {
    const size_t end = text_.find('\n', at_);
    if (end == text_.npos) return false;
    line_ = text_.substr(at_, end - at_);
    begin_ = at_;
    at_ = end + 1;
    ++number_;
    return true;
  }
  std::string_view line() const { return line_; }
  size_t number() const { return number_; }
  std::string_view before() const { return text_.substr(0, begin_); }
  bool is_last() const { return at_ == text_.size(); }

 private:
  std::string_view text_, line_;
  size_t at_ = 0, begin_ = 0, number_ = 0;
};

std::string line_of(const SecretLine& secret) {
  return fmt::format("secret {} {} {}\n", secret.name, secret.set_at_micros, to_base64(secret.encrypted));
}

}  // namespace

std::string SecretLine::context() const {
  return fmt::format("{}{}\n{}\n{}", kFirstWords, kVersion, name, set_at_micros);
}

const SecretLine* SecretFile::find(std::string_view name) const {
  const auto at =
      std::lower_bound(secrets.begin(), secrets.end(), name,
                       [](const SecretLine& line, std::string_view to) { return line.name < to; });
  return at != secrets.end() && at->name == name ? &*at : nullptr;
}

Result<SecretFile> parse_secret_file(std::string_view text) {
  if (text.size() > kFileBytesMax) return not_a_file("it is larger than 64 MiB");
  Lines lines(text);
  if (!lines.next() || !lines.line().starts_with(kFirstWords)) return not_a_file("it is no file of secrets");
  if (lines.line().substr(kFirstWords.size()) != kVersion)
    return Error{ErrorKind::disk, "it was written by a newer version of penstock",
                 "use that version, or a newer one"};
  SecretFile file;
  const auto key_id = lines.next() ? after(lines.line(), "key") : std::nullopt;
  if (!key_id || !is_key_id(*key_id)) return bad_line(2, "does not say with which key");
  file.key_id = *key_id;
  while (lines.next()) {
    if (const auto seal = after(lines.line(), "seal")) {
      auto bytes = of_base64(*seal);
      if (!bytes || !lines.is_last()) return bad_line(lines.number(), "is no seal at the end");
      file.seal = *std::move(bytes);
      file.sealed = lines.before();
      return file;
    }
    const auto rest = after(lines.line(), "secret");
    auto secret = rest ? parse_secret(*rest) : std::nullopt;
    if (!secret) return bad_line(lines.number(), "is no secret");
    if (!file.secrets.empty() && secret->name <= file.secrets.back().name)
      return bad_line(lines.number(), "is out of order");
    file.secrets.push_back(*std::move(secret));
  }
  return not_a_file("its end is missing");
}

std::string write_secret_file(const std::vector<SecretLine>& secrets, const Key& key) {
  std::string text = fmt::format("{}{}\nkey {}\n", kFirstWords, kVersion, key.id());
  for (const SecretLine& secret : secrets) text += line_of(secret);
  return fmt::format("{}seal {}\n", text, to_base64(key.seal(text)));
}

}  // namespace penstock::secret
