-- Intercom API 2.14. developers.intercom.com: contacts, search, companies, events, rate limiting (2026).
local contacts = records("contacts", { fold = { "email" } })
local companies, events, tags = records("companies"), records("events"), records("tags")
local attributes = {}  -- custom attributes that exist; without --strict they are made on first use

local function uuid() return ("%s-%s-4%s-8%s-%s"):format(hex(8), hex(4), hex(3), hex(3), hex(12)) end
local function errors(code, message) return { type = "error.list", request_id = uuid(), errors = list { { code = code, message = message } } } end
local codes = { [400] = "parameter_invalid", [401] = "unauthorized", [404] = "not_found", [409] = "conflict", [429] = "rate_limit_exceeded" }
vendor {
  refusal = function(status, why) return errors(codes[status] or "server_error", why or "The request was refused") end,
  limits = { "app" },
  login = function(request) if token_problem(bearer(request)) then refuse_with(401, "Access Token Invalid") end end,
}
local function headers(a) return { ["X-RateLimit-Limit"] = a.limit, ["X-RateLimit-Remaining"] = a.remaining, ["X-RateLimit-Reset"] = a.reset } end
limit("app", { rate = "1667/10s", headers = headers,
  refuse = function(a) return 429, errors("rate_limit_exceeded", ("Exceeded rate limit of %d in 10_seconds"):format(a.limit)), headers(a) end })

