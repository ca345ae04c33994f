#include <fmt/format.h>

#include "config/shapes.h"
#include "declare/schema.h"

namespace penstock::config {
namespace {

using declare::field;
using declare::identifier;
using declare::list;
using declare::map_of;
using declare::Of;
using declare::placed;
using declare::Reading;
using declare::structure;
using declare::text;

bool check_model(const Model& model, const Node& node, Reading& reading) {
  const declare::Entry* keys = node.find("primary_key");
  if (keys == nullptr && !model.dbt) {
    reading.error(node.place, "the field 'primary_key' is missing in a model").remedy =
        "add it, for example 'primary_key: id'";
    return false;
  }
  for (size_t i = 0; i < model.primary_key.size(); ++i)
    for (size_t j = 0; j < i; ++j)
      if (*model.primary_key[i] == *model.primary_key[j]) {
        const Reading::Step step(reading, "primary_key");
        const Place& at = model.primary_key[i].place;
        reading
            .error(at.known() ? at : keys->value.place,
                   fmt::format("the column '{}' is given twice", *model.primary_key[i]))
            .remedy = "remove one of the two";
        return false;
      }
  return true;
}

bool check_state(const ProjectFile& project, const Node& node, Reading& reading) {
  if (!project.state.is_literal()) return true;
  const std::string state = project.state.literal();
  if (state.find("://") == std::string::npos || state.starts_with("postgres://") ||
      state.starts_with("postgresql://") || state.starts_with("s3://"))
    return true;
  const declare::Entry* entry = node.find("state");
  const Reading::Step step(reading, "state");
  reading.unexpected(entry ? entry->value : node, "a directory, or a postgres:// or s3:// address");
  return false;
}

// Takes a node as it is, for later; in schemas it is what it will be read as.
class LaterReadShape : public declare::Shape {
 public:
  explicit LaterReadShape(declare::ShapeRef shape)
      : Shape(declare::type_facts<Node>()), shape_(std::move(shape)) {}
  bool takes(const Node&) const override { return true; }
  bool read(const Node& node, void* into, Reading&) const override {
    *static_cast<Node*>(into) = node;
    return true;
  }
  std::string phrase() const override { return shape_ ? shape_->phrase() : "a map"; }
  std::string name() const override { return shape_ ? shape_->name() : "its settings"; }
  void write_schema(declare::SchemaWriter& schema) const override {
    if (shape_) shape_->write_schema(schema);
  }

