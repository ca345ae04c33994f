-- Marketo REST API: token, leads, static lists, custom objects, companies, bulk import.
-- experienceleague.adobe.com: REST lead database, bulk lead import, error codes (2026). Errors travel inside HTTP 200.
local leads = records("leads", { fold = { "email" } })
local rows_max, import_queue_max = 300, 10
local lead_fields = { "id", "email", "firstName", "lastName", "company", "phone", "title", "country" }

local codes = { [400] = "609", [401] = "601", [403] = "603", [404] = "610", [405] = "610", [413] = "413", [429] = "606", [503] = "608" }
local function wrong(code, message)
  return { requestId = hex(4) .. "#" .. hex(12), success = false, errors = list { { code = code, message = message } } }
end
local function fail(code, message) refuse(200, wrong(code, message)) end
vendor {
  refusal = function(status, why) return wrong(codes[status] or (status >= 500 and "611" or "609"), why or "The request was refused") end,
  limits = { "window", "day", "at once" },
  login = function(request)
    local problem = token_problem(bearer(request))
    if problem then fail(problem == "expired" and "602" or problem == "missing" and "600" or "601", "Access token " .. problem) end
  end,
}
limit("window", { rate = "100/20s", refuse = function() return 200, wrong("606", "Max rate limit '100' exceeded with in '20' secs") end })
limit("day", { rate = "50000/24h", daily = true, refuse = function() return 200, wrong("607", "Daily API Request Limit Reached") end })
limit("at once", { at_once = 10, refuse = function() return 200, wrong("615", "Concurrent access limit reached") end })

local function good(result, more)
  return 200, merge({ requestId = hex(4) .. "#" .. hex(12), success = true, result = result }, more or {})
end
local function skipped(code, message) return { status = "skipped", reasons = list { { code = code, message = message } } } end

route("GET /identity/oauth/token", { login = false, limits = {} }, function(request)
  local given = request.params
  if given.grant_type ~= "client_credentials" or not is_text(given.client_id) or not is_text(given.client_secret)
    or token_problem(given.client_secret) then
    return 401, { error = "invalid_client", error_description = "Bad client credentials" }
  end
  return 200, { access_token = issue_token(3600), token_type = "bearer", expires_in = 3599, scope = "api@example.com" }
end)

-- ---- Leads

local function input(request, name)
  local rows = request:json()[name or "input"]
  if type(rows) ~= "table" or #rows == 0 then fail("609", "input is missing") end
  request.rows = #rows
  if #rows > rows_max then fail("1003", ("Too many rows: at most %d"):format(rows_max)) end
  return rows
end
local function unknown_field(known, row)
  if not strict then return end
  for name in sorted(row) do if not known[name] then return name end end
end
local known_lead_fields = {}
for _, name in ipairs(lead_fields) do known_lead_fields[name] = true end

local function write_lead(action, field, row)
  local value = field == "id" and row.id or row[field]
  if not present(value) and action ~= "createDuplicate" then return skipped("1003", field .. " is missing") end
  local bad = unknown_field(known_lead_fields, row)
  if bad then return skipped("1006", ("Field '%s' not found"):format(bad)) end
  if present(row.email) and not is_email(row.email) then return skipped("1003", "Invalid value for field 'email'") end
  if chosen(tostring(value)) then return skipped("1003", "refused by the sandbox") end
  local found = action == "createDuplicate" and {} or leads:all(field, value)
  if #found > 1 then return skipped("1007", "Multiple lead match lookup criteria") end
  if found[1] and action == "createOnly" then return skipped("1005", "Lead already exists") end
  if not found[1] and (action == "updateOnly" or field == "id") then return skipped("1004", "Lead not found") end
  local fields = merge(row)
  fields.id = nil
  if found[1] then return { id = leads:update(found[1], fields).id, status = "updated" } end
  return { id = leads:create(fields).id, status = "created" }
end
local actions = { createOnly = true, updateOnly = true, createOrUpdate = true, createDuplicate = true }

