// A letter as a mail: RFC 5322 (headers), RFC 2045 and 2046 (parts), RFC 2047 (words that are not ASCII).
#include <fmt/format.h>

#include <ctime>

#include "alert/receivers.h"
#include "declare/utf8.h"
#include "net/crypto.h"

namespace penstock::alert {
namespace {

constexpr size_t kSubjectMax = 200;
// An encoded word is at most 75 characters: 45 bytes are 60 in Base64.
constexpr size_t kWordBytes = 45;

bool is_plain_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return c >= 32 && c < 127; });
}

// No text of others ends a header's line: control characters are blanks.
std::string one_line(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (static_cast<unsigned char>(c) < 32 || c == 127) c = ' ';
  return out;
}

// Encoded words, folded; each holds whole characters.
std::string encoded_words(std::string_view text) {
  std::string out, word;
  const auto end_word = [&] {
    if (word.empty()) return;
    out += fmt::format("{}=?utf-8?B?{}?=", out.empty() ? "" : "\r\n ", base64(word));
    word.clear();
  };
  while (!text.empty()) {
    const size_t bytes = std::max<size_t>(1, declare::character_bytes(text));
    if (word.size() + bytes > kWordBytes) end_word();
    word += text.substr(0, bytes);
    text.remove_prefix(bytes);
  }
  end_word();
  return out;
}

std::string header_text(std::string_view text) {
  const std::string line = one_line(text);
  return is_plain_ascii(line) && line.size() <= 70 && line.find("=?") == line.npos ? line
                                                                                   : encoded_words(line);
}

std::string mailbox_header(std::string_view mailbox) {
  std::string address = address_of(mailbox);
  if (!mailbox.ends_with('>')) return address;
  std::string_view name = mailbox.substr(0, mailbox.find('<'));
  while (name.ends_with(' ')) name.remove_suffix(1);
  if (name.empty()) return address;
  const bool is_simple =
      is_plain_ascii(name) && name.find_first_of("\"\\=?") == name.npos && name.size() <= 70;
  return fmt::format("{} <{}>", is_simple ? fmt::format("\"{}\"", name) : encoded_words(one_line(name)),
                     address);
}

// "Fri, 27 Nov 2026 07:00:12 +0000"
std::string date_header(Time time) {
  static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t seconds = std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} +0000", kDays[utc.tm_wday], utc.tm_mday,
                     kMonths[utc.tm_mon], utc.tm_year + 1900, utc.tm_hour, utc.tm_min, utc.tm_sec);
}

std::string in_html(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string plain_body(const Letter& letter) {
  std::string out;
  for (const Section& section : letter.sections) {
    out += section.title + "\n\n";
    for (const auto& [name, value] : section.facts) out += fmt::format("{}: {}\n", name, value);
    if (!section.said.empty()) out += fmt::format("\n> {}\n", section.said);
    if (!section.remedy.empty()) out += fmt::format("\nWhat to do: {}\n", section.remedy);
    if (!section.command.empty()) out += fmt::format("\n    {}\n", section.command);
    if (!section.link.empty()) out += fmt::format("\n{}\n", section.link);
    out += "\n";
  }
  return out + (letter.note.empty() ? "" : letter.note + "\n");
}

std::string html_section(const Section& section) {
  std::string out = fmt::format("<h2>{}</h2>\n<table>\n", in_html(section.title));
  for (const auto& [name, value] : section.facts)
    out += fmt::format("<tr><td><b>{}</b></td><td>{}</td></tr>\n", in_html(name), in_html(value));
  out += "</table>\n";
  if (!section.said.empty()) out += fmt::format("<blockquote>{}</blockquote>\n", in_html(section.said));
  if (!section.remedy.empty()) out += fmt::format("<p>What to do: {}</p>\n", in_html(section.remedy));
  if (!section.command.empty()) out += fmt::format("<pre>{}</pre>\n", in_html(section.command));
  if (!section.link.empty()) out += fmt::format("<p><a href=\"{0}\">{0}</a></p>\n", in_html(section.link));
  return out;
}

std::string html_body(const Letter& letter) {
  std::string out = "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"></head><body>\n";
  for (const Section& section : letter.sections) out += html_section(section);
  if (!letter.note.empty()) out += fmt::format("<p>{}</p>\n", in_html(letter.note));
  return out + "</body></html>\n";
}

// Base64 in lines of 76 characters: no line is too long, begins with a dot, or needs an 8-bit way.
std::string part(std::string_view type, std::string_view text) {
  std::string out =
      fmt::format("Content-Type: {}; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n", type);
  const std::string encoded = base64(text);
  for (size_t at = 0; at < encoded.size(); at += 76) out += encoded.substr(at, 76) + "\r\n";
  return out;
}

std::string short_hash(std::string_view text) {
  return hex(sha256(text)).substr(0, 24);
}

}  // namespace

std::string address_of(std::string_view mailbox) {
  if (!mailbox.ends_with('>')) return std::string(mailbox);
  const size_t open = mailbox.find('<');
  return std::string(mailbox.substr(open + 1, mailbox.size() - open - 2));
}

Mail mail_of(const std::string& from, const std::vector<std::string>& to, const Letter& letter,
             const Origin& origin) {
  Mail mail;
  mail.from = address_of(from);
  std::string recipients;
  for (const std::string& each : to) {
    mail.to.push_back(address_of(each));
    recipients += (recipients.empty() ? "" : ",\r\n ") + mailbox_header(each);
  }
  const std::string domain = mail.from.substr(mail.from.find('@') + 1);
  // Mails about one outage hang together: they refer to one that is never sent.
  const std::string thread =
      fmt::format("<{}@{}>", short_hash(origin.project + "\n" + letter.sections[0].id), domain);
  const std::string own = fmt::format("<{}.{}@{}>", short_hash(letter.title + letter.sections[0].id),
                                      unix_micros(letter.at), domain);
  const std::string boundary = "=_penstock_" + short_hash(own);
  mail.text = fmt::format(
      "Date: {}\r\nFrom: {}\r\nTo: {}\r\nSubject: {}\r\nMessage-ID: {}\r\nIn-Reply-To: {}\r\nReferences: "
      "{}\r\n"
      "MIME-Version: 1.0\r\nAuto-Submitted: auto-generated\r\n"
      "Content-Type: multipart/alternative; boundary=\"{}\"\r\n\r\n",
      date_header(letter.at), mailbox_header(from), recipients,
      header_text(declare::shorten(letter.title, kSubjectMax)), own, thread, thread, boundary);
  mail.text += fmt::format("--{}\r\n{}", boundary, part("text/plain", plain_body(letter)));
  mail.text += fmt::format("--{}\r\n{}", boundary, part("text/html", html_body(letter)));
  mail.text += fmt::format("--{}--\r\n", boundary);
  return mail;
}

}  // namespace penstock::alert
