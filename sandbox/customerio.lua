-- Customer.io Track API v1 and v2. docs.customer.io (2026). Acceptance is not processing: what is refused is told by index.
local people = records("people", { fold = { "email" }, plain_id = true })
local objects, events, segments = records("objects"), records("events"), records("segments")

vendor {
  refusal = function(status, why)
    if status == 401 then return { meta = { error = "Unauthorized" } } end
    return { errors = list { { reason = status == 413 and "too_large" or "invalid", message = why or "the request was refused" } } }
  end,
  limits = { "track" },
  login = function(request)
    local site, key = basic(request)
    if not is_text(site) or token_problem(key) then refuse_with(401) end
  end,
}
limit("track", { rate = "1000/1s" })

local function find(ids)
  if is_text(ids.cio_id) then return people:get(ids.cio_id) end
  if present(ids.id) then return people:find("id", tostring(ids.id)) end
  if is_text(ids.email) then return people:find("email", ids.email) end
end
local function problem(field, message) return { reason = field == "identifiers" and "required" or "invalid", field = field, message = message } end
local function clean(attributes)
  local fields = {}
  for name, value in pairs(attributes or {}) do
    if name:sub(1, 1) ~= "_" then fields[name] = value == "" and null or value end
  end
  return fields
end

local person = {}
function person.identify(row, known)
  local attributes = row.attributes or {}
  if present(attributes.email) and attributes.email ~= "" and not is_email(attributes.email) then return problem("email", "must be a valid email address") end
  if not known and attributes._update then return end
  if known and attributes._timestamp and known.stamp and attributes._timestamp < known.stamp then return end
  local ids = row.identifiers
  local fields = merge(clean(attributes), { id = ids.id and tostring(ids.id), email = attributes.email or ids.email })
  known = known and people:update(known, fields) or people:create(fields, "cio_" .. hex(8))
  known.stamp = attributes._timestamp or known.stamp
end
function person.delete(_, known) if known then people:delete(known) end end
function person.event(row)
  if not is_text(row.name) then return problem("name", "is required") end
  if row.id and events:find("event_id", row.id) then return end
  events:create { name = row.name, person = row.identifiers, attributes = row.attributes, event_id = row.id }
end
person.page, person.screen = person.event, person.event
for _, action in ipairs { "add_relationships", "delete_relationships", "add_device", "delete_device", "suppress", "unsuppress", "merge" } do
  person[action] = function() end
end
local object = { add_relationships = function() end, delete_relationships = function() end }
function object.identify(row)
  local ids = row.identifiers
  local key = ("%s:%s"):format(ids.object_type_id, ids.object_id)
  local known = objects:get(key)
  if known then objects:update(known, clean(row.attributes)) else objects:create(clean(row.attributes), key) end
end
object.identify_anonymous = object.identify
function object.delete(row)
  local known = objects:get(("%s:%s"):format(row.identifiers.object_type_id, row.identifiers.object_id))
  if known then objects:delete(known) end
end

-- Carries out one entry, or tells what is wrong with it.
local function take(row)
  local ids = row.identifiers
  if type(ids) ~= "table" or not next(ids) then return problem("identifiers", "identifiers are required") end
  if #json(row) > 32 << 10 then return problem("attributes", "exceeds 32 KB") end
  for name, value in pairs(ids) do
    if #tostring(value) > 150 then return problem("identifiers", name .. " is longer than 150 bytes") end
  end
  if ids.email and not is_email(ids.email) then return problem("identifiers", "email is not valid") end
  local actions = ({ person = person, object = object })[row.type]
  if not actions then return problem("type", "must be person or object") end
  if not actions[row.action] then return problem("action", "is unknown: " .. tostring(row.action)) end
  if row.type == "object" and not (present(ids.object_type_id) and present(ids.object_id)) then return problem("identifiers", "object_type_id and object_id are required") end
  if chosen(tostring(ids.id or ids.email or ids.object_id or "")) then return problem("attributes", "refused by the sandbox") end
  return actions[row.action](row, row.type == "person" and find(ids) or nil)
end
route("POST /api/v2/batch", { bytes = 500 << 10 }, function(request)
  local rows, errors = request:json().batch, list {}
  if type(rows) ~= "table" or #rows == 0 then refuse(400, { errors = list { problem("batch", "is required") } }) end
  request.rows = #rows
  for place, row in ipairs(rows) do
    local wrong = take(row)
    if wrong then errors[#errors + 1] = merge(wrong, { batch_index = place - 1 }) end
  end
  request.rejected = #errors
  if #errors == 0 then return 200, {} end
  return #errors == #rows and 400 or 207, { errors = errors }
end)
route("POST /api/v2/entity", { bytes = 32 << 10 }, function(request)
  request.rows = 1
  local wrong = take(request:json())
  if wrong then request.rejected = 1 return 400, { errors = list { wrong } } end
  return 200, {}
end)

-- ---- v1: an id in the path is an id, an e-mail address or cio_...

local function ids_of(id) return id:find("^cio_") and { cio_id = id } or id:find("@") and { email = id } or { id = id } end
local function single(request, row)
  request.rows = 1
  local wrong = take(row)
  if wrong then request.rejected = 1 return 400, { meta = { errors = list { wrong.message } } } end
  return 200, {}
end
route("PUT /api/v1/customers/{id}", function(request, id)
  return single(request, { type = "person", action = "identify", identifiers = ids_of(id), attributes = request:json() })
end)
route("DELETE /api/v1/customers/{id}", function(request, id)
  return single(request, { type = "person", action = "delete", identifiers = ids_of(id) })
end)
route("POST /api/v1/customers/{id}/events", function(request, id)
  local body = request:json()
  return single(request, { type = "person", action = "event", identifiers = ids_of(id), name = body.name, attributes = body.data, id = body.id })
end)
local function change_segment(adding)
  return function(request, id)
    local ids = request:json().ids
    if type(ids) ~= "table" or #ids == 0 or #ids > 1000 then return 400, { errors = list { problem("ids", "1 to 1000 ids") } } end
    request.rows = #ids
    for _, one in ipairs(ids) do
      local key = id .. " " .. tostring(one)
      local member = segments:find("key", key)
      if adding and not member then segments:create { key = key, segment = id, id = one } end
      if member and not adding then segments:delete(member) end
    end
    return 200, {}
  end
end
route("POST /api/v1/segments/{id}/add_customers", change_segment(true))
route("POST /api/v1/segments/{id}/remove_customers", change_segment(false))
route("GET /api/v1/accounts/region", function() return 200, { url = "track.customer.io", data_center = "us", environment_id = 1 } end)
