#include "connector/declaration_checks.h"

#include <fmt/format.h>

#include "connector/auth_checks.h"
#include "connector/connector.h"
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
    routes(d_.routes);
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
    for (const auto* declared : {&d_.settings, &d_.options}) settings(*declared);
    for (const auto& setting : d_.settings)
      if (setting.value.type == SettingDeclaration::Type::body)
        diagnostics_.error(setting.name_place, "a body is an option of a sync, not a setting");
  }

  void settings(const std::vector<Named<SettingDeclaration>>& declared) {
    for (const auto& setting : declared) {
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
    const auto& rates = group.value.rates;
    for (const auto& rate : rates) conditions(rate.when);
    if (!rates.empty() && !rates.back().when.empty())
      diagnostics_.error(group.name_place,
                         fmt::format("the last rate of '{}' must hold without conditions", group.name));
    for (size_t i = 0; i + 1 < rates.size(); ++i)
      if (rates[i].when.empty()) {
        diagnostics_
            .error(group.name_place, fmt::format("of the rates of '{}' the first that holds is taken: those "
                                                 "after {} are never reached",
                                                 group.name, declare::show(rates[i].rates.front())))
            .remedy = "rates that hold together are one list: rate: [100/10s, 250000/1d]";
        break;
      }
    for (const auto& rate : rates)
      if (rate.rates.empty())
        diagnostics_.error(group.name_place, fmt::format("a rate of '{}' is empty", group.name));
    if (!group.value.per->empty()) template_text(*group.value.per, group.value.per.place, Scope::body);
    for (const auto& learned : group.value.learn) learned_limit(group, learned);
  }

  void learned_limit(const Named<LimitGroup>& group, const LearnedLimit& learned) {
    if (learned.allowed.empty() && learned.remaining.empty() && learned.reset.empty())
      diagnostics_.error(group.name_place, fmt::format("`learn` of '{}' names no header", group.name));
    if (!learned.window) return;
    for (const auto& rule : group.value.rates)
      for (const auto& rate : rule.rates)
        if (rate.per == *learned.window) return;
    diagnostics_
        .error(group.name_place,
               fmt::format("`learn` of '{}' is about a window of {}, which none of its rates has", group.name,
                           declare::show(*learned.window)))
        .remedy = "add a rate for that window, or leave `window` out";
  }

  // A limit by a value of a row needs requests that carry one row.
  void limits(const LimitNames& names, int64_t rows) {
    if (names.empty()) diagnostics_.error(d_.place, "`limit` names no group");
    for (const auto& name : names) {
      limit(name);
      for (const auto& group : d_.limits)
        if (group.name == *name && rows > 1 && is_by_row(group.value))
          diagnostics_
              .error(name.place,
                     fmt::format("the limit '{}' is one for each value of a row, and this request "
                                 "carries up to {} rows",
                                 group.name, rows))
              .remedy = "give the operation `rows: 1`, or another limit";
    }
  }

  static bool is_by_row(const LimitGroup& group) {
    const auto text = TextTemplate::parse(*group.per);
    return text.ok() && std::any_of(text->pieces().begin(), text->pieces().end(), [](const auto& piece) {
             return piece.placeholder &&
                    (is_of_row(piece.placeholder->what) || is_of_batch(piece.placeholder->what));
           });
  }

  void limit(const Placed<std::string>& name) {
    const auto known = names_of(d_.limits);
    if (std::find(known.begin(), known.end(), *name) == known.end())
      unknown("limit group", *name, name.place, known);
  }

  void operation(const Named<Operation>& named) {
    const Operation& operation = named.value;
    request(operation.request, operation.rows);
    limits(operation.limit, operation.rows);
    for (const auto& header : operation.headers)
      template_text(header.value, header.name_place, operation.rows == 1 ? Scope::body : Scope::request);
    if (operation.body && is_csv(operation)) columns(*operation.body);
    if (operation.body && !is_csv(operation)) body(*operation.body, operation.rows, operation.request);
    if (operation.body && is_by_line(operation) && operation.body->find("each_row") == nullptr)
      diagnostics_.error(operation.body->place, "a body of lines is `{ each_row: ... }`");
    for (const auto& rule : operation.replies) reply(rule);
    for (const auto& rule : operation.replies)
      if (rule.unnamed == Verdict::split && !operation.repeatable)
        diagnostics_.error(rule.place,
                           "`unnamed: split` sends rows again that may have been written: only for what "
                           "is repeatable");
    if (operation.find) find(*operation.find, operation.place);
    if (operation.job) job(*operation.job, operation);
    if (operation.session) session(*operation.session, operation);
  }

  void session(const SessionRule& session, const Operation& operation) {
    if (operation.find || operation.job)
      diagnostics_.error(session.place, "a look-up or a job cannot be a session");
    for (const auto* part : {&session.begin, &session.commit, &session.abort})
      if (*part) job_request(**part);
  }

  void find(const FindRule& rule, const Place& place) {
    if (rule.record_id.empty() == !rule.counted_from)
      diagnostics_.error(place, "a look-up tells ids by `record_id`, or by `counted_from`");
    for (const auto* path : {&rule.each, &rule.value, &rule.next}) constant_text(*path, place);
    for (const auto* paths : {&rule.record_id, &rule.fields})
      for (const auto& path : *paths) constant_text(path, place);
  }

  // What is known when a sync is bound to its destination.
  void constant_text(const std::string& text, const Place& place) {
    const auto parsed = parse(text, place);
    if (!parsed) return;
    for (const auto& piece : parsed->pieces()) {
      if (!piece.placeholder) continue;
      known_setting(*piece.placeholder, place);
      if (!is_constant(piece.placeholder->what))
        diagnostics_.error(place, fmt::format("this placeholder cannot stand here: '{}'", text));
    }
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
      if (verdict != Verdict::accepted && verdict != Verdict::rejected && verdict != Verdict::retry &&
          verdict != Verdict::split)
        diagnostics_.error(job.place, "`unnamed` of a job is accepted, rejected, retry or split");
    const bool splits = job.unnamed == Verdict::split || job.unnamed_failed == Verdict::split;
    if (splits && !operation.repeatable)
      diagnostics_.error(job.place,
                         "`split` sends rows again that may have been written: only for what is "
                         "repeatable");
  }

  void job_request(const JobRequest& part) {
    method_and_path(part.request, Scope::job);
    if (!part.limit.empty()) limits(part.limit, 1);
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
    for (const auto& entry : node.entries) {
      template_text(entry.key, entry.key_place, Scope::job);
      job_body(entry.value);
    }
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
    if (!row.at_pattern.empty() && row.at_pattern.find("{index}") == std::string::npos)
      diagnostics_.error(row.each.place, "`at_pattern` needs {index}: the part that names the row");
    if ((row.by == RowRule::By::field) == row.field.empty())
      diagnostics_.error(row.each.place, "`by: field` and `field` belong together");
  }

  static bool is_csv(const Operation& operation) {
    return operation.content == Operation::Content::csv || operation.content == Operation::Content::multipart;
  }
  static bool is_by_line(const Operation& operation) {
    return operation.content == Operation::Content::ndjson;
  }

  // Of CSV: column: text of a row.
  void columns(const Node& node) {
    if (!node.is_map() || node.entries.empty())
      diagnostics_.error(node.place, "expected a map from column to a text such as \"{match}\"");
    for (const auto& entry : node.entries) {
      constant_text(entry.key, entry.key_place);
      visit(entry.value, true);
    }
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

  void body(const Node& node, int64_t rows, const Placed<std::string>& request) {
    each_row_ = 0;
    visit(node, rows == 1 && !lists_rows(node));
    if (each_row_ > 1) diagnostics_.error(node.place, "a body has one list of rows, this one has several");
    const bool in_path =
        request->find("{record_ids") != std::string::npos || request->find("{matches") != std::string::npos;
    if (each_row_ == 0 && rows > 1 && !in_path && !has_option_body(node))
      diagnostics_.error(node.place, "a request of several rows needs `each_row` (or {matches}) in its body");
  }

  static bool lists_rows(const Node& node) {
    return node.find("each_row") != nullptr ||
           std::any_of(node.items.begin(), node.items.end(), lists_rows) ||
           std::any_of(node.entries.begin(), node.entries.end(),
                       [](const auto& entry) { return lists_rows(entry.value); });
  }

  // What a sync brings may hold the rows.
  bool has_option_body(const Node& node) const {
    if (node.is_scalar()) return node.text.starts_with("{option.");
    for (const auto& item : node.items)
      if (has_option_body(item)) return true;
    for (const auto& entry : node.entries)
      if (has_option_body(entry.value)) return true;
    return false;
  }

  void visit(const Node& node, bool in_row) {
    if (node.is_scalar()) return body_text(node, in_row);
    for (const auto& item : node.items) visit(item, in_row);
    const bool is_rows = node.find("each_row") != nullptr;
    if (is_rows) ++each_row_;
    for (const auto& entry : node.entries) {
      if (is_rows && entry.key == "before") {
        constant_text(entry.value.text, entry.value.place);
        continue;
      }
      const bool is_row = in_row || entry.key == "each_row";
      key(entry, is_row);
      visit(entry.value, is_row);
    }
  }

  // A name is a text: one of all rows, or of the row that it is in.
  void key(const declare::Entry& entry, bool in_row) {
    const auto text = parse(entry.key, entry.key_place);
    if (!text) return;
    for (const auto& piece : text->pieces()) {
      if (!piece.placeholder) continue;
      const What what = piece.placeholder->what;
      known_setting(*piece.placeholder, entry.key_place);
      const bool is_text = is_constant(what) || what == What::run || what == What::job ||
                           what == What::page ||
                           (in_row && is_of_row(what) && !is_members(what) && what != What::match_values);
      if (!is_text)
        diagnostics_.error(entry.key_place,
                           fmt::format("this placeholder cannot stand in a name: '{}'", entry.key));
    }
  }

  void body_text(const Node& node, bool in_row) {
    const auto text = parse(node.text, node.place);
    if (!text) return;
    for (const auto& piece : text->pieces()) {
      if (!piece.placeholder) continue;
      const Placeholder& placeholder = *piece.placeholder;
      known_setting(placeholder, node.place);
      if (is_of_batch(placeholder.what)) ++each_row_;
      if (is_of_batch(placeholder.what) && text->alone() == nullptr &&
          !placeholder.has(Placeholder::Filter::join))
        diagnostics_.error(node.place, "a list of rows must be the whole value, or |join its values");
      if (is_of_row(placeholder.what) && !in_row && placeholder.what != What::once)
        diagnostics_.error(node.place, "a placeholder of a row stands outside `each_row`");
      const bool is_names =
          placeholder.what == What::read_fields && !placeholder.has(Placeholder::Filter::join);
      const bool is_whole = is_members(placeholder.what) || is_names ||
                            placeholder.what == What::match_values || placeholder.what == What::field_types;
      if (is_whole && text->alone() == nullptr)
        diagnostics_.error(node.place, "lists and objects of a row must be the whole value");
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
    if (placeholder.what == What::option) known(placeholder.argument, "option", names_of(d_.options), place);
    if (placeholder.what == What::object_word) known(placeholder.argument, "word", words(), place);
  }

  void known(const std::string& name, std::string_view what, const std::vector<std::string>& names,
             const Place& place) {
    if (std::find(names.begin(), names.end(), name) == names.end()) unknown(what, name, place, names);
  }

  std::vector<std::string> words() const {
    std::vector<std::string> all{"rest"};
    for (const auto& object : d_.objects)
      for (const auto& word : object.value.words) all.push_back(word.name);
    return all;
  }

  void template_text(const std::string& text, const Place& place, Scope scope) {
    const auto parsed = parse(text, place);
    if (!parsed) return;
    for (const auto& piece : parsed->pieces()) {
      if (!piece.placeholder) continue;
      known_setting(*piece.placeholder, place);
      const What what = piece.placeholder->what;
      const bool is_of_request = (is_constant(what) && what != What::field_types) || is_of_batch(what) ||
                                 what == What::page || what == What::read_fields || what == What::run ||
                                 what == What::session || what == What::part || what == What::job ||
                                 what == What::once;
      const bool fits = what == What::setting ||
                        (what == What::field_types && text == "{field_types}" && scope == Scope::job) ||
                        (scope != Scope::login && is_of_request) ||
                        (scope == Scope::body && is_of_row(what) && !is_members(what));
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

  void routes(const Routes& routes) {
    route(routes.id);
    route(routes.unique);
    route(routes.search);
  }

  void route(const std::optional<Route>& route) {
    if (!route) return;
    const auto known = names_of(d_.operations);
    for (const std::string* name : {&route->find, &route->read, &route->create, &route->update,
                                    &route->upsert, &route->remove, &route->replace})
      known_operation(*name, route->place, known);
    reads(*route);
    references(*route, known);
    for (const std::string* name : {&route->create, &route->update, &route->upsert, &route->remove})
      referred(*route, *name);
    for (const auto& operation : d_.operations)
      if (operation.name == route->replace && !operation.value.session)
        diagnostics_.error(route->place,
                           fmt::format("`replace` needs a session, which '{}' is not", operation.name));
    if (!route->bulk) return;
    for (const std::string* name :
         {&route->bulk->create, &route->bulk->update, &route->bulk->upsert, &route->bulk->remove})
      known_operation(*name, route->bulk->place, known);
  }

  // What is read is told as a look-up tells it.
  void reads(const Route& route) {
    for (const auto& operation : d_.operations) {
      if (operation.name != route.read) continue;
      const auto& find = operation.value.find;
      if (!find || find->fields.empty() || (find->record_id.empty() && !find->counted_from))
        diagnostics_
            .error(route.place,
                   fmt::format("`read` needs a look-up that tells ids and fields, which '{}' does not",
                               operation.name))
            .remedy = "give its `find` the paths `record_id` and `fields`";
      if (!names_record(operation.value))
        diagnostics_.error(route.place, fmt::format("`read` asks for records by their ids: '{}' has neither "
                                                    "{{record_ids}} nor {{record_id}}",
                                                    operation.name));
    }
  }

  void references(const Route& route, const std::vector<std::string>& operations) {
    if (route.references.size() > kReferencesMax)
      diagnostics_.error(route.references[kReferencesMax].name_place,
                         fmt::format("a route has at most {} references", kReferencesMax));
    for (const auto& [name, place, reference] : route.references) {
      known_operation(reference.find, place, operations);
      for (const auto& operation : d_.operations)
        if (operation.name == reference.find && !operation.value.find)
          diagnostics_.error(place,
                             fmt::format("a reference needs a look-up, which '{}' is not: it has no `find`",
                                         operation.name));
      if (!reference.option.empty()) known(reference.option, "option", names_of(d_.options), place);
    }
  }

  // What an operation of the route speaks of, the route must have.
  void referred(const Route& route, const std::string& name) {
    std::vector<std::string> spoken_of;
    for (const auto& operation : d_.operations) {
      if (operation.name != name) continue;
      note_references(*operation.value.request, spoken_of);
      for (const auto& header : operation.value.headers) note_references(header.value, spoken_of);
      if (operation.value.body) note_references(*operation.value.body, spoken_of);
    }
    const auto has = names_of(route.references);
    for (const auto& reference : spoken_of)
      if (std::find(has.begin(), has.end(), reference) == has.end())
        diagnostics_
            .error(route.place, fmt::format("'{}' speaks of a reference '{}' that its route does not have",
                                            name, reference))
            .remedy =
            fmt::format("add it to the route: references: {{ {}: {{ find: LOOK-UP }} }}", reference);
  }

  static void note_references(const std::string& text, std::vector<std::string>& names) {
    const auto parsed = TextTemplate::parse(text);
    if (!parsed.ok()) return;
    for (const auto& piece : parsed->pieces())
      if (piece.placeholder && piece.placeholder->what == What::reference)
        names.push_back(piece.placeholder->argument);
  }

  static void note_references(const Node& node, std::vector<std::string>& names) {
    if (node.is_scalar()) note_references(node.text, names);
    for (const auto& item : node.items) note_references(item, names);
    for (const auto& entry : node.entries) {
      note_references(entry.key, names);
      note_references(entry.value, names);
    }
  }

  void known_operation(const std::string& name, const Place& place, const std::vector<std::string>& known) {
    if (!name.empty() && std::find(known.begin(), known.end(), name) == known.end())
      unknown("operation", name, place, known);
  }

  void objects() {
    if (d_.objects.empty()) diagnostics_.error(d_.place, "a connector needs at least one object");
    for (const auto& object : d_.objects)
      for (const auto& field : object.value.fields) convert(field.value);
    for (const auto& object : d_.objects) {
      if (object.value.routes) routes(*object.value.routes);
      if (object.value.members) members(object);
      for (const auto& match : object.value.match)
        if (!has_route(d_.routes, match.value) &&
            !(object.value.routes && has_route(*object.value.routes, match.value)))
          diagnostics_.error(match.name_place, "there is no route for this kind of match under `routes`");
    }
  }

  // Members come and go by their match values alone.
  void members(const Named<Object>& object) {
    const auto& own = object.value.routes;
    const std::optional<Route>& route = own && own->unique ? own->unique : d_.routes.unique;
    const Operation* removal = nullptr;
    for (const auto& operation : d_.operations)
      if (route && operation.name == route->remove) removal = &operation.value;
    if (route && !route->upsert.empty() && removal != nullptr && !names_record(*removal)) return;
    diagnostics_.error(
        object.name_place,
        fmt::format("`members` of '{}' are added by an `upsert` and removed by a `delete` that "
                    "names them by their match values, under `routes.unique`",
                    object.name));
  }

  void convert(const FieldDeclaration& field) {
    transform::filled(field.convert, [&](std::string_view name) {
      if (name.starts_with("setting.")) setting(std::string(name.substr(8)), field.place);
      return std::string();
    });
  }

  static bool has_route(const Routes& routes, MatchKind kind) {
    switch (kind) {
      case MatchKind::id:
        return routes.id.has_value();
      case MatchKind::unique:
        return routes.unique.has_value();
      case MatchKind::search:
        return routes.search.has_value();
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
