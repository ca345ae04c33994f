#include "cli/alert_command.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "declare/json.h"

namespace penstock::cli {
namespace {

void say_told(const Globals& globals, const alert::Told& told) {
  const bool colour = globals.terminal.colour_err;
  const std::string whose = told.alert.empty() ? "alerts" : fmt::format("alert '{}'", told.alert);
  if (told.arrived) {
    say(globals, fmt::format("{}: told: {}\n", whose, told.title));
    return;
  }
  std::fprintf(stderr, "%s %s: %s\n", styled("warning:", Style::yellow, colour).c_str(), whose.c_str(),
               told.answer.c_str());
  if (!told.remedy.empty())
    std::fprintf(stderr, "%s %s\n", styled("   →", Style::dim, colour).c_str(), told.remedy.c_str());
}

// What a command that sends alerts stands on.
struct Desk {
  std::unique_ptr<Session> session;
  std::unique_ptr<alert::MailSender> mail;
  std::unique_ptr<alert::Alerts> alerts;
};

Result<Desk> open_desk(const Globals& globals, Workspace& workspace, alert::OnTold on_told) {
  auto session = Session::start(globals, workspace);
  if (!session.ok()) return session.error();
  Desk desk{*std::move(session), nullptr, nullptr};
  desk.mail = alert::curl_mail_sender(desk.session->loop(), own_authorities());
  desk.alerts = std::make_unique<alert::Alerts>(alert::parts_of(desk.session->loop(), desk.session->client(),
                                                                *desk.mail, workspace, desk.session->random(),
                                                                std::move(on_told)));
  return desk;
}

int no_alerts(const Globals& globals) {
  return print_error(globals, {ErrorKind::config, "this project has no alerts",
                               "write one in alerts/NAME.yaml, and name it under `alerts` of a sync"});
}

// ---- penstock alert test

std::string test_json(const config::Alert& declared, const alert::Told& told) {
  declare::JsonWriter json;
  json.begin_object().key("alert").text(declared.name).key("type").text(*declared.type);
  json.key("arrived").boolean(told.arrived).text_if("answer", told.answer);
  return json.text_if("remedy", told.remedy).end_object().str();
}

std::string test_text(const Globals& globals, const config::Alert& declared, const alert::Told& told) {
  const bool colour = globals.terminal.colour_out;
  std::string out = fmt::format(
      "{} {} ({})  {}\n", told.arrived ? styled("✓", Style::green, colour) : styled("✗", Style::red, colour),
      styled(declared.name, Style::bold, colour), *declared.type, told.answer);
  if (!told.remedy.empty()) out += styled(fmt::format("  → {}\n", told.remedy), Style::dim, colour);
  return out;
}

int test_alerts(const Globals& globals, const std::string& name) {
  auto workspace = open_workspace(globals);
  if (!workspace) return kUsage;
  const auto& project = workspace->project();
  if (project.alerts.empty()) return no_alerts(globals);
  if (!name.empty() && project.alert(name) == nullptr)
    return print_error(
        globals, {ErrorKind::config, fmt::format("there is no alert '{}'", name),
                  declare::did_you_mean(name, config::names_of(project.alerts)) +
                      fmt::format(" (alerts: {})", declare::list_names(config::names_of(project.alerts)))});
  auto desk = open_desk(globals, *workspace, nullptr);
  if (!desk.ok()) return print_error(globals, desk.error());
  int exit = kDone;
  for (const auto& declared : project.alerts) {
    if (!name.empty() && declared.name != name) continue;
    const alert::Told told = desk->session->loop().run(desk->alerts->test(declared.name));
    fmt::print("{}", globals.json ? test_json(declared, told) + "\n" : test_text(globals, declared, told));
    std::fflush(stdout);
    if (!told.arrived) exit = kFailed;
  }
  return exit;
}

// ---- penstock alert list

std::vector<std::string> syncs_of(const config::Project& project, const std::string& alert) {
  std::vector<std::string> names;
  for (const auto& sync : project.syncs)
    for (const auto& each : sync.alerts)
      if (*each == alert) names.push_back(sync.name);
  return names;
}

void add_names(declare::JsonWriter& json, const char* key, const std::vector<std::string>& names) {
  json.key(key).begin_array();
  for (const auto& name : names) json.text(name);
  json.end_array();
}

std::vector<std::string> event_names(const config::Alert& declared) {
  std::vector<std::string> names;
  for (const auto event : declared.on) names.emplace_back(alert::name_of(event));
  return names;
}

void add_outage(declare::JsonWriter& json, const alert::OpenOutage& outage) {
  json.begin_object().key("id").text(outage.id).key("what").text(outage.what);
  json.key("cause").text(outage.cause).key("since").text(iso8601(outage.since));
  if (outage.told) json.key("told").text(iso8601(*outage.told));
  add_names(json, "syncs", outage.syncs);
  add_names(json, "restored", outage.restored);
  json.end_object();
}

std::string list_json(const config::Project& project, const config::Alert& declared,
                      const std::vector<alert::OpenOutage>& open) {
  declare::JsonWriter json;
  json.begin_object().key("alert").text(declared.name).key("type").text(*declared.type);
  add_names(json, "on", event_names(declared));
  add_names(json, "syncs", syncs_of(project, declared.name));
  json.key("open").begin_array();
  for (const auto& outage : open)
    if (outage.alert == declared.name) add_outage(json, outage);
  return json.end_array().end_object().str();
}

std::string list_text(const Globals& globals, const config::Project& project,
                      const std::vector<alert::OpenOutage>& open, Time now) {
  Table table({"alert", "type", "tells of", "syncs", "open"});
  for (const auto& declared : project.alerts) {
    const auto is_its = [&](const auto& outage) { return outage.alert == declared.name; };
    table.add({declared.name, *declared.type, fmt::format("{}", fmt::join(event_names(declared), ", ")),
               number(syncs_of(project, declared.name).size()),
               number(static_cast<uint64_t>(std::count_if(open.begin(), open.end(), is_its)))});
  }
  std::string out = table.text(globals.terminal);
  for (const auto& outage : open) {
    out += fmt::format("\n{} {} (since {}, {})\n", styled("!", Style::yellow, globals.terminal.colour_out),
                       outage.what, ago(outage.since, now),
                       outage.told ? fmt::format("'{}' was told {}", outage.alert, ago(*outage.told, now))
                                   : fmt::format("'{}' is not told yet", outage.alert));
    if (!outage.syncs.empty()) out += fmt::format("  fails: {}\n", fmt::join(outage.syncs, ", "));
    if (!outage.restored.empty()) out += fmt::format("  works again: {}\n", fmt::join(outage.restored, ", "));
  }
  return out;
}

int list_alerts(const Globals& globals) {
  auto workspace = open_workspace(globals);
  if (!workspace) return kUsage;
  const auto& project = workspace->project();
  if (project.alerts.empty()) return no_alerts(globals);
  auto open = alert::open_outages(*workspace);
  if (!open.ok()) return print_error(globals, open.error());
  if (!globals.json) {
    fmt::print("{}", list_text(globals, project, *open, workspace->clock().now()));
    return kDone;
  }
  for (const auto& declared : project.alerts) fmt::print("{}\n", list_json(project, declared, *open));
  return kDone;
}

}  // namespace

RunAlerts::RunAlerts(const Globals& globals, Session& session, Workspace& workspace, bool wanted)
    : session_(session) {
  if (!wanted) return;
  mail_ = alert::curl_mail_sender(session.loop(), own_authorities());
  alerts_ = std::make_unique<alert::Alerts>(
      alert::parts_of(session.loop(), session.client(), *mail_, workspace, session.random(),
                      [&globals](const alert::Told& told) { say_told(globals, told); }));
}

void RunAlerts::add(const EndedSync& ended) {
  if (alerts_ && ended.report) alerts_->on_run_ended(ended.sync, *ended.report);
}

void RunAlerts::send() {
  if (alerts_) session_.loop().run(alerts_->flush());
}

void add_alert(Door door) {
  auto* command = door.app.add_subcommand("alert", "Alerts: try them, and see what is open");
  command->require_subcommand(1);
  auto* list = command->add_subcommand("list", "The project's alerts, and what they told that is not over");
  list->footer("Example:\n  penstock alert list --json");
  list->callback([door] { door.run = [door] { return list_alerts(door.globals); }; });
  auto* test = command->add_subcommand("test", "Send a test message, and say what the receiver answered");
  test->footer(
      "To PagerDuty an event of severity `info` is sent, and resolved at once.\n"
      "Exit codes: 0 all arrived, 1 one did not, 2 configuration.\n"
      "Examples:\n  penstock alert test\n  penstock alert test ops");
  auto name = std::make_shared<std::string>();
  test->add_option("NAME", *name, "The alert; all of them when none is named");
  test->callback([door, name] { door.run = [door, name] { return test_alerts(door.globals, *name); }; });
}

}  // namespace penstock::cli
