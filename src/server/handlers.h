// The answers, by topic; routes.cpp says which path leads to which. Private to server/.
#pragma once

#include "server/call.h"

namespace penstock::server {

// access_routes.cpp
ServerReply get_session(Call& call);
ServerReply login(Call& call);
ServerReply logout(Call& call);
ServerReply list_users(Call& call);
ServerReply add_user(Call& call);
ServerReply change_user(Call& call);
ServerReply remove_user(Call& call);
ServerReply list_tokens(Call& call);
ServerReply add_token(Call& call);
ServerReply remove_token(Call& call);
ServerReply list_audit(Call& call);
ServerReply list_secrets(Call& call);
ServerReply set_secret(Call& call);
ServerReply remove_secret(Call& call);

// provider_routes.cpp
ServerReply begin_provider_login(Call& call);
ServerReply end_provider_login(Call& call);

// project_routes.cpp
ServerReply get_project(Call& call);
ServerReply get_schema(Call& call);
ServerReply list_alerts(Call& call);
ServerReply test_alert(Call& call);

// file_routes.cpp
ServerReply list_files(Call& call);
ServerReply get_file(Call& call);
ServerReply validate_files(Call& call);
ServerReply commit_files(Call& call);
ServerReply get_git(Call& call);
ServerReply get_git_log(Call& call);
ServerReply pull(Call& call);
ServerReply push(Call& call);
ServerReply roll_back(Call& call);

// sync_routes.cpp
ServerReply list_syncs(Call& call);
ServerReply get_sync(Call& call);
ServerReply pause_sync(Call& call);
ServerReply resume_sync(Call& call);

// row_routes.cpp
ServerReply list_refused(Call& call);
ServerReply trace_row(Call& call);
ServerReply settle_rows(Call& call);

// plan_routes.cpp
ServerReply start_plan(Call& call);
ServerReply get_plan(Call& call);
ServerReply list_plan_rows(Call& call);
ServerReply approve_plan(Call& call);

// run_routes.cpp
ServerReply list_runs(Call& call);
ServerReply start_run(Call& call);
ServerReply get_run(Call& call);
ServerReply cancel_run(Call& call);
ServerReply list_operations(Call& call);
ServerReply follow_events(Call& call);

// source_routes.cpp
ServerReply list_sources(Call& call);
ServerReply check_source(Call& call);
ServerReply list_source_tables(Call& call);
ServerReply list_models(Call& call);
ServerReply preview_model(Call& call);
ServerReply preview_query(Call& call);

// destination_routes.cpp
ServerReply list_destinations(Call& call);
ServerReply check_destination(Call& call);
ServerReply list_objects(Call& call);
ServerReply list_fields(Call& call);
ServerReply list_connectors(Call& call);
ServerReply get_connector(Call& call);
ServerReply list_transforms(Call& call);

}  // namespace penstock::server
