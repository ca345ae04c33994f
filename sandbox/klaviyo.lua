-- Klaviyo API, revision 2026-07-15 (JSON:API). developers.klaviyo.com: profiles, bulk import, lists, events, rate limits.
local profiles = records("profiles", { fold = { "email" } })
local events = records("events")
local keys = { "id", "email", "external_id", "phone_number" }

local function error_of(status, code, title, detail, pointer, meta)
  return { errors = list { { id = uuid(), status = status, code = code, title = title, detail = detail,
    source = { pointer = pointer or "/data" }, meta = meta or {} } } }
end
vendor {
  refusal = function(status, why)
    local codes = { [400] = "invalid", [401] = "not_authenticated", [404] = "not_found", [409] = "duplicate_profile", [429] = "throttled" }
    return error_of(status, codes[status] or "error", "The request was refused.", why or "The request was refused.")
  end,
  limits = { "second", "minute" },
  login = function(request)
    local key = (request.headers.authorization or ""):match("^Klaviyo%-API%-Key (.+)$")
    if token_problem(key or bearer(request)) then refuse_with(401, "Missing or invalid private key.") end
    if not is_text(request.headers.revision) then refuse_with(400, "The revision header is missing.") end
  end,
  after = function(_, status, headers, body)
    if body then headers["Content-Type"] = "application/vnd.api+json" end
    if status == 429 then for name in pairs(headers) do if name:find("^RateLimit") then headers[name] = nil end end end
  end,
}
local function headers(a) return { ["RateLimit-Limit"] = a.limit, ["RateLimit-Remaining"] = a.remaining, ["RateLimit-Reset"] = math.max(0, a.reset - seconds()) } end
local function key(r) return r.path:match("^/api/[%w-]+") or "" end
limit("second", { rate = "75/1s", key = key })
limit("minute", { rate = "750/1m", key = key, headers = headers })
limit("bulk second", { rate = "10/1s", key = key })
limit("bulk minute", { rate = "150/1m", key = key, headers = headers })
local bulk = { limits = { "bulk second", "bulk minute" }, bytes = 5 << 20 }

-- The one profile that the identifiers mean; nil and a text when they belong to several.
local function find(row)
  local found
  for _, name in ipairs(keys) do
    local one = present(row[name]) and profiles:find(name, row[name])
    if one and found and one ~= found then return nil, "the identifiers belong to different profiles" end
    found = found or one or nil
  end
  return found
end
local function problem(row)
  if not (present(row.email) or present(row.external_id) or present(row.phone_number) or present(row.id)) then
    return "One of email, phone_number, external_id or id is needed.", ""
  end
  if present(row.email) and not is_email(row.email) then return "Invalid email address", "/email" end
  if present(row.phone_number) and not row.phone_number:match("^%+%d%d%d%d%d%d%d+$") then return "Invalid phone number", "/phone_number" end
  if chosen(tostring(row.email or row.external_id or row.phone_number or "")) then return "refused by the sandbox", "" end
end
local function write(row, known, meta)
  local fields = merge(row)
  fields.id = nil
  if type(row.properties) == "table" then fields.properties = merge(known and known.fields.properties or {}, row.properties) end
  local unset = meta and meta.patch_properties and meta.patch_properties.unset
  for _, name in ipairs(type(unset) == "table" and unset or { unset }) do
    fields.properties = fields.properties or merge(known and known.fields.properties or {})
    fields.properties[name] = nil
  end
  if known then return profiles:update(known, fields) end
  return profiles:create(fields, "01" .. hex(24):upper())
end
local function shown(profile)
  local all = merge({ email = null, phone_number = null, external_id = null, first_name = null, last_name = null, properties = {} }, profile.fields,
    { created = iso(profile.created), updated = iso(profile.updated) })
  return { type = "profile", id = profile.id, attributes = all, links = { self = "https://a.klaviyo.com/api/profiles/" .. profile.id } }
end
local function data_of(request, kind)
  local data = request:json().data
  if type(data) ~= "table" or data.type ~= kind then refuse_with(400, "data.type must be " .. kind) end
  request.rows = 1
  return data, data.attributes or {}
end
local function refuse_row(request, why, place)
  request.rejected = 1
  refuse(400, error_of(400, "invalid", "Invalid input.", why, "/data/attributes" .. place))
end
local function write_one(request, creating, id)
  local data, row = data_of(request, "profile")
  local why, place = problem(id and merge({ id = id }, row) or row)
  if why then refuse_row(request, why, place) end
  local known, several = find(id and { id = id } or row)
  if several then refuse_row(request, several, "") end
  if id and not known then refuse_with(404, "A profile with id " .. id .. " does not exist.") end
  if creating and known then
    request.rejected = 1
    refuse(409, error_of(409, "duplicate_profile", "Conflict.", "A profile already exists with one of these identifiers.", nil, { duplicate_profile_id = known.id }))
  end
  return known and 200 or 201, { data = shown(write(row, known, data.meta)) }