local function shown(contact)
  local f = contact.fields
  return merge({ type = "contact", id = contact.id, workspace_id = "w1", external_id = null, email = null, phone = null, name = null, role = "user",
    custom_attributes = {}, created_at = contact.created // 1000, updated_at = contact.updated // 1000 }, f)
end
local function check(row, own)
  if present(row.email) and not is_email(row.email) then refuse_with(400, "email is invalid") end
  for name, value in pairs(type(row.custom_attributes) == "table" and row.custom_attributes or {}) do
    if strict and not attributes[name] then refuse_with(400, ("Custom attribute '%s' does not exist"):format(name)) end
    if type(value) == "table" then refuse_with(400, "custom attributes have no nested values") end
  end
  if chosen(tostring(row.external_id or row.email or "")) then refuse_with(422, "refused by the sandbox") end
  for _, field in ipairs { "external_id", "email" } do
    local held = present(row[field]) and contacts:find(field, row[field])
    if held and held ~= own and (field == "external_id" or (row.role or "user") == (held.fields.role or "user")) then
      refuse_with(409, "A contact matching those details already exists with id=" .. held.id)
    end
  end
end
local function fields_of(row, known)
  local fields = merge(row)
  if type(row.custom_attributes) == "table" then
    fields.custom_attributes = merge(known and known.fields.custom_attributes or {}, row.custom_attributes)
    for name, value in pairs(fields.custom_attributes) do if value == null then fields.custom_attributes[name] = nil end end
  end
  return fields
end
-- Counts a row, and counts it as refused until it is through.
local function one_row(request, run)
  request.rows, request.rejected = 1, 1
  local status, body = run()
  request.rejected = 0
  return status, body
end
route("POST /contacts", function(request)
  return one_row(request, function()
    local row = request:json()
    if not (present(row.email) or present(row.external_id) or present(row.role)) then refuse_with(400, "email, external_id or role is needed") end
    check(row)
    return 200, shown(contacts:create(fields_of(row), hex(24)))
  end)
end)
-- A search for a field's value, or several of them: equal, IN, and AND / OR of these.
local function matches(query)
  if query.operator == "AND" or query.operator == "OR" then
    local count, order = {}, {}
    for _, part in ipairs(query.value) do
      for _, contact in ipairs(matches(part)) do
        if not count[contact] then order[#order + 1] = contact end
        count[contact] = (count[contact] or 0) + 1
      end
    end
    local found = {}
    for _, contact in ipairs(order) do if query.operator == "OR" or count[contact] == #query.value then found[#found + 1] = contact end end
    return found
  end
  if not is_text(query.field) then refuse_with(400, "query.field is missing") end
  local values = query.operator == "IN" and query.value or query.operator == "=" and { query.value } or refuse_with(400, "operator")
  local found, seen = {}, {}
  for _, value in ipairs(values) do
    for _, contact in ipairs(contacts:search(query.field, value)) do
      if not seen[contact] then found[#found + 1] = contact end
      seen[contact] = true
    end
  end
  return found
end
route("POST /contacts/search", function(request)
  local body = request:json()
  if type(body.query) ~= "table" then refuse_with(400, "query is missing") end
  local paging = body.pagination or {}
  local size, from, data = math.min(paging.per_page or 50, 150), tonumber(paging.starting_after) or 1, list {}
  local found = matches(body.query)
  for place = from, math.min(#found, from + size - 1) do data[#data + 1] = shown(found[place]) end
  local pages = { type = "pages", page = 1, per_page = size, total_pages = math.max(1, math.ceil(#found / size)) }
  if from + size <= #found then pages.next = { per_page = size, starting_after = tostring(from + size) } end
  return 200, { type = "list", data = data, total_count = #found, pages = pages }
end)
local function contact(id) return contacts:get(id) or refuse_with(404, "User Not Found") end
route("GET /contacts/{id}", function(_, id) return 200, shown(contact(id)) end)
route("PUT /contacts/{id}", function(request, id)
  return one_row(request, function()
    local row, known = request:json(), contact(id)
    check(merge({ role = known.fields.role }, row), known)
    return 200, shown(contacts:update(known, fields_of(row, known)))
  end)
end)
route("DELETE /contacts/{id}", function(request, id)
  request.rows = 1
  local known = contact(id)
  contacts:delete(known)
  return 200, { type = "contact", id = known.id, external_id = known.fields.external_id or null, deleted = true }
end)
route("POST /contacts/{id}/archive", function(_, id) return 200, { type = "contact", id = contact(id).id, external_id = contact(id).fields.external_id or null, archived = true } end)

local function company(known)
  return merge({ type = "company", id = known.id, app_id = "app", created_at = known.created // 1000, updated_at = known.updated // 1000 }, known.fields)
end
route("POST /companies", function(request)
  return one_row(request, function()
    local row = request:json()
    if not is_text(row.company_id) then refuse_with(400, "company_id is missing") end
    local known = companies:find("company_id", row.company_id)
    known = known and companies:update(known, fields_of(row, known)) or companies:create(fields_of(row), hex(24))
    return 200, company(known)
  end)
end)
route("GET /companies", function(request)
  local asked = request.params.company_id or refuse_with(400, "the sandbox finds companies by company_id")
  return 200, company(companies:find("company_id", asked) or refuse_with(404, "Company Not Found"))
end)
route("GET /companies/{id}", function(_, id) return 200, company(companies:get(id) or refuse_with(404, "Company Not Found")) end)
route("DELETE /companies/{id}", function(request, id)
  request.rows = 1
  local known = companies:get(id) or refuse_with(404, "Company Not Found")
  companies:delete(known)
  return 200, { id = id, object = "company", deleted = true }
end)
route("POST /events", function(request)
  return one_row(request, function()
    local row = request:json()
    if not is_text(row.event_name) or type(row.created_at) ~= "number" then refuse_with(400, "event_name and created_at are needed") end
    local known = is_text(row.id) and contacts:get(row.id) or contacts:find("external_id", row.user_id) or contacts:find("email", row.email)
    if not known then refuse_with(404, "User Not Found") end
    local key = ("%s %s %d"):format(known.id, row.event_name, row.created_at)
    if not events:find("key", key) then events:create(merge(row, { key = key })) end
    return 202
  end)
end)
route("POST /tags", function(request)
  local row = request:json()
  if not is_text(row.name) then refuse_with(400, "name is missing") end
  local known = tags:find("name", row.name) or tags:create { name = row.name }
  for _, user in ipairs(row.users or {}) do
    request.rows = request.rows + 1
    records("tagged"):create { tag = row.name, user = user.id, untag = user.untag }
  end
  return 200, { type = "tag", id = tostring(known.id), name = row.name }
end)
route("POST /custom_object_instances/{kind}", function(request, kind)
  return one_row(request, function()
    local row = request:json()
    if not is_text(row.external_id) then refuse_with(400, "external_id is missing") end
    local store = records("custom_" .. kind)
    local known = store:find("external_id", row.external_id)
    known = known and store:update(known, fields_of(row, known)) or store:create(fields_of(row), hex(24))
    return 200, { type = kind, id = known.id, external_id = row.external_id, custom_attributes = known.fields.custom_attributes or {} }
  end)
end)
route("GET /data_attributes", function()
  return 200, { type = "list", data = list { { type = "data_attribute", model = "contact", name = "email", full_name = "email", label = "Email",
    data_type = "string", api_writable = true, custom = false } } }
end)
