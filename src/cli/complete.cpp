#include "cli/complete.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <optional>
#include <set>

#include "base/spoken.h"
#include "config/schema.h"
#include "plan/guards.h"
#include "transform/transform.h"

namespace penstock::cli {
namespace {

const std::vector<Candidate> kFilesOnly = {{":files", ""}};
const std::vector<Candidate> kDirectoriesOnly = {{":directories", ""}};

bool takes_value(const CLI::Option& option) {
  return option.get_items_expected_max() > 0;
}
// Whether values follow each other until the next option.
bool takes_many(const CLI::Option& option) {
  return option.get_items_expected_max() > 1 && option.get_allow_extra_args();
}

std::vector<const CLI::Option*> options_of(const CLI::App& app) {
  return app.get_options([](const CLI::Option* option) { return option->nonpositional(); });
}

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

// The words of "{a,b}" in what CLI11 calls an option's type.
std::vector<Candidate> choices_in(const std::string& type) {
  std::vector<Candidate> choices;
  const size_t open = type.find('{'), close = type.find('}');
  if (open == std::string::npos || close == std::string::npos) return choices;
  for (size_t at = open + 1; at < close;) {
    const size_t end = std::min(type.find(',', at), close);
    choices.push_back({type.substr(at, end - at), ""});
    at = end + 1;
  }
  return choices;
}

std::vector<Candidate> plain(const std::vector<std::string>& words) {
  std::vector<Candidate> all;
  for (const auto& word : words) all.push_back({word, ""});
  return all;
}

// Where the cursor is: the command, and what is expected there.
class Cursor {
 public:
  Cursor(const CLI::App& root, const std::vector<std::string>& words, const AskProject& ask)
      : path_{&root}, ask_(ask), last_(words.empty() ? "" : words.back()) {
    for (size_t i = 0; i + 1 < words.size(); ++i) take(words[i]);
  }

  std::vector<Candidate> candidates() {
    std::string prefix = last_;
    std::vector<Candidate> all;
    if (open_ != nullptr && !(takes_many(*open_) && last_.starts_with('-'))) {
      all = values_of(*open_, open_->get_name());
    } else if (const size_t equals = last_.find('=');
               last_.starts_with("--") && equals != std::string::npos) {
      if (const auto* option = find_option(last_.substr(0, equals)))
        for (auto& value : values_of(*option, option->get_name()))
          all.push_back({value.word.starts_with(':') ? value.word : last_.substr(0, equals + 1) + value.word,
                         value.help});
    } else if (last_.starts_with('-') && !only_values_) {
      all = option_names();
    } else {
      all = words_here();
    }
    std::erase_if(all, [&](const Candidate& one) {
      return !one.word.starts_with(':') && !one.word.starts_with(prefix);
    });
    return all;
  }

 private:
  const CLI::App& command() const { return *path_.back(); }

  // A word that stands before the cursor.
  void take(const std::string& word) {
    if (open_ != nullptr) {
      if (open_->get_name() == "-C") directory_ = word;
      // One that takes many values goes on until the next option.
      const bool is_option = word.starts_with('-') && word.size() > 1;
      if (takes_many(*open_) && !is_option) return;
      const bool was_value = !is_option || !takes_many(*open_);
      open_ = nullptr;
      if (was_value) return;
    }
    if (word == "--") {
      only_values_ = true;
    } else if (word.starts_with('-') && word.size() > 1 && !only_values_) {
      const size_t equals = word.find('=');
      const auto* option = find_option(word.substr(0, equals));
      if (option != nullptr && takes_value(*option) && equals == std::string::npos) open_ = option;
    } else if (const auto* inner = subcommand(word)) {
      path_.push_back(inner);
      positionals_ = 0;
    } else {
      ++positionals_;
    }
  }

  const CLI::App* subcommand(const std::string& name) const {
    const auto found =
        command().get_subcommands([&](const CLI::App* app) { return app->get_name() == name; });
    return found.empty() ? nullptr : found[0];
  }

  // Options of the command, and of those that it stands in.
  const CLI::Option* find_option(const std::string& name) const {
    for (const auto* app : path_)
      for (const auto* option : options_of(*app))
        if (option->check_name(name)) return option;
    return nullptr;
  }

  std::vector<Candidate> option_names() const {
    std::vector<Candidate> all;
    for (size_t i = path_.size(); i-- > 0;)
      for (const auto* option : options_of(*path_[i])) {
        for (const auto& name : option->get_lnames())
          all.push_back({"--" + name, first_line(option->get_description())});
        if (option->get_lnames().empty())
          for (const auto& name : option->get_snames())
            all.push_back({"-" + name, first_line(option->get_description())});
      }
    std::vector<Candidate> once;  // --help is of every command
    for (auto& one : all)
      if (std::none_of(once.begin(), once.end(),
                       [&](const Candidate& other) { return other.word == one.word; }))
        once.push_back(std::move(one));
    return once;
  }

  // Commands, or values of the positional whose turn it is.
  std::vector<Candidate> words_here() {
    std::vector<Candidate> all;
    for (const auto* inner : command().get_subcommands([](const CLI::App*) { return true; }))
      all.push_back({inner->get_name(), first_line(inner->get_description())});
    if (!all.empty()) return all;
    size_t left = positionals_;
    for (const auto* option :
         command().get_options([](const CLI::Option* one) { return one->get_positional(); })) {
      const auto many = static_cast<size_t>(option->get_items_expected_max());
      if (left < many) return values_of(*option, option->get_name(true));
      left -= many;
    }
    return all;
  }

