// For tests: a bare remote and clones of it, with the real git as the people who work in them.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/temp_directory.h"
#include "repository/repository.h"

namespace penstock::repository {

class TestClock final : public Clock {
 public:
  Time now() const override { return now_; }
  Instant instant() const override { return Instant(now_.time_since_epoch()); }
  Time now_ = from_unix_micros(1'795'788'900'000'000);  // 2026-11-27T14:15:00Z
};

// A project is valid when its penstock.yaml is there, nothing says INVALID, and each sync's model is there.
inline void validate_for_test(Disk& disk, const std::string& directory, Diagnostics& diagnostics) {
  if (!disk.exists(join_path(directory, "penstock.yaml")).value()) diagnostics.error({}, "no penstock.yaml");
  for (const char* folder : {"models", "syncs"}) {
    auto names = disk.list(join_path(directory, folder));
    if (!names.ok()) continue;
    for (const std::string& name : *names) {
      auto text = disk.read(join_path(directory, fmt::format("{}/{}", folder, name)));
      if (!text.ok()) continue;
      if (text->find("INVALID") != std::string::npos) diagnostics.error({}, name + " is invalid");
      if (!text->starts_with("model: ")) continue;
      const std::string model = text->substr(7, text->find('\n') - 7);
      if (!disk.exists(join_path(directory, "models/" + model + ".sql")).value())
        diagnostics.error({}, fmt::format("{}: there is no model '{}'", name, model));
    }
  }
}

class Places : public testing::Test {
 protected:
  Places() {
    run(fmt::format("git init -q --bare -b main {}", temp_.path("remote.git")));
    run(fmt::format("git clone -q {} {} 2>&1", temp_.path("remote.git"), temp_.path("here")));
    run("cd " + here() + " && git checkout -q -b main 2>&1 || true");
    write("penstock.yaml", "project: acme\n");
    write("models/a.sql", "select 1\n");
    write("syncs/a.yaml", "model: a\n");
    write("syncs/b.yaml", "model: a\nlines: many\n");
    write("notes.txt", "not of the project\n");
    git("add . && git commit -q -m 'The project' && git push -q -u origin main");
    run(fmt::format("git clone -q {} {} 2>&1", temp_.path("remote.git"), there()));
  }

  std::string here() const { return temp_.path("here"); }
  std::string there() const { return temp_.path("there"); }

  // The real git with people's names; its output without the last line end.
  std::string run(const std::string& command) const {
    const std::string line =
        "export GIT_CONFIG_GLOBAL=/dev/null GIT_AUTHOR_NAME=Ann GIT_AUTHOR_EMAIL=ann@x "
        "GIT_COMMITTER_NAME=Ann GIT_COMMITTER_EMAIL=ann@x; " +
        command;
    std::FILE* pipe = ::popen(line.c_str(), "r");
    std::string out;
    char block[4096];
    for (size_t got = 0; (got = std::fread(block, 1, sizeof block, pipe)) > 0;) out.append(block, got);
    EXPECT_EQ(::pclose(pipe), 0) << command << "\n" << out;
    if (out.ends_with('\n')) out.pop_back();
    return out;
  }
  std::string git(const std::string& arguments) const { return run("cd " + here() + " && git " + arguments); }
  std::string git_there(const std::string& arguments) const {
    return run("cd " + there() + " && git " + arguments);
  }

  void write(const std::string& path, const std::string& text) const { write_in(here(), path, text); }
  static void write_in(const std::string& root, const std::string& path, const std::string& text) {
    const std::string whole = root + "/" + path;
    ASSERT_TRUE(real_disk().make_directories(whole.substr(0, whole.rfind('/'))).ok());
    ASSERT_TRUE(real_disk().replace(whole, text).ok());
  }
  std::string read(const std::string& path) const {
    auto text = real_disk().read(here() + "/" + path);
    return text.ok() ? *text : "(none)";
  }
  // Somebody else changes a file, and pushes.
  void push_there(const std::string& path, const std::string& text) const {
    git_there("pull -q --rebase");
    write_in(there(), path, text);
    git_there("add . && git commit -q -m 'Theirs' && git push -q");
  }

  std::unique_ptr<Repository> open(Settings settings = {}) { return open_at(here(), std::move(settings)); }
  std::unique_ptr<Repository> open_at(const std::string& directory, Settings settings = {}) {
    auto opened = Repository::open(real_disk(), clock_, directory, std::move(settings), validate_for_test);
    EXPECT_TRUE(opened.ok()) << opened.error().message;
    return *std::move(opened);
  }
  // An edit as an editor makes it that has just opened the file.
  static Edit edit(Repository& repository, const std::string& path, std::optional<std::string> content) {
    auto file = repository.file(path);
    EXPECT_TRUE(file.ok()) << file.error().message;
    return {path, std::move(content), file->blob};
  }
  static CommitReport commit(Repository& repository, std::vector<Edit> edits,
                             std::string message = "An edit") {
    auto report = repository.commit(std::move(edits), {"Eve", "eve@example.com"}, std::move(message));
    EXPECT_TRUE(report.ok()) << report.error().message;
    return report.ok() ? *std::move(report) : CommitReport{};
  }

  TempDirectory temp_;
  TestClock clock_;
};

}  // namespace penstock::repository