end
route("POST /api/profiles", function(request) return write_one(request, true) end)
route("POST /api/profile-import", function(request) return write_one(request, false) end)
route("PATCH /api/profiles/{id}", function(request, id) return write_one(request, false, id) end)
route("GET /api/profiles/{id}", function(_, id) return 200, { data = shown(profiles:get(id) or refuse_with(404)) } end)
-- filter=any(email,["a","b"]) or equals(email,"a")
route("GET /api/profiles", function(request)
  local filter, found, seen = request.params.filter, list {}, {}
  local size = tonumber(request.params["page[size]"]) or 20
  if size > 100 then refuse_with(400, "page[size] may be at most 100") end
  local name, values = (filter or ""):match("^%a+%(([%w_]+),(.*)%)$")
  if filter and not name then refuse_with(400, "the filter cannot be read") end
  local wanted = name and parse_json(values:find("^%[") and values or "[" .. values .. "]") or {}
  if not wanted or #wanted > 100 then refuse_with(400, "a filter takes at most 100 values") end
  for _, value in ipairs(wanted) do
    for _, profile in ipairs(profiles:search(name, value)) do
      if not seen[profile] and #found < size then found[#found + 1] = shown(profile) end
      seen[profile] = true
    end
  end
  return 200, { data = found, links = { self = "https://a.klaviyo.com/api/profiles", next = null, prev = null } }
end)

-- ---- Jobs

local function job_shown(one)
  local names = { queued = "queued", working = "processing", done = "complete" }
  local done = one:stage() == "done"
  return { type = one.type, id = one.id, links = { self = ("https://a.klaviyo.com/api/%ss/%s"):format(one.type, one.id) },
    attributes = { status = names[one:stage()], created_at = iso(one.created), total_count = one.total, completed_count = done and one.total - #one.errors or 0,
      failed_count = done and #one.errors or 0, completed_at = done and iso(one.done_at) or null, expires_at = iso(one.done_at + 604800000), started_at = iso(one.works_at) } }
end
local function start(request, kind, rows, most, take)
  if type(rows) ~= "table" or #rows == 0 or #rows > most then refuse_with(400, ("between 1 and %d entries are needed"):format(most)) end
  request.rows = #rows
  local one = job { kind = kind, type = kind, id = hex(32), total = #rows, errors = {} }
  one.run = function()
    for _, row in ipairs(rows) do
      local why, place = take(row)
      if why then one.errors[#one.errors + 1] = { row, why, place } end
    end
  end
  return 202, { data = job_shown(one) }
end
local function import(row, lists)
  local attributes = row.attributes or {}
  local why, place = problem(attributes)
  if why then return why, place end
  local known, several = find(attributes)
  if several then return several, "" end
  local profile = write(attributes, known, row.meta)
  for _, one in ipairs(lists) do
    local members = records("list_" .. one.id)
    if not members:get(profile.id) then members:create({ profile = profile.id }, profile.id) end
  end
end
route("POST /api/profile-bulk-import-jobs", bulk, function(request)
  local data, attributes = data_of(request, "profile-bulk-import-job")
  local lists = data.relationships and data.relationships.lists and data.relationships.lists.data or {}
  return start(request, "profile-bulk-import-job", attributes.profiles and attributes.profiles.data, 10000, function(row) return import(row, lists) end)
end)
local function find_import(id) return find_job(id) or refuse_with(404) end
route("GET /api/profile-bulk-import-jobs/{id}", function(_, id) return 200, { data = job_shown(find_import(id)) } end)
route("GET /api/profile-bulk-import-jobs/{id}/import-errors", function(_, id)
  local all = list {}
  for place, one in ipairs(find_import(id).errors) do
    all[place] = { type = "import-error", id = uuid(), links = { self = "https://a.klaviyo.com/api/import-errors" },
      attributes = { code = "invalid", title = "Invalid input.", detail = one[2], source = { pointer = "/data/attributes" .. one[3] }, original_payload = one[1].attributes or {} } }
  end
  return 200, { data = all, links = { self = "https://a.klaviyo.com/api/import-errors", next = null, prev = null } }
end)

-- ---- Lists and events

local function change_list(adding)
  return function(request, id)
    local data = request:json().data
    if type(data) ~= "table" or #data == 0 or #data > 1000 then refuse_with(400, "1 to 1000 profiles") end
    request.rows = #data
    local members = records("list_" .. id)
    for _, one in ipairs(data) do
      local member = members:get(one.id)
      if not profiles:get(one.id) then refuse_with(404, "A profile with id " .. tostring(one.id) .. " does not exist.") end
      if adding and not member then members:create({ profile = one.id }, one.id) end
      if member and not adding then members:delete(member) end
    end
    return 204
  end
end
route("POST /api/lists/{id}/relationships/profiles", bulk, change_list(true))
route("DELETE /api/lists/{id}/relationships/profiles", bulk, change_list(false))
local function take_event(attributes)
  local metric = attributes.metric and attributes.metric.data and attributes.metric.data.attributes
  local profile = attributes.profile and attributes.profile.data and attributes.profile.data.attributes
  if not metric or not is_text(metric.name) then return "metric is missing", "/metric" end
  if not profile then return "profile is missing", "/profile" end
  local why, place = problem(profile)
  if why then return why, "/profile" .. place end
  local key = attributes.unique_id and metric.name .. " " .. attributes.unique_id
  if not (key and events:find("key", key)) then
    events:create { key = key, metric = metric.name, profile = profile, properties = attributes.properties or {}, time = attributes.time, value = attributes.value }
  end
end
route("POST /api/events", function(request)
  local _, attributes = data_of(request, "event")
  local why, place = take_event(attributes)
  if why then refuse_row(request, why, place) end
  return 202
end)
route("POST /api/event-bulk-create-jobs", bulk, function(request)
  local _, attributes = data_of(request, "event-bulk-create-job")
  local rows = attributes["events-bulk-create"] and attributes["events-bulk-create"].data
  local status = start(request, "event-bulk-create-job", rows, 1000, function(row)
    local given = row.attributes or {}
    for _, event in ipairs(given.events and given.events.data or {}) do take_event(merge(event.attributes, { profile = given.profile })) end
  end)
  return status
end)