 private:
  declare::ShapeRef shape_;
};

Of<std::vector<Named<Node>>> definitions(declare::ShapeRef shape) {
  return map_of(identifier(), Of<Node>(std::make_shared<LaterReadShape>(std::move(shape))))
      .what("a map from names to definitions");
}

declare::ShapeRef shape_of_kind(KindOfType kind, const ProjectKinds* kinds) {
  if (kind == KindOfType::alert) return all_settings_shape(kind, alert_kinds()).shape();
  if (!kinds) return nullptr;
  return all_settings_shape(kind, kind == KindOfType::source ? kinds->sources : kinds->destinations).shape();
}

}  // namespace

const Of<Model>& model_shape() {
  static const Of<Model> shape =
      structure<Model>(
          "model", "A named query on a source, with a primary key.",
          {field<&Model::source>("source", placed(identifier()))
               .required()
               .help("The source that it reads.")
               .example("warehouse"),
           field<&Model::primary_key>("primary_key", list(placed(text("the name of a column")))
                                                         .or_one()
                                                         .not_empty()
                                                         .what("the name of a column, or a list of names"))
               .otherwise("required; of a dbt model, what dbt says of it")
               .help("The column, or columns, that tell rows apart.")
               .example("id"),
           field<&Model::sql>("sql", declare::passage("the SQL of a query"))
               .help("The query.")
               .example("select id, email from customers"),
           field<&Model::table>("table", placed(text("the name of a table")))
               .help("A table or view, read whole.")
               .example("analytics.customers"),
           field<&Model::dbt>("dbt", placed(text("the name of a dbt model")))
               .help("A dbt model; its table is looked up in dbt's manifest.")
               .example("dim_customers"),
           field<&Model::pii>("pii", list(placed(text("the name of a column"))).or_one())
               .help("Personal columns: their values are masked wherever they are kept or shown.")
               .example("[email, phone]"),
           field<&Model::description>("description", text()).help("What a row of it is."),
           field<&Model::owner>("owner", text()).help("Who answers for it.").example("data@example.com")})
          .place<&Model::place>()
          .exactly_one({"sql", "table", "dbt"})
          .check(check_model);
  return shape;
}

static const Of<SyncLog>& sync_log_shape() {
  static const Of<SyncLog> shape = structure<SyncLog>(
      "sync_log", "Runs and operations as tables in a warehouse.",
      {field<&SyncLog::source>("source", placed(identifier()))
           .required()
           .help("The source that is written to: PostgreSQL, DuckDB or ClickHouse.")
           .example("warehouse"),
       field<&SyncLog::schema>("schema", placed(identifier()))
           .by_default("penstock_log")
           .help("The schema that holds the tables `runs` and `operations`; of ClickHouse the "
                 "database. It is made when it is not there and the login may do that.")});
  return shape;
}

Of<ProjectFile> project_shape(const ProjectKinds* kinds) {
  return structure<ProjectFile>(
             "project", "The project as a whole.",
             {field<&ProjectFile::name>("project", placed(identifier()))
                  .required()
                  .help("The project's name.")
                  .example("acme"),
              field<&ProjectFile::description>("description", text()).help("What it is for."),
              field<&ProjectFile::state>("state", declare::reference_text())
                  .by_default(".penstock")
                  .help("Where snapshots and records are kept: a directory, or a PostgreSQL database for "
                        "several workers.")
                  .example("postgres://penstock@db.example.com/penstock"),
              field<&ProjectFile::public_url>("public_url", declare::url())
                  .help("Where people reach the web pages of `penstock serve`: links in alerts lead there.")
                  .example("https://penstock.example.com"),
              field<&ProjectFile::keep_operations>("keep_operations", declare::duration(1h))
                  .by_default("30d")
                  .help("How long the operations of runs are kept."),
              field<&ProjectFile::keep_before>("keep_before", declare::duration(1h))
                  .by_default("30d")
                  .help("How long is kept what runs overwrote (`before: keep`): so long they can be undone."),
              field<&ProjectFile::max_size>("max_size", declare::size())
                  .help(
                      "How large the operations and requests of all runs together may become: beyond it the "
                      "oldest go first. Nothing said: `keep_operations` alone decides.")
                  .example("10GB"),
              field<&ProjectFile::sync_log>("sync_log", sync_log_shape())
                  .help("A warehouse into which each run and its operations are written as tables.")
                  .example("{ source: warehouse, schema: penstock_log }"),
              field<&ProjectFile::dbt_manifest>("dbt_manifest", text("the path of a file"))
                  .by_default("target/manifest.json")
                  .help("Where models with `dbt` find their tables."),
              field<&ProjectFile::git>("git", git_shape())
                  .help("The project's git repository: where it is pulled from and pushed to.")
                  .example("{ branch: main, pull_every: 1m, token: \"${env:GIT_TOKEN}\" }"),
              field<&ProjectFile::defaults>("defaults", sync_defaults_shape())
                  .help("What holds for every sync that does not say otherwise.")
                  .example("{ guard: { max_removed: 5% } }"),
              field<&ProjectFile::sources>("sources", definitions(shape_of_kind(KindOfType::source, kinds)))
                  .help("Sources by name, instead of files in `sources/`."),
              field<&ProjectFile::models>("models", definitions(model_shape().shape()))
                  .help("Models by name, instead of files in `models/`."),
              field<&ProjectFile::destinations>("destinations",
                                                definitions(shape_of_kind(KindOfType::destination, kinds)))
                  .help("Destinations by name, instead of files in `destinations/`."),
              field<&ProjectFile::syncs>("syncs", definitions(sync_shape().shape()))
                  .help("Syncs by name, instead of files in `syncs/`."),
              field<&ProjectFile::alerts>("alerts", definitions(shape_of_kind(KindOfType::alert, kinds)))
                  .help("Alerts by name, instead of files in `alerts/`.")})
      .check(check_state);
}

}  // namespace penstock::config
