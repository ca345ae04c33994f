// What all commands on a project stand on: its files, its connectors, its state, and the seams.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "base/disk.h"
#include "base/random.h"
#include "base/time.h"
#include "config/project.h"
#include "connector/connector.h"
#include "ledger/ledger.h"
#include "secret/secret.h"
#include "state/state.h"

namespace penstock {

class Workspace {
 public:
  // Reads the project in `directory`. What is wrong with its files goes to `diagnostics`; with errors there
  // the workspace must not be run. `random`: for the ids of runs.
  static std::unique_ptr<Workspace> open(Disk& disk, const Clock& clock, const std::string& directory,
                                         declare::Diagnostics& diagnostics,
                                         Random random = Random::from_system());

  const config::Project& project() const { return project_; }
  const connector::Catalog& catalog() const { return catalog_; }
  const declare::Resolver& resolver() const { return *resolver_; }
  // What ${secret:NAME} leads to. There as soon as penstock.yaml could be read, whatever is wrong with other
  // files.
  secret::Secrets& secrets() const { return *secrets_; }
  // Where this machine keeps what it does not share: secrets, users and tokens. The directory of the state,
  // or
  // `.penstock` in the project for a state that many machines share.
  const std::string& local_directory() const { return local_directory_; }
  const StatePaths& paths() const { return paths_; }
  // Of the state: what the paths lead to.
  Disk& disk() const { return state_->disk(); }
  Locks& locks() const { return state_->locks(); }
  state::State& state() const { return *state_; }
  // The records of runs; nullopt: nothing has run yet, and nothing is made for a question.
  Result<RunStore> runs() const { return state_->runs(); }
  Result<std::optional<RunStore>> existing_runs() const { return state_->existing_runs(); }
  const Clock& clock() const { return clock_; }
  // Time-ordered, unique on this machine: 20261123-141311-x7k2. Thread-safe.
  std::string new_run_id();

 private:
  Workspace(const Clock& clock, Random random);
  const Clock& clock_;
  std::mutex random_mutex_;
  Random random_;
  config::Project project_;
  connector::Catalog catalog_;
  std::string local_directory_;
  std::unique_ptr<secret::Secrets> secrets_;
  std::unique_ptr<declare::Resolver> resolver_;  // looks into the secrets
  StatePaths paths_;
  std::unique_ptr<state::State> state_;
};

// The kinds of destinations, for loading a project and for schemas.
std::unique_ptr<config::Kinds> destination_kinds(const connector::Catalog& catalog);

}  // namespace penstock
