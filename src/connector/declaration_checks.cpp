#include "connector/declaration_checks.h"

#include <fmt/format.h>

#include "connector/auth_checks.h"
#include "connector/text_template.h"

namespace penstock::connector {
namespace {

using declare::Diagnostics;
using What = Placeholder::What;

template <class T>
std::vector<std::string> names_of(const std::vector<Named<T>>& entries) {
  std::vector<std::string> names;
  for (const auto& entry : entries) names.push_back(entry.name);
  return names;
}

class Checker {
 public:
  Checker(const Declaration& declaration, Diagnostics& diagnostics)
      : d_(declaration), diagnostics_(diagnostics) {}

  void all() {
    settings();
    auth();
    template_text(d_.base.value, d_.base.place, Scope::login);
    for (const auto& header : d_.headers) template_text(header.value, header.name_place, Scope::login);
    for (const auto& group : d_.limits) limit_group(group);
    for (const auto& operation : d_.operations) this->operation(operation);
    route(d_.routes.id);
    route(d_.routes.unique);
    route(d_.routes.search);
    objects();
    for (const auto& rule : d_.replies) reply(rule);
    if (d_.discover.fields) {
      request(d_.discover.fields->request, 1);
      limit(d_.discover.fields->limit);
    }
  }

 private:
  // Where a text stands: besides settings, login: nothing; request: what a batch has; body: also what a row
  // has; job: what a job's own request has.
  enum class Scope { login, request, body, job };

  void unknown(std::string_view what, const std::string& name, const Place& place,
               const std::vector<std::string>& known) {
    auto& diagnostic = diagnostics_.error(place, fmt::format("there is no {} '{}'", what, name));
    diagnostic.hint = declare::did_you_mean(name, known);
    diagnostic.remedy = fmt::format("known: {}", declare::list_names(known));
  }

  void settings() {
    for (const auto& setting : d_.settings) {
      const bool is_choice = setting.value.type == SettingDeclaration::Type::choice;
      if (is_choice == setting.value.choices.empty())
        diagnostics_.error(setting.name_place, is_choice ? "a choice needs `choices`"
                                                         : "`choices` belong to a setting of type choice");
    }
  }

  void auth() {
    check_auth(d_.auth, diagnostics_);
    for (const AuthChoice& choice : choices_of(d_.auth)) {
      conditions(choice.when);
      for (const AuthText& text : texts_of(choice.use))
        template_text(text.text->value, text.text->place, Scope::login);
      if (const auto* oauth2 = std::get_if<OAuth2Auth>(&choice.use))
        for (const auto& extra : oauth2->extra) template_text(extra.value, extra.name_place, Scope::login);
    }
  }

  void conditions(const SettingConditions& when) {
    for (const auto& condition : when) setting(condition.name, condition.name_place);
  }

  void setting(const std::string& name, const Place& place) {
    const auto known = names_of(d_.settings);
    if (std::find(known.begin(), known.end(), name) == known.end()) unknown("setting", name, place, known);
  }

  void limit_group(const Named<LimitGroup>& group) {
    for (const auto& rate : group.value.rates) conditions(rate.when);
    if (group.value.rates.empty() || !group.value.rates.back().when.empty())
      diagnostics_.error(group.name_place,
                         fmt::format("the last rate of '{}' must hold without conditions", group.name));
  }

  void limit(const Placed<std::string>& name) {
    const auto known = names_of(d_.limits);
    if (std::find(known.begin(), known.end(), *name) == known.end())
      unknown("limit group", *name, name.place, known);
  }

  void operation(const Named<Operation>& named) {
    const Operation& operation = named.value;
    request(operation.request, operation.rows);
    limit(operation.limit);
    if (operation.body) body(*operation.body, operation.rows);
    for (const auto& rule : operation.replies) reply(rule);
    if (operation.job) job(*operation.job, operation);
  }

