// A connector's page for people, made from its declaration: docs/connectors/NAME.md.
#pragma once

#include <string>

#include "connector/declaration.h"

namespace penstock::connector {

// Markdown: setup, settings, objects and how they are matched, requests, limits, what to know.
std::string connector_page(const Declaration& declaration);

}  // namespace penstock::connector
