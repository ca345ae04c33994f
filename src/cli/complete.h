// What can stand at the cursor of a command line: read from the tree of commands, and from the project.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cli/command.h"

namespace penstock::cli {

struct Candidate {
  std::string word, help;
};

// Names that only the project knows; asked for when they are needed.
struct ProjectNames {
  std::vector<Candidate> syncs, models, destinations, sources, selectors, connectors, runs;
};
using AskProject = std::function<ProjectNames(const std::string& directory)>;

// `words`: those after the program's name up to the cursor; the last one is the one to be completed, and may
// be empty. A candidate ":files" or ":directories" stands for those of the file system.
std::vector<Candidate> complete(const CLI::App& root, const std::vector<std::string>& words,
                                const AskProject& ask);

// Prints them, one a line, word and help separated by a tab: what `penstock __complete WORD...` does.
int print_completions(const CLI::App& root, const std::vector<std::string>& words);

}  // namespace penstock::cli
