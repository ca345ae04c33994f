#include "connector/declaration.h"

#include <fmt/format.h>

#include "connector/declaration_checks.h"
#include "connector/declaration_shapes.h"

namespace penstock::connector {
namespace {

using namespace declare;

const Of<SettingDeclaration>& setting_shape() {
  using Type = SettingDeclaration::Type;
  static const Of<SettingDeclaration> shape = structure<SettingDeclaration>(
      "connector setting", "A setting of every destination of this kind, or an option of its syncs.",
      {field<&SettingDeclaration::type>("type", choice<Type>({{"text", Type::text, "any text"},
                                                              {"url", Type::url, "an address"},
                                                              {"choice", Type::choice, "one of `choices`"},
                                                              {"boolean", Type::boolean, "true or false"},
                                                              {"integer", Type::integer, "a whole number"},
                                                              {"body", Type::body, "a template of a body"}}))
           .required()
           .help("What kind of value it is."),
       field<&SettingDeclaration::required>("required", boolean()).by_default("false").help("Must be given."),
       field<&SettingDeclaration::secret>("secret", boolean())
           .by_default("false")
           .help("Never shown in logs, messages or pages."),
       field<&SettingDeclaration::by_default>("default", any_text()).help("The value when it is not given."),
       field<&SettingDeclaration::help>("help", text())
           .required()
           .help("What it is, for the reference page."),
       field<&SettingDeclaration::example>("example", text()).help("How it may look in a project."),
       field<&SettingDeclaration::choices>("choices", map_of(text())).help("Each choice with its help.")});
  return shape;
}

const Of<LimitGroup>& limit_shape() {
  static const auto rate_rule = structure<RateRule>(
      "rate rule", "A number of requests in a time.",
      {field<&RateRule::rates>("rate", list(rate()).or_one())
           .required()
           .help("So many requests in so long; several hold at the same time.")
           .example("[190/10s, 250000/1d]"),
       field<&RateRule::when>("when", map_of(text()))
           .help("Settings that must have these values; `present` and `absent`: given or not.")});
  static const auto learned = structure<LearnedLimit>(
      "learned limit", "Response headers that tell the limit; what they say wins.",
      {field<&LearnedLimit::allowed>("allowed", list(text()).or_one())
           .help("Header with the requests allowed in a window; of several the first that is there."),
       field<&LearnedLimit::remaining>("remaining", list(text()).or_one())
           .help("Header with the requests left in it."),
       field<&LearnedLimit::reset>("reset", list(text()).or_one())
           .help("Header that tells when it ends: seconds from now, seconds or milliseconds since 1970, or a "
                 "date."),
       field<&LearnedLimit::window_ms>("window_ms", text()).help("Header with the window in milliseconds."),
       field<&LearnedLimit::pattern>("pattern", text())
           .help("For a header that tells several: its text, with {allowed}, {remaining}, {used}, {reset}.")
           .example("'api-usage={used}/{allowed}'"),
       field<&LearnedLimit::window>("window", duration(Duration(1s)))
           .help("Which of the group's windows they tell about, by its length.")
           .otherwise("the first")
           .example("1d")});
  static const Of<LimitGroup> shape = structure<LimitGroup>(
      "limit group", "Requests that share a rate limit.",
      {field<&LimitGroup::rates>("rates", list(static_cast<const Of<RateRule>&>(rate_rule)))
           .help("The first whose conditions hold.")
           .otherwise("nobody tells, and the destination is felt out as with `adaptive`"),
       field<&LimitGroup::concurrency>("concurrency",
                                       integer({.min = 1, .max = 10'000}, "a number of requests"))
           .help("So many requests at once."),
       field<&LimitGroup::adaptive>("adaptive", boolean())
           .by_default("false")
           .help("How many requests at once the destination takes is found out: more while it answers well, "
                 "fewer when it refuses or slows down."),
       field<&LimitGroup::per>("per", placed(text()))
           .help("Each value of this template has a limit of its own.")
           .example("'{field.channel}'"),
       field<&LimitGroup::learn>("learn", list(static_cast<const Of<LearnedLimit>&>(learned)).or_one())
           .help("What responses tell about it, for each window.")});
  return shape;
}

const Of<ValueRules>& values_shape() {
  using Style = ValueRules::Style;
  using Times = ValueRules::Times;
  using Lists = ValueRules::Lists;
  static const auto times = [] {
    return choice<Times>({{"iso", Times::iso, "ISO 8601 text"},
                          {"epoch_ms", Times::epoch_ms, "milliseconds since 1970"},
                          {"epoch_s", Times::epoch_s, "seconds since 1970"}});
  };
  static const Of<ValueRules> shape = structure<ValueRules>(
      "value rules", "How values are written.",
      {field<&ValueRules::style>("style", choice<Style>({{"json", Style::json, "numbers and booleans bare"},
                                                         {"text", Style::text, "every value as a string"}}))
           .by_default("json")
           .help("Whether numbers and booleans are JSON's own or strings."),
       field<&ValueRules::null>("null", any_text())
           .by_default("'null'")
           .help("The JSON that clears a field.")
           .example("'\"\"'"),
       field<&ValueRules::timestamps>("timestamps", times())
           .by_default("iso")
           .help("How points in time look."),
       field<&ValueRules::dates>("dates", times()).by_default("iso").help("How dates look."),
       field<&ValueRules::utc>("utc", boolean())
           .by_default("true")
           .help("A timestamp without zone is UTC and gets a Z."),
       field<&ValueRules::lists>("lists", choice<Lists>({{"json", Lists::json, "as a JSON array"},
                                                         {"join", Lists::join, "as text, joined"}}))
           .by_default("json")
           .help("How lists look."),
       field<&ValueRules::separator>("separator", text()).by_default("';'").help("Between joined items."),
       field<&ValueRules::nested>("nested", text())
           .help("Separates the levels of a field's name: `a.b` becomes `b` in an object `a`.")
           .otherwise("names are taken as they are")
           .example("'.'"),
       field<&ValueRules::null_text>("null_text", any_text())
           .by_default("''")
           .help("What clears a field in CSV.")
           .example("'#N/A'")});
  return shape;
}

}  // namespace

Of<Verdict> verdict_shape() {
  return choice<Verdict>({{"accepted", Verdict::accepted, "every row was accepted"},
                          {"rejected", Verdict::rejected, "every row was refused for good"},
                          {"rows", Verdict::rows, "the rules under `rows` tell"},
                          {"split", Verdict::split, "a row is at fault, the reply does not say which"},
                          {"exists", Verdict::exists, "a record with this match is there already"},
                          {"missing", Verdict::missing, "the record is not there"},
                          {"retry", Verdict::retry, "may succeed when repeated"},
                          {"again", Verdict::again, "nothing was done; goes again and spends no attempt"},
                          {"throttled", Verdict::throttled, "too fast"},
                          {"quota", Verdict::quota, "the day's allowance is used up"},
                          {"auth", Verdict::auth, "the login is refused"},
                          {"forbidden", Verdict::forbidden, "the login may not do this"}});
}

const Of<RowRule>& row_rule_shape() {
  using By = RowRule::By;
  static const Of<RowRule> shape = structure<RowRule>(
      "row rule", "Gives rows their outcome from a list in the reply.",
      {field<&RowRule::each>("each", placed(any_text()))
           .by_default("")
           .help("Path of the list; of an object, whose members are entries {key, value}; nothing: the reply "
                 "itself."),
       field<&RowRule::by>("by", choice<By>({{"trace", By::trace, "the `{trace}` that was sent"},
                                             {"index", By::index, "the row's number in the request, from 0"},
                                             {"position", By::position, "the entry's own position"},
                                             {"match", By::match, "the match value"},
                                             {"record_id", By::record_id, "the record's id"},
                                             {"once", By::once, "the `{once}` that was sent"},
                                             {"field", By::field, "the value of a mapped field"}}))
           .by_default("position")
           .help("What names the row."),
       field<&RowRule::field>("field", text()).help("For `by: field`: the field."),
       field<&RowRule::at>("at", text())
           .help("Path of that in an entry; a list names several rows.")
           .otherwise("the entry itself"),
       field<&RowRule::at_pattern>("at_pattern", text())
           .help("How the text there looks, with {index} for the part that names the row.")
           .example("'members[{index}]'"),
       field<&RowRule::where>("where", map_of(any_text()))
           .help("Only entries with these values, as in a reply rule."),
       field<&RowRule::is>("is", verdict_shape()).by_default("accepted").help("What it means."),
       field<&RowRule::record_id>("record_id", list(text()).or_one())
           .help("Paths of the record's id, the first found."),
       field<&RowRule::created>("created", text()).help("Path of whether it is new."),
       field<&RowRule::code>("code", list(text()).or_one())
           .help("Paths of the error's code, the first found."),
       field<&RowRule::code_ends>("code_ends", text())
           .help("The code ends before this text: `LOCKED: try later` with `\":\"` is `LOCKED`."),
       field<&RowRule::message>("message", list(text()).or_one()).help("Paths of its message."),
       field<&RowRule::reason>("reason", text()).help("The error's code where the reply gives none."),
       field<&RowRule::wait>("wait", duration())
           .by_default("30s")
           .help("For `is: throttled`: how long these rows wait."),
       field<&RowRule::codes>("codes", map_of(verdict_shape())).help("Codes that mean something else.")});
  return shape;
}

const Of<ReplyRule>& reply_rule_shape() {
  static const Of<ReplyRule> shape =
      structure<ReplyRule>(
          "reply rule", "What a reply means. The first rule that fits decides.",
          {field<&ReplyRule::status>("status", list(text()).or_one()).help("HTTP statuses: 200, 4xx."),
           field<&ReplyRule::where>("where", map_of(any_text()))
               .help("Values in the reply, by path; `present` and `absent` ask only whether there is one, "
                     "`text*` how it begins."),
           field<&ReplyRule::header>("header", map_of(any_text()))
               .help("The same of the reply's headers, by name.")
               .example("{ X-Reason: \"daily*\" }"),
           field<&ReplyRule::is>("is", verdict_shape()).required().help("What it means."),
           field<&ReplyRule::rows>("rows", list(row_rule_shape())).help("For `is: rows`."),
           field<&ReplyRule::unnamed>("unnamed", verdict_shape())
               .by_default("retry")
               .help("For rows that the reply does not name."),
           field<&ReplyRule::code>("code", list(text()).or_one()).help("Paths of the error's code."),
           field<&ReplyRule::message>("message", list(text()).or_one()).help("Paths of its message."),
           field<&ReplyRule::reason>("reason", text()).help("The error's code where the reply gives none."),
           field<&ReplyRule::wait>("wait", duration())
               .help("For `is: throttled`: how long to wait where no header tells."),
           field<&ReplyRule::wait_at>("wait_at", text())
               .help("For `is: throttled`: path of the time to wait; a number, or a text such as 3.5s."),
           field<&ReplyRule::wait_unit>("wait_unit", duration(Duration(1ms), Duration(1h)))
               .by_default("1s")
               .help("What a bare number there counts."),
           field<&ReplyRule::codes>("codes", map_of(verdict_shape()))
               .help(
                   "Codes that mean something else. What they say of a row counts when it travelled alone.")})
          .place<&ReplyRule::place>();
  return shape;
}

namespace {

const Of<Operation>& operation_shape() {
  using Content = Operation::Content;
  static const auto find = structure<FindRule>(
      "find rule", "How a look-up's reply lists the records it found.",
      {field<&FindRule::each>("each", any_text())
           .required()
           .help("Path of the list, or of the one record; '' is the reply itself."),
       field<&FindRule::members>("members", boolean())
           .by_default("false")
           .help("The list is an object, whose members are entries {key, value}."),
       field<&FindRule::record_id>("record_id", list(text()).or_one())
           .help("Paths of a record's id, the first found."),
       field<&FindRule::counted_from>("counted_from", integer())
           .help("The id is the place of the entry in the list, counted from this number."),
       field<&FindRule::id_length>("id_length", integer({.min = 1}, "a number of characters"))
           .help("Ids are one if so many of their characters are, from the first on.")
           .otherwise("all of them"),
       field<&FindRule::lasting>("lasting", boolean())
           .by_default("true")
           .help("Ids stay those of their records. `false`: they are found anew every time, and not kept."),
       field<&FindRule::value>("value", text()).required().help("Path of the value that was matched on."),
       field<&FindRule::fields>("fields", list(text()).or_one())
           .help("Paths of the objects with the record's fields; `.` is the entry itself. The first that has "
                 "a field tells it."),
       field<&FindRule::where>("where", map_of(any_text()))
           .help("Only entries with these values, as in a reply rule: not those of deleted records."),
       field<&FindRule::ignore_case>("ignore_case", boolean())
           .by_default("false")
           .help("Found values are compared without regard to case."),
       field<&FindRule::none_if_absent>("none_if_absent", boolean())
           .by_default("false")
           .help("A reply without that list means that nothing was found."),
       field<&FindRule::next>("next", text()).help("Path of the next page's mark, or of its whole address."),
       field<&FindRule::first>("first", any_text()).by_default("").help("`{page}` of the first page.")});
  static const Of<Operation> shape =
      structure<Operation>(
          "operation", "One kind of request.",
          {field<&Operation::request>("request", placed(text()))
               .required()
               .help("Method and path.")
               .example("POST /crm/v3/objects/{object}/batch/upsert"),
           field<&Operation::limit>("limit", list(placed(text())).or_one())
               .required()
               .help("The limit group that it counts in, or several.")
               .example("[all, search]"),
           field<&Operation::rows>("rows", integer({.min = 1, .max = 100'000}, "a number of rows"))
               .by_default("1")
               .help("At most so many rows in a request."),
           field<&Operation::bytes>("bytes", size())
               .by_default("0B")
               .help("At most so large a body; 0: any."),
           field<&Operation::repeatable>("repeatable", boolean())
               .by_default("true")
               .help("Doing it twice is the same as doing it once."),
           field<&Operation::whole>("whole", boolean())
               .by_default("false")
               .help(
                   "It replaces the whole record: all fields of a row travel, not only those that changed."),
           field<&Operation::headers>("headers", map_of(text())).help("Headers of this request."),
           field<&Operation::content>(
               "content",
               choice<Content>({{"json", Content::json, "JSON"},
                                {"form", Content::form, "a web form; objects within become name[inner]"},
                                {"ndjson", Content::ndjson, "JSON, a line for each row"},
                                {"csv", Content::csv, "CSV; the body names its columns"},
                                {"multipart", Content::multipart, "a form that uploads that CSV as a file"},
                                {"text", Content::text, "plain text"}}))
               .by_default("json")
               .help("How the body is written."),
           field<&Operation::part>("part", text())
               .by_default("file")
               .help("For `content: multipart`: the name of the file's part."),
           field<&Operation::body>("body", anything()).help("Template of the body, as the JSON it would be."),
           field<&Operation::find>("find", find).help("Makes it a look-up."),
           field<&Operation::job>("job", job_shape())
               .help("Makes it a job: what became of the rows is told later."),
           field<&Operation::session>("session", session_shape())
               .help("Makes it a session: it carries all rows of a model."),
           field<&Operation::replies>("replies", list(reply_rule_shape()))
               .required()
               .help("What replies mean.")})
          .place<&Operation::place>();
  return shape;
}

const Of<Route>& route_shape() {
  static const Of<BulkRoute> bulk =
      structure<BulkRoute>("bulk route", "Operations to be used instead when a plan sends many rows.",
                           {field<&BulkRoute::from>("from", integer({.min = 1}, "a number of rows"))
                                .required()
                                .help("Used when so many rows are to be sent, or more."),
                            field<&BulkRoute::create>("create", text()).help("Instead of `create`."),
                            field<&BulkRoute::update>("update", text()).help("Instead of `update`."),
                            field<&BulkRoute::upsert>("upsert", text()).help("Instead of `upsert`."),
                            field<&BulkRoute::remove>("delete", text()).help("Instead of `delete`.")})
          .place<&BulkRoute::place>();
  static const Of<ReferenceDeclaration> reference = structure<ReferenceDeclaration>(
      "reference", "Another record that a row names by a value of its own.",
      {field<&ReferenceDeclaration::find>("find", text())
           .required()
           .help("The look-up that tells its id, of one `{match}` that is this value."),
       field<&ReferenceDeclaration::option>("option", text())
           .help("Looked up only where the sync gives this option; else the value is the id.")});
  static const Of<Route> shape =
      structure<Route>(
          "route", "Which operations carry out the modes.",
          {field<&Route::find>("find", text()).help("Finds records by match value."),
           field<&Route::read>("read", text())
               .help("Reads records by their ids, of a look-up: what they hold before they are written."),
           field<&Route::create>("create", text()).help("Writes a record that is not there."),
           field<&Route::update>("update", text()).help("Writes a record by its id."),
           field<&Route::upsert>("upsert", text()).help("Writes by match value, there or not."),
           field<&Route::remove>("delete", text()).help("Removes a record by its id."),
           field<&Route::replace>("replace", text()).help("Writes all records of an object in a session."),
           field<&Route::references>("references", map_of(identifier(), reference))
               .help("Other records that a row names, by the mapped field, or match field, that holds the "
                     "value. They are found before the row is written or removed: `{reference.NAME}` is the "
                     "id of each. A row whose reference is not found, or not alone, is rejected."),
           field<&Route::bulk>("bulk", bulk).help("For plans with many rows.")})
          .place<&Route::place>();
  return shape;
}

const Of<Routes>& routes_shape() {
  static const Of<Routes> shape =
      structure<Routes>("routes", "Operations by kind of match.",
                        {field<&Routes::id>("id", route_shape()).help("Matched by the record's id."),
                         field<&Routes::unique>("unique", route_shape()).help("Matched by a unique field."),
                         field<&Routes::search>("search", route_shape()).help("Matched by search.")});
  return shape;
}

const Of<FieldDeclaration>& field_shape() {
  using F = FieldDeclaration;
  std::vector<std::pair<std::string, std::string>> escapes{{"none", "values are inserted as they are"}};
  for (const auto& choice : transform::find_transform("escape")->parameters[0].choices)
    escapes.push_back(choice);
  static const Of<F> shape =
      structure<F>(
          "object field", "What is known of a field.",
          {field<&F::title>("title", text()).help("Its name for people."),
           field<&F::type>("type", text()).help("What it holds, as the vendor calls it."),
           field<&F::help>("help", text()).help("What users should know."),
           field<&F::required>("required", boolean())
               .by_default("false")
               .help("Must be mapped, or matched on, in modes that create records."),
           field<&F::personal>("personal", boolean())
               .by_default("false")
               .help("Its values are masked wherever they are kept or shown."),
           field<&F::convert>("convert", transform::transforms_shape(transform::Placeholders::allowed))
               .help("Transforms that values pass after the sync's own (docs/transforms.md).")
               .example("[email, hash_sha256]"),
           field<&F::escape>("escape", choice_of(std::move(escapes)))
               .by_default("none")
               .help("How values that a message template inserts are escaped.")})
          .place<&F::place>();
  return shape;
}

const Of<Object>& object_shape() {
  static const auto kind = [] {
    return choice<MatchKind>({{"id", MatchKind::id, "the record's own id"},
                              {"unique", MatchKind::unique, "unique there: native upsert"},
                              {"search", MatchKind::search, "found by bulk search"}});
  };
  static const Of<Object> shape =
      structure<Object>("object", "Something that can be written.",
                        {field<&Object::title>("title", text()).required().help("Its name for people."),
                         field<&Object::match>("match", map_of(kind())).help("How fields can be matched on."),
                         field<&Object::other_match>("other_match", kind())
                             .help("The same for all other fields.")
                             .otherwise("the destination is asked"),
                         field<&Object::several>("several", boolean())
                             .by_default("false")
                             .help("A sync may match on several fields, each of which tells who is meant: "
                                   "a row needs one of them."),
                         field<&Object::members>("members", boolean())
                             .by_default("false")
                             .help("A record is nothing but its match values: the member of a list. One that "
                                   "changes is removed, and the new one added."),
                         field<&Object::discover>("discover", boolean())
                             .by_default("true")
                             .help("The destination can be asked for its fields."),
                         field<&Object::words>("words", map_of(identifier(), text()))
                             .help("Words for templates: {object.NAME}."),
                         field<&Object::routes>("routes", routes_shape())
                             .help("Kinds of match that go another way than the connector's."),
                         field<&Object::fields>("fields", map_of(field_shape()))
                             .help("What is known of fields; a name may be a pattern with `*`.")})
          .place<&Object::place>();
  return shape;
}

const Of<Discover>& discover_shape() {
  static const auto fields = structure<DiscoverFields>(
      "discover fields", "How the destination lists its fields.",
      {field<&DiscoverFields::request>("request", placed(text())).required().help("Method and path."),
       field<&DiscoverFields::limit>("limit", placed(text())).required().help("Its limit group."),
       field<&DiscoverFields::each>("each", text()).required().help("Path of the list."),
       field<&DiscoverFields::name>("name", text()).required().help("Path of a field's name."),
       field<&DiscoverFields::title>("title", text()).help("Path of its label."),
       field<&DiscoverFields::type>("type", text()).help("Path of its type."),
       field<&DiscoverFields::unique>("unique", text()).help("Path of whether its values are unique."),
       field<&DiscoverFields::read_only>("read_only", text()).help("Path of whether it can't be written."),
       field<&DiscoverFields::options>("options", text()).help("Path of its allowed values.")});
  static const Of<Discover> shape =
      structure<Discover>("discover", "What the destination tells about itself.",
                          {field<&Discover::fields>("fields", fields).help("The fields of an object.")});
  return shape;
}

}  // namespace

const Of<Declaration>& declaration_shape() {
  using D = Declaration;
  static const Of<Declaration> shape =
      structure<Declaration>(
          "connector", "The declaration of how one kind of destination is spoken to.",
          {field<&D::name>("connector", identifier())
               .required()
               .help("Its name, as in a destination's `type`."),
           field<&D::title>("title", text()).required().help("Its name for people."),
           field<&D::summary>("summary", text()).required().help("What it writes, in one sentence."),
           field<&D::facts>("facts", text())
               .required()
               .help("When the vendor's facts were checked.")
               .example("2026-11"),
           field<&D::setup>("setup", text()).help("Markdown: what to do at the vendor first."),
           field<&D::quirks>("quirks", list(text())).help("What users should know."),
           field<&D::settings>("settings", map_of(identifier(), setting_shape()))
               .required()
               .help("Settings of a destination."),
           field<&D::options>("options", map_of(identifier(), setting_shape()))
               .help("What a sync may say under `options`."),
           field<&D::auth>("auth", auth_shape()).required().help("How requests carry the login."),
           field<&D::base>("base", placed(text()))
               .required()
               .help("Where paths start.")
               .example("'{setting.base_url}'"),
           field<&D::headers>("headers", map_of(text())).help("Headers of every request."),
           field<&D::values>("values", values_shape()).by_default("{}").help("How values are written."),
           field<&D::limits>("limits", map_of(identifier(), limit_shape())).required().help("Rate limits."),
           field<&D::operations>("operations", map_of(identifier(), operation_shape()))
               .required()
               .help("Kinds of request."),
           field<&D::routes>("routes", routes_shape()).required().help("Operations by kind of match."),
           field<&D::objects>("objects", map_of(object_shape()))
               .required()
               .help("What can be written; a name may be a pattern with `*`."),
           field<&D::replies>("replies", list(reply_rule_shape()))
               .help("For every operation, after its own."),
           field<&D::discover>("discover", discover_shape())
               .by_default("{}")
               .help("What the destination tells.")})
          .place<&D::place>();
  return shape;
}

std::optional<Declaration> read_declaration(const SourceFileRef& file, Diagnostics& diagnostics) {
  const uint64_t before = diagnostics.errors();
  const auto node = parse_yaml(file, diagnostics);
  if (!node) return std::nullopt;
  Declaration declaration;
  if (!read(declaration_shape(), *node, declaration, diagnostics)) return std::nullopt;
  check_declaration(declaration, diagnostics);
  if (diagnostics.errors() > before) return std::nullopt;
  return declaration;
}

}  // namespace penstock::connector
