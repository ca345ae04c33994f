#include "cli/prompt.h"

#include <fmt/format.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <optional>

namespace penstock::cli {
namespace {

constexpr size_t kInputBytesMax = 128UL << 10;
constexpr char kCtrlC = 3;
constexpr char kCtrlD = 4;

// The terminal without echo, as it was when the object goes. Ctrl-C comes as a character: a signal would
// leave the terminal mute.
class MuteTerminal {
 public:
  MuteTerminal() : known_(::tcgetattr(STDIN_FILENO, &before_) == 0) {
    if (!known_) return;
    termios mute = before_;
    mute.c_lflag &= static_cast<tcflag_t>(~(ECHO | ISIG | ICANON));
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &mute);
  }
  MuteTerminal(const MuteTerminal&) = delete;
  MuteTerminal& operator=(const MuteTerminal&) = delete;
  ~MuteTerminal() {
    if (known_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }

 private:
  termios before_{};
  bool known_;
};

std::optional<char> read_char() {
  char c = 0;
  for (;;) {
    const ssize_t got = ::read(STDIN_FILENO, &c, 1);
    if (got == 1) return c;
    if (got == 0 || errno != EINTR) return std::nullopt;
  }
}

Result<std::string> read_hidden_line(const std::string& question) {
  const MuteTerminal mute;  // before anybody begins to type
  std::fprintf(stderr, "%s: ", question.c_str());
  std::fflush(stderr);
  std::string line;
  std::optional<char> c;
  while ((c = read_char()) && *c != '\n' && *c != '\r' && *c != kCtrlD && *c != kCtrlC) {
    if ((*c == '\b' || *c == 0x7f) && !line.empty())
      line.pop_back();
    else if (*c != '\b' && *c != 0x7f && line.size() < kInputBytesMax)
      line += *c;
  }
  std::fputs("\n", stderr);
  if (c == kCtrlC) return Error{ErrorKind::interrupted, "nothing was changed", ""};
  return line;
}

Result<std::string> read_all() {
  std::string all;
  while (const auto c = read_char()) {
    if (all.size() == kInputBytesMax)
      return Error{ErrorKind::config, "more than 128 KiB came from standard input", "give the value alone"};
    all += *c;
  }
  if (all.ends_with('\n')) all.pop_back();
  if (all.ends_with('\r')) all.pop_back();
  return all;
}

}  // namespace

Result<declare::Secret> read_secret(const std::string& question, Ask ask) {
  const bool asks = ::isatty(STDIN_FILENO) == 1;
  auto given = asks ? read_hidden_line(question) : read_all();
  if (!given.ok()) return given.error();
  if (given->empty())
    return Error{ErrorKind::config, fmt::format("nothing was given ({})", question),
                 "type it when asked, or give it on standard input"};
  if (asks && ask == Ask::twice) {
    auto again = read_hidden_line("once more");
    if (!again.ok()) return again.error();
    if (*again != *given) return Error{ErrorKind::config, "the two are not the same", "try again"};
  }
  return declare::Secret(*std::move(given));
}

}  // namespace penstock::cli