  void job(const JobRule& job, const Operation& operation) {
    if (operation.find) diagnostics_.error(job.place, "a look-up cannot be a job");
    for (const auto* part : {&job.create, &job.start, &job.abort, &job.end})
      if (*part) job_request(**part);
    job_request(*job.poll);
    if (!job.poll->open.empty() && !job.start)
      diagnostics_.error(job.poll->place, "`open` is for jobs that are started: there is no `start`");
    for (const auto& result : job.results) job_result(result);
    for (const Verdict verdict : {job.unnamed, job.unnamed_failed})
      if (verdict != Verdict::accepted && verdict != Verdict::rejected && verdict != Verdict::retry)
        diagnostics_.error(job.place, "`unnamed` of a job is accepted, rejected or retry");
  }

  void job_request(const JobRequest& part) {
    method_and_path(part.request, Scope::job);
    if (!part.limit->empty()) limit(part.limit);
    if (part.body) job_body(*part.body);
    for (const auto& rule : part.replies) {
      reply(rule);
      if (rule.is == Verdict::rows || rule.is == Verdict::split)
        diagnostics_.error(rule.place, "this request of a job carries no rows");
    }
  }

  void job_body(const Node& node) {
    if (node.is_scalar()) return template_text(node.text, node.place, Scope::job);
    for (const auto& item : node.items) job_body(item);
    for (const auto& entry : node.entries) job_body(entry.value);
  }

  void job_result(const JobResult& result) {
    const bool asked_for = !result.request->empty() || !result.url.empty();
    if (!result.request->empty()) job_request(result);
    if (!result.request->empty() && !result.url.empty())
      diagnostics_.error(result.place, "results are asked for by `request` or by `url`, not both");
    if (!asked_for && (result.content != JobResult::Content::json || !result.next.empty()))
      diagnostics_.error(result.place, "results in the last poll's reply are JSON, and all there is");
    if (!result.next.empty() && result.content != JobResult::Content::json)
      diagnostics_.error(result.place, "`next` is a path in a JSON reply");
    for (const auto& row : result.rows) row_rule(row);
  }

  void row_rule(const RowRule& row) {
    if (row.by != RowRule::By::position && row.at.empty())
      diagnostics_.error(row.each.place, "`by` needs `at`: the path of what names the row");
  }

  void request(const Placed<std::string>& request, int64_t rows) {
    method_and_path(request, rows == 1 ? Scope::body : Scope::request);
  }

  void method_and_path(const Placed<std::string>& request, Scope scope) {
    static const std::vector<std::string> kMethods{"GET", "POST", "PUT", "PATCH", "DELETE"};
    const size_t space = request->find(' ');
    const std::string method = request->substr(0, space);
    if (space == std::string::npos || std::find(kMethods.begin(), kMethods.end(), method) == kMethods.end() ||
        request->substr(space + 1, 1) != "/") {
      diagnostics_.error(request.place, "expected a method and a path, such as POST /things/{object}");
      return;
    }
    template_text(request->substr(space + 1), request.place, scope);
  }

  void body(const Node& node, int64_t rows) {
    each_row_ = 0;
    visit(node, rows == 1);
    if (each_row_ > 1) diagnostics_.error(node.place, "a body has one list of rows, this one has several");
    if (each_row_ == 0 && rows > 1)
      diagnostics_.error(node.place, "a request of several rows needs `each_row` (or {matches}) in its body");
  }

  void visit(const Node& node, bool in_row) {
    if (node.is_scalar()) return body_text(node, in_row);
    for (const auto& item : node.items) visit(item, in_row);
    const bool is_rows = node.entries.size() == 1 && node.entries[0].key == "each_row";
    if (is_rows) ++each_row_;
    for (const auto& entry : node.entries) visit(entry.value, in_row || is_rows);
  }

  void body_text(const Node& node, bool in_row) {
    const auto text = parse(node.text, node.place);
    if (!text) return;
    for (const auto& piece : text->pieces()) {
      if (!piece.placeholder) continue;
      const Placeholder& placeholder = *piece.placeholder;
      known_setting(placeholder, node.place);
      if (is_of_batch(placeholder.what)) ++each_row_;
      if (is_of_batch(placeholder.what) && text->alone() == nullptr)
        diagnostics_.error(node.place, "a list of rows must be the whole value");
      if (placeholder.what == What::job)
        diagnostics_.error(node.place, "{job} can stand in paths, and in the requests of a `job`");
      if (is_of_row(placeholder.what) && !in_row)
        diagnostics_.error(node.place, "a placeholder of a row stands outside `each_row`");
      if ((placeholder.what == What::fields || placeholder.what == What::read_fields) &&
          text->alone() == nullptr)
        diagnostics_.error(node.place, "{fields} and {read_fields} must be the whole value");
    }
  }

