// The face of declare/: YAML with places, and declared shapes that parse, check, explain and describe.
//
//   auto file = std::make_shared<SourceFile>("models/customers.yaml", text);
//   Diagnostics diagnostics;
//   Model model;
//   if (auto node = parse_yaml(file, diagnostics)) read(model_shape(), *node, model, diagnostics);
//   if (!diagnostics.ok()) print(as_text(diagnostics));
#pragma once

#include "declare/diagnostics.h"
#include "declare/json.h"
#include "declare/nearest.h"
#include "declare/node.h"
#include "declare/place.h"
#include "declare/reference.h"
#include "declare/schema.h"
#include "declare/settings.h"
#include "declare/shape.h"
#include "declare/shapes.h"
#include "declare/table.h"
#include "declare/units.h"
