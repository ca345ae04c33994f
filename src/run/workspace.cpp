#include "run/workspace.h"

#include <fmt/format.h>

#include <cstdlib>
#include <ctime>

#include "config/resolver.h"
#include "net/crypto.h"
#include "secret/outer.h"
#include "source/dbt/dbt.h"
#include "source/source.h"
#include "sync_log/sync_log.h"

namespace penstock {
namespace {

class ConnectorKinds final : public config::Kinds {
 public:
  explicit ConnectorKinds(const connector::Catalog& catalog) : catalog_(catalog) {}
  std::vector<std::string> names() const override { return catalog_.names(); }
  const declare::Of<declare::Settings>* find(std::string_view name) const override {
    const auto connector = catalog_.find(name);
    return connector == nullptr ? nullptr : &connector->settings_shape();  // the catalogue keeps it alive
  }

 private:
  const connector::Catalog& catalog_;
};

void add_own_connectors(Disk& disk, const std::string& directory, connector::Catalog& catalog,
                        declare::Diagnostics& diagnostics) {
  for (const auto& name : config::own_connector_files(disk, directory)) {
    auto text = disk.read(join_path(directory, name));
    if (text.ok())
      catalog.add(std::make_shared<declare::SourceFile>(name, *std::move(text)), diagnostics);
    else
      diagnostics.error({}, text.error().message);
  }
}

// Values as the file has them; what a reference leads to is not looked at.
connector::SettingValues values_as_written(const config::Destination& destination) {
  connector::SettingValues values;
  for (const auto& setting : destination.settings.all()) values.emplace(setting.name, setting.node.text);
  return values;
}

// "access_token, or client_id and refresh_token"
std::string logins_of(const connector::Declaration& declaration) {
  const auto choices = connector::choices_of(declaration.auth);
  std::string out;
  for (size_t i = choices.size(); i-- > 0;) {
    const auto names = connector::settings_of_login(declaration, choices[i].use);
    if (!names.empty()) out += (out.empty() ? "" : ", or ") + declare::list_names(names, 12, "and");
  }
  return out;
}

// A destination whose login lacks a setting, whatever the environment holds.
void check_logins(const config::Project& project, const connector::Catalog& catalog,
                  declare::Diagnostics& diagnostics) {
  for (const auto& destination : project.destinations) {
    const auto connector = catalog.find(*destination.type);
    if (connector == nullptr) continue;
    const connector::Declaration& declaration = connector->declaration();
    const auto login = connector::bind_login(declaration, values_as_written(destination), {});
    if (login.missing.empty()) continue;
    diagnostics
        .error(destination.type.place, fmt::format("the login of {} needs {}", declaration.title,
                                                   declare::list_names(login.missing, 12, "and")))
        .remedy = fmt::format("give {}", logins_of(declaration));
  }
}

void check_sync_log(const config::Project& project, declare::Diagnostics& diagnostics) {
  if (!project.sync_log) return;
  const config::Source* source = project.source(*project.sync_log->source);
  if (source == nullptr) return;  // that is said elsewhere
  const auto can = can_hold_log(*source);
  if (!can.ok())
    diagnostics.error(project.sync_log->source.place, can.error().message).remedy = can.error().remedy;
}

// Copies of a shared state lie in the project, unless PENSTOCK_CACHE names another place.
Result<std::unique_ptr<state::State>> open_state(Disk& disk, const std::string& directory,
                                                 const std::string& text) {
  auto place = state::parse_place(text);
  if (!place.ok()) return place.error();
  if (place->kind == state::PlaceKind::directory && !text.starts_with('/'))
    place->where = join_path(directory, text);
  const char* cache = std::getenv("PENSTOCK_CACHE");
  const std::string name =
      hex(sha256("penstock state\n" + place->shown + "\n" + place->schema + "\n" + place->endpoint))
          .substr(0, 12);
  const std::string base = cache != nullptr && *cache != 0 ? cache : join_path(directory, ".penstock/shared");
  return state::State::open(disk, *place, join_path(base, name));
}

// A state whose text holds a secret is a server's address: the secrets are where it cannot be asked for yet.
std::string find_local_directory(Disk& disk, const config::Project& project, const std::string& directory) {
  const std::string in_project = join_path(directory, ".penstock");
  for (const auto& piece : project.state.pieces)
    if (piece.kind == declare::Reference::Kind::secret || piece.kind == declare::Reference::Kind::outer)
      return in_project;
  auto text = declare::resolve(project.state, config::MachineResolver(disk, directory));
  if (!text.ok() || text->empty()) return in_project;
  auto place = state::parse_place(*text);
  if (!place.ok() || place->kind != state::PlaceKind::directory) return in_project;
  return text->starts_with('/') ? *text : join_path(directory, *text);
}

// Secrets of the project's own file, and of outer stores: these are asked by one for the whole process, which
// keeps what it found for a while.
std::unique_ptr<declare::Resolver> resolver_with(Disk& disk, const std::string& directory,
                                                 const secret::Secrets& secrets) {
  using Found = Result<std::optional<std::string>>;
  const auto own = [&secrets](const std::string& name) -> Found {
    auto value = secrets.get(name);
    if (!value.ok()) return value.error();
    return *value ? std::optional((*value)->reveal()) : std::nullopt;
  };
  const auto outer = [](const std::string& scheme, const std::string& name) -> Found {
    static secret::OuterSecrets stores(real_clock(), real_disk());
    return stores.get(scheme, name);
  };
  return std::make_unique<config::MachineResolver>(disk, directory, own, outer);
}

}  // namespace

std::unique_ptr<config::Kinds> destination_kinds(const connector::Catalog& catalog) {
  return std::make_unique<ConnectorKinds>(catalog);
}

Workspace::Workspace(const Clock& clock, Random random) : clock_(clock), random_(random) {}

std::unique_ptr<Workspace> Workspace::open(Disk& disk, const Clock& clock, const std::string& directory,
                                           declare::Diagnostics& diagnostics, Random random) {
  auto workspace = std::unique_ptr<Workspace>(new Workspace(clock, random));
  add_own_connectors(disk, directory, workspace->catalog_, diagnostics);
  const ConnectorKinds destinations(workspace->catalog_);
  workspace->project_ = config::load_project(disk, directory, {source_kinds(), destinations}, diagnostics);
  dbt::look_up(disk, workspace->project_, diagnostics);
  workspace->local_directory_ = find_local_directory(disk, workspace->project_, directory);
  workspace->secrets_ = std::make_unique<secret::Secrets>(disk, workspace->local_directory_);
  workspace->resolver_ = resolver_with(disk, directory, *workspace->secrets_);
  check_logins(workspace->project_, workspace->catalog_, diagnostics);
  check_sync_log(workspace->project_, diagnostics);
  if (!diagnostics.ok()) return workspace;
  auto state = declare::resolve(workspace->project_.state, *workspace->resolver_);
  if (!state.ok()) {
    diagnostics.error(workspace->project_.state.place, state.error().message);
    return workspace;
  }
  auto opened = open_state(disk, directory, *state);
  if (!opened.ok()) {
    // The line is not shown where it may hold a password.
    const bool may_be_shown = state->find('@') == std::string::npos;
    diagnostics
        .error(may_be_shown ? workspace->project_.state.place : declare::Place{}, opened.error().message)
        .remedy = opened.error().remedy;
    return workspace;
  }
  workspace->state_ = *std::move(opened);
  workspace->paths_.root = workspace->state_->root();
  return workspace;
}

std::string Workspace::new_run_id() {
  static constexpr char kDigits[] = "0123456789abcdefghjkmnpqrstvwxyz";
  const std::time_t seconds = std::chrono::system_clock::to_time_t(
      std::chrono::time_point_cast<std::chrono::system_clock::duration>(clock_.now()));
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  std::string id = fmt::format("{:04}{:02}{:02}-{:02}{:02}{:02}-", utc.tm_year + 1900, utc.tm_mon + 1,
                               utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec);
  const std::lock_guard lock(random_mutex_);
  for (int i = 0; i < 4; ++i) id += kDigits[random_.below(32)];
  return id;
}

}  // namespace penstock
