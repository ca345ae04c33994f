// The shapes of `job:` and `session:`; what they mean is said in docs/connectors.md, "Jobs" and "Sessions".
#include "connector/declaration_shapes.h"

namespace penstock::connector {
namespace {

using namespace declare;

// What every request of a job has; its name is the only thing that is asked of it.
template <class S>
std::vector<Field> request_fields(bool required) {
  auto request = inherited<S, &JobRequest::request>("request", placed(text()))
                     .help("Method and path; `{job}` is the job's id.")
                     .example("GET /jobs/{job}");
  if (required) request.required();
  return {request,
          inherited<S, &JobRequest::limit>("limit", list(placed(text())).or_one())
              .help("The limit group that it counts in, or several.")
              .otherwise("the operation's"),
          inherited<S, &JobRequest::body>("body", anything()).help("Template of the JSON body."),
          inherited<S, &JobRequest::replies>("replies", list(reply_rule_shape()))
              .help("What replies mean, before the connector's own rules.")
              .otherwise("any 2xx is good")};
}

template <class S>
Of<S> request_shape(std::string name, std::string help, bool required,
                    std::initializer_list<FieldOf<S>> more) {
  std::vector<Field> fields = request_fields<S>(required);
  for (const auto& field : more) fields.push_back(field);
  return StructureOf<S>(std::move(name), std::move(help), std::move(fields), Rules{})
      .template place<&S::place>();
}

Of<JobPoll> poll_shape() {
  return request_shape<JobPoll>(
      "job poll", "How a job is asked where it stands.", true,
      {field<&JobPoll::state>("state", text()).required().help("Path of the job's state in the reply."),
       field<&JobPoll::done>("done", list(text()).or_one())
           .required()
           .help("States of a job that came to its end."),
       field<&JobPoll::failed>("failed", list(text()).or_one())
           .help("States of a job that broke off. In any other state it still works."),
       field<&JobPoll::open>("open", list(text()).or_one())
           .help("States of a job that waits to be started: after a crash it is started again."),
       field<&JobPoll::pause>("pause", duration(Duration(100ms), Duration(1h)))
           .by_default("1s")
           .help("Time before the first question; it grows by half each time. When an earlier job of the run "
                 "took "
                 "longer, the first question comes when that one's answer would have."),
       field<&JobPoll::pause_max>("pause_max", duration(Duration(100ms), Duration(1h)))
           .by_default("1m")
           .help("The longest time between questions."),
       field<&JobPoll::give_up>("give_up", duration(Duration(1s)))
           .by_default("24h")
           .help("A job that has not come to its end so long after it was begun counts as lost."),
       field<&JobPoll::processed>("processed", text()).help("Path of the rows that it is through with."),
       field<&JobPoll::total>("total", text()).help("Path of the rows that it has."),
       field<&JobPoll::code>("code", list(text()).or_one()).help("Paths of a failed job's code."),
       field<&JobPoll::message>("message", list(text()).or_one()).help("Paths of its message.")});
}

Of<JobResult> result_shape() {
  return request_shape<JobResult>(
      "job result",
      "A list that says what became of rows. Without `request` and `url` it is read in the last poll's "
      "reply.",
      false,
      {field<&JobResult::url>("url", text())
           .help("Path, in the last poll's reply, of the list's own address. The login does not go there."),
       field<&JobResult::content>("content",
                                  choice<JobResult::Content>({{"json", JobResult::Content::json, "JSON"},
                                                              {"csv", JobResult::Content::csv,
                                                               "CSV with a header: a list of entries by "
                                                               "the names of its columns"}}))
           .by_default("json")
           .help("The form of the list."),
       field<&JobResult::next>("next", text())
           .help("Path of the next page's mark, which becomes `{page}`, or of its address."),
       field<&JobResult::unless>("unless", map_of(any_text()))
           .help("Not asked for when the last poll's reply has these values."),
       field<&JobResult::rows>("rows", list(row_rule_shape()).not_empty())
           .required()
           .help("What its entries mean. `{match_field}` in `at` is the field that is matched on.")});
}

}  // namespace

const Of<JobRule>& job_shape() {
  static const auto request = request_shape<JobRequest>(
      "job request", "A request of a job, besides the one that carries the rows.", true, {});
  static const auto poll = poll_shape();
  static const auto result = result_shape();
  static const Of<JobRule> shape =
      structure<JobRule>(
          "job", "Makes an operation a job.",
          {field<&JobRule::create>("create", request)
               .help("Makes the job, before its rows travel in the operation's own request.")
               .otherwise("the operation's own request makes it"),
           field<&JobRule::id>("id", text())
               .required()
               .help("Path of the job's id in the reply to what makes it."),
           field<&JobRule::at_once>("at_once", integer({.min = 1, .max = 1000}, "a number of jobs"))
               .by_default("1")
               .help("At most so many jobs at a time."),
           field<&JobRule::start>("start", request)
               .help("Sets it to work, after its rows have travelled.")
               .otherwise("it begins by itself"),
           field<&JobRule::poll>("poll", poll).required().help("Asks where it stands."),
           field<&JobRule::results>("results", list(static_cast<const Of<JobResult>&>(result)))
               .help("What became of its rows."),
           field<&JobRule::unnamed>("unnamed", verdict_shape())
               .by_default("retry")
               .help("For rows that no result names, when the job is done."),
           field<&JobRule::unnamed_failed>("unnamed_failed", verdict_shape())
               .by_default("retry")
               .help("For rows that no result names, when the job failed. `retry`: they may have been "
                     "written."),
           field<&JobRule::abort>("abort", request).help("Does away with a job that will not be started."),
           field<&JobRule::end>("end", request).help("Does away with a job whose results are recorded.")})
          .place<&JobRule::place>();
  return shape;
}

const Of<SessionRule>& session_shape() {
  using S = SessionRule;
  static const auto request =
      request_shape<JobRequest>("session request", "A request of a session that carries no rows.", true, {});
  static const Of<S> shape =
      structure<S>(
          "session", "Makes an operation a session, in which all rows of a model travel.",
          {field<&S::begin>("begin", request).required().help("Begins it."),
           field<&S::id>("id", text())
               .required()
               .help("Path of the session's id in the reply; it becomes `{session}`."),
           field<&S::commit>("commit", request)
               .required()
               .help("Puts the whole in the place of what was there."),
           field<&S::abort>("abort", request).help("Does away with a session that is not committed.")})
          .place<&S::place>();
  return shape;
}

}  // namespace penstock::connector
