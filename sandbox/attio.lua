-- Attio REST v2: records of objects, assert by a matching attribute, queries. docs.attio.com (2026).
local unique = { people = { email_addresses = true }, companies = { domains = true }, deals = {} }

local function error_of(status, code, message)
  local kinds = { [401] = "auth_error", [429] = "rate_limit_error" }
  return { status_code = status, type = kinds[status] or "invalid_request_error", code = code, message = message }
end
vendor {
  refusal = function(status, why)
    local codes = { [401] = "unauthorized", [404] = "not_found", [429] = "rate_limit_exceeded" }
    return error_of(status, codes[status] or "validation_type", why or "The request was refused.")
  end,
  limits = { "reads and writes" },
  login = function(request) if token_problem(bearer(request)) then refuse_with(401, "The access token is not valid.") end end,
}
limit("reads and writes", { rate = "25/1s", key = function(r) return r.method == "GET" and "read" or "write" end,
  refuse = function(a) return 429, error_of(429, "rate_limit_exceeded", "Rate limit exceeded"), { ["Retry-After"] = math.ceil(a.wait) } end })

-- Values come as one, a list, or a list of {value=}; they are kept as lists of plain values.
local function plain(value)
  if value == null then return null end
  local all = list {}
  for place, one in ipairs(type(value) == "table" and (#value > 0 or next(value) == nil) and value or { value }) do
    all[place] = type(one) == "table" and (one.value or one.email_address or one.domain or one.original_phone_number or one.target_record_id) or one
  end
  return #all > 0 and all or null
end
local function fields_of(object, values, own)
  local store, fields = records(object), {}
  for name, value in pairs(values) do
    if strict and name:find("^unknown") then refuse(400, error_of(400, "unknown_attribute", "Cannot find attribute with slug/ID \"" .. name .. "\".")) end
    fields[name] = plain(value)
    for _, one in ipairs(fields[name] ~= null and fields[name] or {}) do
      if name == "email_addresses" and not is_email(one) then refuse(400, error_of(400, "validation_type", "An invalid value was passed to attribute with slug \"email_addresses\".")) end
      if chosen(tostring(one)) then refuse_with(400, "refused by the sandbox") end
      local held = (unique[object] or {})[name] and store.hold and store.hold[name .. " " .. tostring(one):lower()]
      if held and not held.archived and held ~= own then
        refuse(409, error_of(409, "uniqueness_conflict", ("The value \"%s\" provided for attribute with slug \"%s\" conflicts with one already in the system."):format(one, name)))
      end
    end
  end
  return fields
end
-- Who holds a value of an attribute; attributes hold several, so the table's own index does not do.
local function hold(store, record)
  store.hold = store.hold or {}
  for name, all in pairs(record.fields) do
    for _, one in ipairs(type(all) == "table" and all or {}) do store.hold[name .. " " .. tostring(one):lower()] = record end
  end
  return record
end
local function holder(store, name, value)
  local record = store.hold and store.hold[name .. " " .. tostring(value):lower()]
  for _, one in ipairs(record and not record.archived and record.fields[name] or {}) do if tostring(one):lower() == tostring(value):lower() then return record end end
end
local function shown(object, record)
  local values = {}
  for name, all in pairs(record.fields) do
    values[name] = list {}
    for place, one in ipairs(all) do
      values[name][place] = merge(name == "email_addresses" and { email_address = one, original_email_address = one, email_domain = one:match("@(.*)"), email_root_domain = one:match("@(.*)"),
        email_local_specifier = one:match("^[^@]+"), attribute_type = "email-address" } or { value = one, attribute_type = type(one) == "number" and "number" or "text" },
        { active_from = iso(record.updated), active_until = null, created_by_actor = { type = "api-token", id = "t1" } })
    end
  end
  return { data = { id = { workspace_id = "14beef7a-99f7-4534-a87e-70b564330a4c", object_id = "97052eb9-e65e-443f-a297-f2d9a4a7f795", record_id = record.id },
    created_at = iso(record.created), web_url = "https://app.attio.com/example/" .. object .. "/" .. record.id, values = values } }
end
local function values_of(request)
  request.rows, request.rejected = 1, 1
  local data = request:json().data
  return type(data) == "table" and type(data.values) == "table" and data.values or refuse_with(400, "data.values is missing")
end
local function done(request, object, record)
  request.rejected = 0
  return 200, shown(object, hold(records(object), record))
end
local path = "/v2/objects/{object}/records"
route("POST " .. path .. "/query", function(request, object)
  local body, data = request:json(), list {}
  local name, value = next(body.filter or {})
  for record in records(object):each() do
    local same = name == nil
    for _, one in ipairs(name and record.fields[name] or {}) do
      local wanted = type(value) == "table" and (value["$eq"] or value["$in"] or value.email_address) or value
      for _, each in ipairs(type(wanted) == "table" and wanted or { wanted }) do same = same or tostring(one):lower() == tostring(each):lower() end
    end
    if same and #data < (body.limit or 500) then data[#data + 1] = shown(object, record).data end
  end
  return 200, { data = data }
end)
route("PUT " .. path, function(request, object)
  local values, name = values_of(request), request.params.matching_attribute or refuse_with(400, "matching_attribute is missing")
  local store, found = records(object), nil
  for _, one in ipairs(plain(values[name] or refuse(400, error_of(400, "missing_value", "The matching attribute has no value."))) or {}) do
    local record = holder(store, name, one)
    if record and found and record ~= found then refuse(400, error_of(400, "multiple_match_results", "Multiple records match")) end
    found = found or record
  end
  local fields = fields_of(object, values, found)
  return done(request, object, found and store:update(found, fields) or store:create(fields, uuid()))
end)
route("POST " .. path, function(request, object) return done(request, object, records(object):create(fields_of(object, values_of(request)), uuid())) end)
route("PATCH " .. path .. "/{id}", function(request, object, id)
  local record = records(object):get(id) or refuse_with(404, "Could not find record with ID \"" .. id .. "\".")
  return done(request, object, records(object):update(record, fields_of(object, values_of(request), record)))
end)
route("GET " .. path .. "/{id}", function(_, object, id) return 200, shown(object, records(object):get(id) or refuse_with(404)) end)
route("DELETE " .. path .. "/{id}", function(request, object, id)
  request.rows = 1
  records(object):delete(records(object):get(id) or refuse_with(404))
  return 200, {}
end)
route("GET /v2/objects/{object}/attributes", function(_, object)
  return 200, { data = list { { api_slug = "name", title = "Name", type = "text", is_unique = false, is_writable = true, is_required = false, is_multiselect = false, is_archived = false },
    { api_slug = next(unique[object] or {}) or "external_id", title = "Key", type = "text", is_unique = true, is_writable = true, is_required = false, is_multiselect = true, is_archived = false } } }
end)