  std::optional<TextTemplate> parse(const std::string& text, const Place& place) {
    auto parsed = TextTemplate::parse(text);
    if (parsed.ok()) return *std::move(parsed);
    diagnostics_.error(place, parsed.error().message).remedy = parsed.error().remedy;
    return std::nullopt;
  }

  void known_setting(const Placeholder& placeholder, const Place& place) {
    if (placeholder.what == What::setting) setting(placeholder.argument, place);
  }

  void template_text(const std::string& text, const Place& place, Scope scope) {
    const auto parsed = parse(text, place);
    if (!parsed) return;
    for (const auto& piece : parsed->pieces()) {
      if (!piece.placeholder) continue;
      known_setting(*piece.placeholder, place);
      const What what = piece.placeholder->what;
      const bool fits = what == What::setting ||
                        (scope != Scope::login && (what == What::object || what == What::match_field)) ||
                        (scope == Scope::body && (what == What::match || what == What::record_id)) ||
                        (scope != Scope::login && what == What::job) ||
                        (scope == Scope::job && what == What::page);
      if (!fits) diagnostics_.error(place, "this placeholder cannot stand here");
    }
  }

  void reply(const ReplyRule& rule) {
    if ((rule.is == Verdict::rows) == rule.rows.empty())
      diagnostics_.error(rule.place,
                         rule.rows.empty() ? "`is: rows` needs `rows`" : "`rows` needs `is: rows`");
    for (const auto& status : rule.status)
      if (!is_status(status))
        diagnostics_.error(rule.place,
                           fmt::format("expected a status such as 200 or 4xx, found '{}'", status));
    for (const auto& row : rule.rows) row_rule(row);
  }

  static bool is_status(std::string_view text) {
    const auto digit = [](char c) { return c >= '0' && c <= '9'; };
    return text.size() == 3 && text[0] >= '1' && text[0] <= '5' &&
           (text.ends_with("xx") || (digit(text[1]) && digit(text[2])));
  }

  void route(const std::optional<Route>& route) {
    if (!route) return;
    const auto known = names_of(d_.operations);
    for (const std::string* name :
         {&route->find, &route->create, &route->update, &route->upsert, &route->remove})
      known_operation(*name, route->place, known);
    if (!route->bulk) return;
    for (const std::string* name :
         {&route->bulk->create, &route->bulk->update, &route->bulk->upsert, &route->bulk->remove})
      known_operation(*name, route->bulk->place, known);
  }

  void known_operation(const std::string& name, const Place& place, const std::vector<std::string>& known) {
    if (!name.empty() && std::find(known.begin(), known.end(), name) == known.end())
      unknown("operation", name, place, known);
  }

  void objects() {
    if (d_.objects.empty()) diagnostics_.error(d_.place, "a connector needs at least one object");
    for (const auto& object : d_.objects)
      for (const auto& field : object.value.fields) convert(field.value);
    for (const auto& object : d_.objects)
      for (const auto& match : object.value.match)
        if (!route_of(match.value))
          diagnostics_.error(match.name_place, "there is no route for this kind of match under `routes`");
  }

  void convert(const FieldDeclaration& field) {
    transform::filled(field.convert, [&](std::string_view name) {
      if (name.starts_with("setting.")) setting(std::string(name.substr(8)), field.place);
      return std::string();
    });
  }

  bool route_of(MatchKind kind) const {
    switch (kind) {
      case MatchKind::id:
        return d_.routes.id.has_value();
      case MatchKind::unique:
        return d_.routes.unique.has_value();
      case MatchKind::search:
        return d_.routes.search.has_value();
    }
    return false;
  }

  const Declaration& d_;
  Diagnostics& diagnostics_;
  int each_row_ = 0;
};

}  // namespace

void check_declaration(const Declaration& declaration, Diagnostics& diagnostics) {
  Checker(declaration, diagnostics).all();
}

}  // namespace penstock::connector
