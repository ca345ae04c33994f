// A connector's page for people, made from its declaration: docs/connectors/NAME.md.
#pragma once

#include <string>

#include "connector/declaration.h"

namespace penstock::connector {

// "190/10s and 250000/1d, 10 at once, for each {field.channel}". `rule`: one of the group's; null: it has
// none.
std::string limit_text(const LimitGroup& group, const RateRule* rule);

// Markdown: setup, settings, objects and how they are matched, requests, limits, what to know.
std::string connector_page(const Declaration& declaration);

}  // namespace penstock::connector
