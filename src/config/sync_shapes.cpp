#include "config/shapes.h"
#include "config/sync_checks.h"

namespace penstock::config {
namespace {

using declare::boolean;
using declare::choice;
using declare::field;
using declare::FieldOf;
using declare::identifier;
using declare::integer;
using declare::list;
using declare::map_of;
using declare::Of;
using declare::passage;
using declare::placed;
using declare::Reading;
using declare::ScalarFacts;
using declare::structure;
using declare::text;

constexpr int64_t kBatchRowsMax = 1'000'000;
constexpr int64_t kConcurrencyMax = 1000;

const Of<Mode>& mode_shape() {
  static const Of<Mode> shape =
      choice<Mode>({{"insert", Mode::insert, "only records that do not exist there yet"},
                    {"update", Mode::update, "only records that exist there"},
                    {"upsert", Mode::upsert, "both"},
                    {"mirror", Mode::mirror, "upsert, and rows that left the model are deleted there"},
                    {"append", Mode::append, "each new key once, never again (events, messages)"},
                    {"delete", Mode::remove, "the model lists the records to delete"},
                    {"replace", Mode::replace,
                     "all rows at once in the place of what was there, whenever one of them changed"}});
  return shape;
}

const Of<OnRemoved>& on_removed_shape() {
  static const Of<OnRemoved> shape =
      choice<OnRemoved>({{"ignore", OnRemoved::ignore, "leave its record as it is"},
                         {"delete", OnRemoved::remove, "delete its record"},
                         {"clear", OnRemoved::clear, "set the mapped fields of its record to null"}});
  return shape;
}

Of<Passage> expression() {
  return passage("an SQL expression over the model's columns");
}

declare::Of<transform::Template> message() {
  const ScalarFacts facts{"message template", "a text with columns such as New customer {name}"};
  return declare::custom<transform::Template>(
      facts, [](const Node& node, transform::Template& into, Reading& reading) {
        if (!node.is_scalar()) {
          reading.unexpected(node, "a text with columns such as New customer {name}");
          return false;
        }
        auto parsed = transform::Template::parse(node.text);
        if (parsed.ok()) {
          into = *std::move(parsed);
          return true;
        }
        reading.error(node.place, parsed.error().message).remedy = parsed.error().remedy;
        return false;
      });
}

const Of<MatchRule>& match_shape() {
  static const Of<MatchRule> shape =
      structure<MatchRule>("match", "The model's value for the field that finds a record.",
                           {field<&MatchRule::from>("from", placed(text("a column of the model")))
                                .help("A column of the model.")
                                .example("email"),
                            field<&MatchRule::sql>("sql", expression())
                                .help("An SQL expression over the model's columns.")
                                .example("lower(email)"),
                            field<&MatchRule::transform>("transform", transform::transforms_shape())
                                .help("Named transforms that the value passes, one after the other.")
                                .example("[email, hash_sha256]")})
          .place<&MatchRule::place>()
          .shorthand("from")
          .exactly_one({"from", "sql"});
  return shape;
}

const Of<FieldRule>& field_shape() {
  static const Of<FieldRule> shape =
      structure<FieldRule>(
          "field", "How one field of the destination is filled.",
          {field<&FieldRule::from>("from", placed(text("a column of the model")))
               .help("A column of the model.")
               .example("first_name"),
           field<&FieldRule::sql>("sql", expression())
               .help("An SQL expression over the model's columns.")
               .example("case when ltv > 1000 then 'gold' else 'standard' end"),
           field<&FieldRule::value>("value", declare::anything()).help("A constant.").example("warehouse"),
           field<&FieldRule::message>("template", placed(message()))
               .help("A message with columns of the model in it, each with its filters.")
               .example("\"New customer *{name|title}* from {city|default: somewhere}\""),
           field<&FieldRule::transform>("transform", transform::transforms_shape())
               .help("Named transforms that the value passes, one after the other.")
               .example("[trim, { phone: DE }]"),
           field<&FieldRule::write>(
               "write", choice<Write>({{"always", Write::always, "on every send"},
                                       {"on_create", Write::on_create, "only in new records"},
                                       {"if_empty", Write::if_empty, "only where the record has no value"},
                                       {"if_unchanged", Write::if_unchanged,
                                        "only where the record still has the value that we wrote last"}}))
               .by_default("always")
               .help("When it is written."),
           field<&FieldRule::null>(
               "null", choice<NullValue>({{"clear", NullValue::clear, "clears the field"},
                                          {"omit", NullValue::omit, "leaves the field as it is"}}))
               .by_default("clear")
               .help("What NULL does."),
           field<&FieldRule::drift>(
               "drift", choice<DriftPolicy>({{"report", DriftPolicy::report, "it is listed"},
                                             {"take_back", DriftPolicy::take_back,
                                              "it is listed, and `drift --take-back` has it sent again"},
                                             {"keep", DriftPolicy::keep, "it is theirs, and not listed"}}))
               .by_default("report")
               .help("What `penstock drift` does about a value that others changed."),
           field<&FieldRule::pii>("pii", boolean())
               .by_default("false")
               .help("Personal: the value is masked wherever it is kept or shown.")})
          .place<&FieldRule::place>()
          .shorthand("from")
          .exactly_one({"from", "sql", "value", "template"})
          .at_most_one({"template", "transform"});
  return shape;
}

Of<Cron> cron() {
  return declare::parsed<Cron>({"cron expression", "a cron expression such as 0 7 * * *"}, parse_cron);
}

Of<std::string> timezone() {
  const ScalarFacts facts{"time zone", "a time zone such as Europe/Berlin"};
  return declare::custom<std::string>(facts, [](const Node& node, std::string& into, Reading& reading) {
    if (node.is_scalar() && is_time_zone(node.text)) {
      into = node.text;
      return true;
    }
    declare::Diagnostic& wrong = reading.unexpected(node, "a time zone such as Europe/Berlin");
    if (node.is_scalar()) wrong.hint = declare::did_you_mean(node.text, time_zone_names());
    wrong.remedy = "use a name of the IANA time zone database";
    return false;
  });
}

const Of<BatchLimits>& batch_shape() {
  static const Of<BatchLimits> shape = structure<BatchLimits>(
      "batch", "Less than the destination allows.",
      {field<&BatchLimits::rows>("rows", integer({.min = 1, .max = kBatchRowsMax}, "a number of rows"))
           .help("At most so many rows in a request.")
           .otherwise("the destination's limit")
           .example("50"),
       field<&BatchLimits::concurrency>("concurrency",
                                        integer({.min = 1, .max = kConcurrencyMax}, "a number of requests"))
           .help("At most so many requests at a time.")
           .otherwise("what the limits allow")
           .example("2"),
       field<&BatchLimits::bulk>("bulk",
                                 choice<Bulk>({{"auto", Bulk::by_size, "when there are many rows to send"},
                                               {"always", Bulk::always, "whatever the number"},
                                               {"never", Bulk::never, "not at all"}}))
           .by_default("auto")
           .help("Whether rows go by the destination's bulk jobs, where it has such.")});
  return shape;
}

// The fields of a sync that a project may also set for all.
std::vector<FieldOf<Sync>> common_fields() {
  return {
      field<&Sync::schedule>("schedule", schedule_shape())
          .otherwise("it runs on request")
          .help("When it runs under `penstock serve`.")
          .example("{ every: 15m }"),
      field<&Sync::guard>("guard", guard_shape())
          .otherwise("`{ empty_model: stop }`")
          .help("Bounds that stop a run before anything is sent.")
          .example("{ max_removed: 5%, max_changed: 50% }"),
      field<&Sync::approve>(
          "approve",
          choice<Approve>({{"none", Approve::none, "runs send what they plan"},
                           {"required", Approve::required,
                            "only a plan file that somebody approved is sent (`penstock approve`)"}}))
          .by_default("none")
          .help("Whether a person must approve a plan before it is sent."),
      field<&Sync::alerts>(
          "alerts", list(placed(identifier())).or_one().what("the name of an alert, or a list of names"))
          .help("Who hears of it when a run fails or stops.")
          .example("[ops]"),
      field<&Sync::in_doubt>("in_doubt", choice<InDoubt>({{"hold", InDoubt::hold, "wait for a person"},
                                                          {"resend", InDoubt::resend, "send it again"}}))
          .by_default("hold")
          .help("What happens to a row that may or may not have arrived and cannot be looked up."),
      field<&Sync::batch>("batch", batch_shape())
          .help("Smaller batches or fewer requests than the destination allows.")
          .example("{ rows: 50 }"),
      field<&Sync::priority>(
          "priority", choice<Priority>({{"low", Priority::low, "a quarter of the turns of a normal one"},
                                        {"normal", Priority::normal, "as others"},
                                        {"high", Priority::high, "four times as many turns"}}))
          .by_default("normal")
          .help("Whose requests go first when several syncs wait for the limits of one account. Nobody "
                "waits for ever."),
      field<&Sync::before>(
          "before", choice<Before>({{"none", Before::none, "nothing is read for this"},
                                    {"keep", Before::keep, "what a run overwrites is read first, and kept"}}))
          .by_default("none")
          .help("Whether records are read before they are written, so that `undo` can put back what they "
                "held."),
      field<&Sync::skip_equal>("skip_equal", boolean())
          .by_default("false")
          .help("Records are read before they are written, and those that say already what the row says "
                "are not written."),
      field<&Sync::planner>(
          "planner", choice<Planner>({{"local", Planner::local, "here: the model is read as a whole"},
                                      {"warehouse", Planner::warehouse,
                                       "in the warehouse, which keeps what was accepted in tables of ours: "
                                       "only rows that may have changed leave it"}}))
          .by_default("local")
          .help("Where the rows that changed are found."),
      field<&Sync::tags>("tags", list(identifier()).or_one())
          .help("Words to choose syncs by.")
          .example("[crm]"),
      field<&Sync::owner>("owner", text()).help("Who answers for it.").example("growth@example.com")};
}

std::vector<FieldOf<Sync>> own_fields() {
  return {
      field<&Sync::model>("model", placed(identifier()))
          .required()
          .help("The model whose rows are sent.")
          .example("customers"),
      field<&Sync::destination>("destination", placed(identifier()))
          .required()
          .help("The destination that they are sent to.")
          .example("crm"),
      field<&Sync::object>("object", placed(text()))
          .required()
          .help("What is written there.")
          .example("contacts"),
      field<&Sync::mode>("mode", placed(mode_shape()))
          .required()
          .help("Which records are written.")
          .example("upsert"),
      field<&Sync::match>(
          "match",
          map_of(match_shape()).not_empty().what("a map from a field of the destination to a column"))
          .otherwise("required, except in modes insert and append")
          .help("The field that finds a record, and the model's value for it.")
          .example("{ email: email }"),
      field<&Sync::fields>(
          "fields", map_of(field_shape()).not_empty().what("a map from fields of the destination to columns"))
          .otherwise("required, except in mode delete, and where only what is matched on is sent")
          .help("What is written. A field that is not named is never touched.")
          .example("{ firstname: first_name }"),
      field<&Sync::on_removed>("on_removed", on_removed_shape())
          .otherwise("`ignore`; `delete` in mode mirror")
          .help("What happens when a row leaves the model."),
      field<&Sync::match_change>(
          "match_change",
          choice<MatchChange>(
              {{"follow", MatchChange::follow, "update the record that the row was written to"},
               {"new", MatchChange::open_new, "look for, or create, the record of the new value"}}))
          .by_default("follow")
          .help("What happens when a row's match value changes."),
      field<&Sync::options>("options", declare::anything())
          .help("What this kind of destination lets a sync choose; see the connector's page."),
      field<&Sync::description>("description", text()).help("What it is for."),
      field<&Sync::paused>("paused", boolean())
          .by_default("false")
          .help("Its schedule does nothing; it still runs on request.")};
}

}  // namespace

std::string_view name_of(Mode mode) {
  switch (mode) {
    case Mode::insert:
      return "insert";
    case Mode::update:
      return "update";
    case Mode::upsert:
      return "upsert";
    case Mode::mirror:
      return "mirror";
    case Mode::append:
      return "append";
    case Mode::remove:
      return "delete";
    case Mode::replace:
      return "replace";
  }
  return "";
}

std::string_view name_of(DriftPolicy policy) {
  switch (policy) {
    case DriftPolicy::report:
      return "report";
    case DriftPolicy::take_back:
      return "take_back";
    case DriftPolicy::keep:
      return "keep";
  }
  return "";
}

std::string_view name_of(OnRemoved on_removed) {
  switch (on_removed) {
    case OnRemoved::ignore:
      return "ignore";
    case OnRemoved::remove:
      return "delete";
    case OnRemoved::clear:
      return "clear";
  }
  return "";
}

const Of<Schedule>& schedule_shape() {
  static const Of<Schedule> shape =
      structure<Schedule>(
          "schedule", "When a sync runs.",
          {field<&Schedule::every>("every", declare::duration(1s))
               .help("The time from one start to the next.")
               .example("15m"),
           field<&Schedule::cron>("cron", cron())
               .help("A cron expression: minute, hour, day, month, weekday.")
               .example("\"0 7 * * *\""),
           field<&Schedule::timezone>("timezone", placed(timezone()))
               .by_default("UTC")
               .help("The time zone of `cron`, by its IANA name.")
               .example("Europe/Berlin"),
           field<&Schedule::after>(
               "after",
               list(placed(identifier())).or_one().not_empty().what("the name of a sync, or a list of names"))
               .help("Runs when these syncs have run.")
               .example("accounts_to_crm"),
           field<&Schedule::after_dbt>("after_dbt", boolean())
               .help("`true`: runs when dbt has made its model anew.")
               .example("true"),
           field<&Schedule::jitter>("jitter", declare::duration(0s))
               .by_default("0s")
               .help(
                   "With `every` and `cron`: it begins up to so much later, by a time of its own that stays "
                   "the same, so that many syncs do not all begin at once.")
               .example("2m")})
          .place<&Schedule::place>()
          .shorthand("every")
          .exactly_one({"every", "cron", "after", "after_dbt"})
          .needs("timezone", "cron");
  return shape;
}

const Of<Guard>& guard_shape() {
  const auto bound = [] { return placed(declare::share_or_count()); };
  static const Of<Guard> shape =
      structure<Guard>(
          "guard", "Bounds of a plan; a run that would pass one stops before anything is sent.",
          {field<&Guard::max_removed>("max_removed", bound())
               .help("Rows that may leave, of those that were there.")
               .otherwise("no bound")
               .example("5%"),
           field<&Guard::max_changed>("max_changed", bound())
               .help("Rows that may change, of those that were there.")
               .otherwise("no bound")
               .example("50%"),
           field<&Guard::max_rejected>("max_rejected", bound())
               .help("Rows that the destination may refuse before the run stops.")
               .otherwise("no bound")
               .example("10%"),
           field<&Guard::max_first_run>("max_first_run", placed(integer({.min = 0}, "a number of rows")))
               .help("Rows that the first run may send.")
               .otherwise("no bound")
               .example("10000"),
           field<&Guard::max_added>("max_added", bound())
               .help("Rows that may be added. A share is of those that were there, and does not count in a "
                     "first "
                     "run.")
               .otherwise("no bound")
               .example("20%"),
           field<&Guard::max_invalid>("max_invalid", bound())
               .help("Rows of the model that may be invalid.")
               .otherwise("no bound")
               .example("1%"),
           field<&Guard::max_requests>("max_requests", placed(integer({.min = 0}, "a number of requests")))
               .help("Requests that a run may need.")
               .otherwise("no bound")
               .example("5000"),
           field<&Guard::max_quota>("max_quota", placed(declare::share()))
               .help("The part that a run may take of what the destination allows in a day, all of it and "
                     "not what "
                     "is left.")
               .otherwise("no bound")
               .example("25%"),
           field<&Guard::empty_model>(
               "empty_model",
               choice<EmptyModel>({{"stop", EmptyModel::stop, "nothing is sent"},
                                   {"allow", EmptyModel::allow, "all of its rows count as removed"}}))
               .by_default("stop")
               .help("What happens when a model that had rows has none.")})
          .place<&Guard::place>();
  return shape;
}

const Of<Sync>& sync_shape() {
  static const Of<Sync> shape = [] {
    std::vector<declare::Field> fields;
    for (auto& each : own_fields()) fields.push_back(std::move(each));
    for (auto& each : common_fields()) fields.push_back(std::move(each));
    return declare::StructureOf<Sync>("sync", "Carries the rows of a model to an object of a destination.",
                                      std::move(fields), declare::Rules{})
        .place<&Sync::place>()
        .check(check_sync);
  }();
  return shape;
}

const Of<Sync>& sync_defaults_shape() {
  static const Of<Sync> shape = [] {
    std::vector<declare::Field> fields;
    for (auto& each : common_fields()) fields.push_back(std::move(each));
    return declare::StructureOf<Sync>("defaults", "What holds for every sync that does not say otherwise.",
                                      std::move(fields), declare::Rules{});
  }();
  return shape;
}

}  // namespace penstock::config
