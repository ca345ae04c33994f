#include <algorithm>

#include "config/shapes.h"

namespace penstock::config {
namespace {

using declare::field;
using declare::structure;
using declare::text;

bool is_git_name_byte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte > ' ' && byte != 0x7f && std::string_view("~^:?*[\\").find(c) == std::string_view::npos;
}

// What git takes as the name of a branch or remote (git-check-ref-format, git 2.39).
Result<std::string> parse_git_name(std::string_view name) {
  const bool parts_good =
      !name.starts_with('/') && !name.ends_with('/') && !name.ends_with(".lock") && !name.starts_with('.') &&
      !name.starts_with('-') && !name.ends_with('.') && name != "@" &&
      name.find("//") == std::string_view::npos && name.find("..") == std::string_view::npos &&
      name.find("/.") == std::string_view::npos && name.find(".lock/") == std::string_view::npos &&
      name.find("@{") == std::string_view::npos;
  if (!name.empty() && parts_good && std::ranges::all_of(name, is_git_name_byte)) return std::string(name);
  return Error{ErrorKind::config, "a name that git takes, such as main",
               "write the name of a branch or remote"};
}

declare::Of<std::string> git_name(std::string what) {
  return declare::parsed<std::string>({what, what + " such as main"}, parse_git_name);
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

}  // namespace

Result<Person> parse_person(std::string_view text) {
  const Error expected{ErrorKind::config, "a name and an address such as Penstock <penstock@example.com>",
                       ""};
  const size_t open = text.find('<');
  if (open == std::string_view::npos || !text.ends_with('>')) return expected;
  const std::string_view name = trimmed(text.substr(0, open));
  const std::string_view email = trimmed(text.substr(open + 1, text.size() - open - 2));
  const bool clean =
      text.find_first_of("\n\r") == std::string_view::npos && text.find('\0') == std::string_view::npos;
  if (!clean || name.empty() || email.empty() || email.find_first_of("<> ") != std::string_view::npos)
    return expected;
  return Person{std::string(name), std::string(email)};
}

const declare::Of<GitSettings>& git_shape() {
  static const declare::Of<GitSettings> shape =
      structure<GitSettings>(
          "git", "Where the project's repository is pulled from and pushed to, and who commits.",
          {field<&GitSettings::remote>("remote", git_name("the name of a remote"))
               .by_default("origin")
               .help("The remote, by its name in the repository."),
           field<&GitSettings::branch>("branch", git_name("the name of a branch"))
               .otherwise("the branch that is checked out")
               .help("The branch that is pulled, committed to and pushed. Another one that is checked out is "
                     "left alone, and nothing moves.")
               .example("main"),
           field<&GitSettings::token>("token", declare::reference_text())
               .secret()
               .help(
                   "The token of a remote whose URL begins with `https://`. One that begins with `ssh://` is "
                   "opened with the agent's keys, or the key that `PENSTOCK_GIT_SSH_KEY` names.")
               .example("${env:GIT_TOKEN}"),
           field<&GitSettings::pull_every>("pull_every", declare::duration(5s))
               .otherwise("pulled on request, or by webhook")
               .help("How often `penstock serve` pulls.")
               .example("1m"),
           field<&GitSettings::push>("push", declare::boolean())
               .by_default("true")
               .help("Whether commits that are made here are pushed."),
           field<&GitSettings::author>("author", declare::parsed<Person>({"person",
                                                                          "a name and an address such as "
                                                                          "Penstock <penstock@example.com>"},
                                                                         parse_person))
               .by_default("Penstock <penstock@localhost>")
               .help("Who commits, and who is the author where nobody is named."),
           field<&GitSettings::webhook_secret>("webhook_secret", declare::reference_text())
               .secret()
               .help("What webhooks are signed with. Without it none is taken.")
               .example("${env:GIT_WEBHOOK_SECRET}")})
          .place<&GitSettings::place>();
  return shape;
}

}  // namespace penstock::config
