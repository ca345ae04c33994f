// completion: what shells need to complete commands, options, syncs and runs.
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "cli/command.h"

namespace penstock::cli {
namespace {

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wc23-extensions"
constexpr char kBash[] = {
#embed "completions/penstock.bash"
};
constexpr char kZsh[] = {
#embed "completions/penstock.zsh"
};
constexpr char kFish[] = {
#embed "completions/penstock.fish"
};
#pragma clang diagnostic pop

int print_script(const std::string& shell) {
  const std::string_view script = shell == "bash"  ? std::string_view(kBash, sizeof kBash)
                                  : shell == "zsh" ? std::string_view(kZsh, sizeof kZsh)
                                                   : std::string_view(kFish, sizeof kFish);
  fmt::print("{}", script);
  return kDone;
}

}  // namespace

void add_completion(Door door) {
  auto* command = door.app.add_subcommand("completion", "Print the completion script of a shell");
  command->footer(
      "Commands and options are completed, and the names of syncs, models, runs and tags of the project.\n"
      "Examples:\n  source <(penstock completion bash)\n"
      "  penstock completion zsh > \"${fpath[1]}/_penstock\"\n"
      "  penstock completion fish > ~/.config/fish/completions/penstock.fish");
  auto shell = std::make_shared<std::string>();
  command->add_option("SHELL", *shell, "Which shell")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  command->callback([door, shell] { door.run = [shell] { return print_script(*shell); }; });
}

}  // namespace penstock::cli