local function find_leads(filter, values, wanted, token)
  local all, page, from = {}, list {}, tonumber(token) or 1
  if filter == nil or values == nil then fail("1003", "filterType and filterValues are needed") end
  local given = split(values, ",")
  if #given > rows_max then fail("1003", "at most 300 filterValues") end
  for _, value in ipairs(given) do
    for _, record in ipairs(leads:all(filter, filter == "id" and tonumber(value) or value)) do all[#all + 1] = record end
  end
  for place = from, math.min(#all, from + rows_max - 1) do
    local shown = { id = all[place].id }
    for _, name in ipairs(split(wanted or table.concat(lead_fields, ","), ",")) do
      if name ~= "id" then
        shown[name] = all[place].fields[name]
        if shown[name] == nil then shown[name] = null end
      end
    end
    page[#page + 1] = shown
  end
  return good(page, from + rows_max <= #all and { nextPageToken = tostring(from + rows_max) } or nil)
end
route("GET /rest/v1/leads.json", function(request)
  if #request.path + #request.query > 8192 then return 414, "Request-URI Too Long" end
  local p = request.params
  return find_leads(p.filterType, p.filterValues, p.fields, p.nextPageToken)
end)
route("POST /rest/v1/leads.json", { bytes = 1 << 20 }, function(request)
  if request.params._method == "GET" then
    local p = request:form()
    return find_leads(p.filterType, p.filterValues, p.fields, p.nextPageToken)
  end
  local body, result = request:json(), list {}
  local action = body.action or "createOrUpdate"
  if not actions[action] then fail("1001", "Invalid action " .. tostring(action)) end
  for place, row in ipairs(input(request)) do
    result[place] = write_lead(action, body.lookupField or "email", row)
    if result[place].status == "skipped" then request.rejected = request.rejected + 1 end
  end
  return good(result)
end)
local function delete_leads(request)
  local result = list {}
  for place, row in ipairs(input(request)) do
    local known = leads:get(row.id)
    if known then leads:delete(known) end
    result[place] = known and { id = row.id, status = "deleted" } or merge({ id = row.id }, skipped("1004", "Lead not found"))
  end
  return good(result)
end
route("POST /rest/v1/leads/delete.json", delete_leads)
route("DELETE /rest/v1/leads.json", delete_leads)
route("GET /rest/v1/leads/describe2.json", function()
  local fields = list {}
  for _, name in ipairs(lead_fields) do
    fields[#fields + 1] = { name = name, displayName = name, dataType = name == "id" and "integer" or name == "email" and "email" or "string",
      length = 255, updateable = name ~= "id", crmManaged = false }
  end
  return good(list { { name = "API Lead", searchableFields = list { list { "email" }, list { "id" } }, fields = fields } })
end)

-- ---- Static lists

local function change_list(request, id, adding)
  local members, result = records("list_" .. id), list {}
  for place, row in ipairs(input(request)) do
    local member = members:get(row.id)
    if not leads:get(row.id) then
      result[place] = merge({ id = row.id }, skipped("1004", "Lead not found"))
    elseif adding then
      if not member then members:create({ lead = row.id }, row.id) end
      result[place] = { id = row.id, status = "added" }
    elseif member then
      members:delete(member)
      result[place] = { id = row.id, status = "removed" }
    else
      result[place] = merge({ id = row.id }, skipped("1015", "Lead not in list"))
    end
  end
  return good(result)
end
route("POST /rest/v1/lists/{id}/leads.json", function(request, id) return change_list(request, id, true) end)
route("DELETE /rest/v1/lists/{id}/leads.json", function(request, id) return change_list(request, id, false) end)

-- ---- Custom objects and companies: matched by their dedupe fields

local dedupe = { companies = { "externalCompanyId" } }
local function dedupe_fields(name) return dedupe[name] or { "externalId" } end
local function write_object(name, action, by, row)
  local store = records(name)
  local known
  if by == "idField" then
    known = store:get(row.marketoGUID or row.id)
  else
    local field = dedupe_fields(name)[1]
    if not present(row[field]) then return skipped("1003", field .. " is missing") end
    known = store:find(field, row[field])
  end
  if chosen(json(row)) then return skipped("1003", "refused by the sandbox") end
  if known and action == "createOnly" then return skipped("1005", "Record already exists") end
  if not known and action == "updateOnly" then return skipped("1013", "Object not found") end
  local record = known and store:update(known, row) or name == "companies" and store:create(row) or store:create(row, uuid())
  return { [name == "companies" and "id" or "marketoGUID"] = record.id, status = known and "updated" or "created" }
end
local function objects(path, name_of)
  route("POST " .. path .. ".json", { bytes = 1 << 20 }, function(request, name)
    local body, result = request:json(), list {}
    for place, row in ipairs(input(request)) do
      result[place] = write_object(name_of(name), body.action or "createOrUpdate", body.dedupeBy, row)
      result[place].seq = place - 1
      if result[place].status == "skipped" then request.rejected = request.rejected + 1 end
    end
    return good(result)
  end)
  route("POST " .. path .. "/delete.json", function(request, name)
    local kind, result = name_of(name), list {}
    local store, field, id = records(kind), dedupe_fields(kind)[1], kind == "companies" and "id" or "marketoGUID"
    for place, row in ipairs(input(request)) do
      local known = store:get(tostring(row[id])) or store:find(field, row[field])
      if known then store:delete(known) end
      result[place] = known and { [id] = known.id, status = "deleted", seq = place - 1 }
        or merge({ seq = place - 1 }, skipped("1013", "Object not found"))
    end
    return good(result)
  end)
end
route("GET /rest/v1/customobjects/{name}/describe.json", function(_, name)
  local field = { name = dedupe_fields(name)[1], displayName = "External id", dataType = "string", length = 255, updateable = true, crmManaged = false }
  return good(list { { name = name, displayName = name, idField = "marketoGUID", dedupeFields = list { field.name },
    searchableFields = list { list { field.name } }, fields = list { field }, createdAt = iso(0), updatedAt = iso(0) } })
end)
objects("/rest/v1/customobjects/{name}", function(name) return name end)
objects("/rest/v1/companies", function() return "companies" end)

-- ---- Bulk import of leads and custom objects

local function import(request, write, told)
  if unfinished("import") >= import_queue_max then fail("1016", "Too many imports queued") end
  local file
  for _, part in ipairs(request:parts()) do if part.name == "file" then file = part.body end end
  if not file then fail("1003", "the part 'file' is missing") end
  if #file > 10 << 20 then refuse_with(413, "the file is larger than 10 MB") end
  local mark = ({ csv = ",", tsv = "\t", ssv = ";" })[request.params.format] or fail("1003", "format must be csv, tsv or ssv")
  local one = job { kind = "import", names = list {}, failures = {}, done = 0 }
  one.run = function()
    local names, rows = parse_csv(file, mark)
    one.names = names
    for _, row in ipairs(rows) do
      local fields = {}
      -- An empty cell leaves the value, NULL clears it.
      for name, cell in pairs(row) do if cell ~= "" then fields[name] = cell == "NULL" and null or cell end end
      local result = write(fields)
      if result.status == "skipped" then one.failures[#one.failures + 1] = { row, result.reasons[1].message } end
    end
    one.done = #rows
  end
  request.rows = math.max(0, select(2, file:gsub("\n", "\n")) - 1)
  one.told = told or { numOfLeadsProcessed = 0 }
  return good(list { merge({ batchId = tonumber(one.id), importId = one.id, status = "Queued" }, one.told) })
end
local function status(_, id)
  local one = find_job(id) or fail("1003", "no such batch")
  local names = { queued = "Queued", working = "Importing", done = "Complete" }
  return good(list { merge(one.told, { batchId = tonumber(one.id), status = names[one:stage()], numOfLeadsProcessed = one.done - #one.failures, numOfObjectsProcessed = one.done - #one.failures,
    numOfRowsFailed = #one.failures, numOfRowsWithWarning = 0, message = "Import " .. names[one:stage()] }) })
end
local function failures(_, id)
  local one = find_job(id) or fail("1003", "no such batch")
  local header = { table.unpack(one.names) }
  header[#header + 1] = "Import Failure Reason"
  local lines = { header }
  for _, failure in ipairs(one.failures) do
    local line = {}
    for place, name in ipairs(one.names) do line[place] = failure[1][name] end
    line[#line + 1] = failure[2]
    lines[#lines + 1] = line
  end
  return 200, csv_text(lines), { ["Content-Type"] = "text/csv" }
end
local function warnings() return 200, "", { ["Content-Type"] = "text/csv" } end
route("POST /bulk/v1/leads.json", function(request)
  return import(request, function(row)
    local result = write_lead("createOrUpdate", request.params.lookupField or "email", row)
    if result.id and request.params.listId then records("list_" .. request.params.listId):create({ lead = result.id }, result.id) end
    return result
  end)
end)
route("GET /bulk/v1/leads/batch/{id}.json", status)
route("GET /bulk/v1/leads/batch/{id}/failures.json", failures)
route("GET /bulk/v1/leads/batch/{id}/warnings.json", warnings)
route("POST /bulk/v1/customobjects/{name}/import.json", function(request, name)
  return import(request, function(row) return write_object(name, "createOrUpdate", "dedupeFields", row) end,
    { objectApiName = name, operation = "import" })
end)
route("GET /bulk/v1/customobjects/{name}/import/{id}/status.json", function(r, _, id) return status(r, id) end)
route("GET /bulk/v1/customobjects/{name}/import/{id}/failures.json", function(r, _, id) return failures(r, id) end)
route("GET /bulk/v1/customobjects/{name}/import/{id}/warnings.json", warnings)