  // `name`: --select, SYNC, ...
  std::vector<Candidate> values_of(const CLI::Option& option, std::string name) {
    name = name.substr(0, name.find(','));
    if (name == "-C" || name == "DIR") return kDirectoriesOnly;
    if (name == "--select") return selected();
    if (name == "--confirm") return plain({guard_names().begin(), guard_names().end()});
    if (name == "SYNC") return has_select() ? selected() : asked().syncs;
    if (name == "MODEL") return asked().models;
    if (name == "RUN") return asked().runs;
    if (name == "KIND") return plain(config::schema_names());
    if (name == "NAME") return names_here();
    if (auto choices = choices_in(option.get_type_name()); !choices.empty()) return choices;
    static constexpr std::string_view kFree[] = {"KEY",  "OBJECT", "--key",   "--field",
                                                 "--by", "--note", "--listen"};
    const bool is_free = std::find(std::begin(kFree), std::end(kFree), name) != std::end(kFree);
    const std::string type = option.get_type_name();
    if (is_free || type.starts_with("UINT") || type.starts_with("INT") || type.starts_with("FLOAT"))
      return {};
    return kFilesOnly;
  }

  // What a positional NAME is, the command tells.
  std::vector<Candidate> names_here() {
    const std::string name = command().get_name();
    if (name == "show") return asked().connectors;
    if (name != "discover") return {};
    std::vector<Candidate> all = asked().destinations;
    all.insert(all.end(), asked().sources.begin(), asked().sources.end());
    return all;
  }

  bool has_select() const {
    const auto options = options_of(command());
    return std::any_of(options.begin(), options.end(),
                       [](const auto* one) { return one->check_name("--select"); });
  }

  // Names and selectors; behind a comma the next part.
  std::vector<Candidate> selected() {
    const size_t equals = last_.starts_with("--") ? last_.find('=') : std::string::npos;
    const std::string typed = equals == std::string::npos ? last_ : last_.substr(equals + 1);
    const size_t comma = typed.rfind(',');
    const std::string before = comma == std::string::npos ? "" : typed.substr(0, comma + 1);
    std::vector<Candidate> all;
    for (const auto* list : {&asked().syncs, &asked().selectors})
      for (const auto& one : *list) {
        // `tag:` alone until it is chosen, then its values.
        const size_t colon = one.word.find(':');
        const bool is_value = colon != std::string::npos && colon + 1 < one.word.size();
        const std::string part = typed.substr(before.size());
        if (is_value != part.starts_with(one.word.substr(0, colon + 1)) && colon != std::string::npos)
          continue;
        all.push_back({before + one.word, one.help});
      }
    return all;
  }

  const ProjectNames& asked() {
    if (!names_) names_ = ask_(directory_);
    return *names_;
  }

  std::vector<const CLI::App*> path_;  // from the program to the command
  const AskProject& ask_;
  std::string last_, directory_ = ".";
  const CLI::Option* open_ = nullptr;  // waits for its value
  bool only_values_ = false;           // behind --
  size_t positionals_ = 0;
  std::optional<ProjectNames> names_;
};

void add_selectors(const config::Project& project, ProjectNames& names) {
  std::set<std::string> values;
  for (const auto& sync : project.syncs) {
    for (const auto& tag : sync.tags) values.insert("tag:" + tag);
    values.insert("destination:" + *sync.destination);
    values.insert("model:" + *sync.model);
    if (const auto* model = project.model(*sync.model)) values.insert("source:" + *model->source);
    if (!sync.owner.empty()) values.insert("owner:" + sync.owner);
  }
  for (const auto& name : config::selector_names()) names.selectors.push_back({name, "selector"});
  for (const auto& value : values) names.selectors.push_back({value, ""});
}

// Where the state is kept elsewhere, nobody is asked: a key must not wait for a network.
void add_run_names(const Workspace& workspace, ProjectNames& names) {
  if (workspace.project().state.literal().find("://") != std::string::npos) return;
  auto store = workspace.existing_runs();
  if (!store.ok() || !*store) return;
  const auto runs = (*store)->list("", 30);
  if (!runs.ok()) return;
  const Time now = workspace.clock().now();
  for (const auto& run : *runs)
    names.runs.push_back({run.run, fmt::format("{} {}, {}", run.sync, run.status, ago(run.started, now))});
}

template <class T>
std::vector<Candidate> named(const std::vector<T>& all, std::string_view what) {
  std::vector<Candidate> names;
  for (const auto& one : all) names.push_back({one.name, std::string(what)});
  return names;
}

// Of a project with mistakes what could be read.
ProjectNames names_in_project(const std::string& directory) {
  declare::Diagnostics diagnostics;
  const auto workspace = Workspace::open(real_disk(), real_clock(), directory, diagnostics);
  ProjectNames names;
  names.connectors = plain(workspace->catalog().names());
  const config::Project& project = workspace->project();
  for (const auto& sync : project.syncs)
    names.syncs.push_back({sync.name, fmt::format("{} to {}", *sync.model, *sync.destination)});
  names.models = named(project.models, "model");
  names.destinations = named(project.destinations, "destination");
  names.sources = named(project.sources, "source");
  add_selectors(project, names);
  if (diagnostics.ok()) add_run_names(*workspace, names);
  return names;
}

}  // namespace

std::vector<Candidate> complete(const CLI::App& root, const std::vector<std::string>& words,
                                const AskProject& ask) {
  return Cursor(root, words, ask).candidates();
}

int print_completions(const CLI::App& root, const std::vector<std::string>& words) {
  for (const auto& [word, help] : complete(root, words, names_in_project))
    fmt::print("{}{}{}\n", word, help.empty() ? "" : "\t", help);
  return kDone;
}

}  // namespace penstock::cli
