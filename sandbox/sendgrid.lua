-- SendGrid Marketing contacts, lists, fields, and mail. docs.sendgrid.com v3 (2026).
local contacts = records("contacts", { fold = { "email" } })
local mails, lists = records("mails"), records("lists")
local fields = list {}
for place, name in ipairs { "tier", "score" } do fields[place] = { id = ("e%d_%s"):format(place, name == "score" and "N" or "T"), name = name, field_type = name == "score" and "Number" or "Text" } end

vendor {
  refusal = function(status, why) return { errors = list { { message = why or (status == 401 and "authorization required" or status == 429 and "too many requests") or "bad request", field = null } } } end,
  limits = { "account" },
  login = function(request) if token_problem(bearer(request)) then refuse_with(401) end end,
}
limit("account", { rate = "600/1m",
  headers = function(a) return { ["X-RateLimit-Limit"] = a.limit, ["X-RateLimit-Remaining"] = a.remaining, ["X-RateLimit-Reset"] = a.reset } end })

local function shown(contact)
  return merge({ first_name = "", last_name = "", list_ids = list {}, segment_ids = list {}, custom_fields = {} }, contact.fields,
    { id = contact.id, created_at = iso(contact.created), updated_at = iso(contact.updated) })
end
local function find(row)
  for _, name in ipairs { "email", "external_id", "phone_number_id", "anonymous_id" } do
    if is_text(row[name]) then return contacts:find(name, row[name]), true end
  end
  return nil, false
end
local function import(one, row, list_ids)
  local known, named = find(row)
  if not named or (is_text(row.email) and not is_email(row.email)) or chosen(row.email or row.external_id or "") then
    one.errored = one.errored + 1
    return
  end
  local custom = merge(known and known.fields.custom_fields or {}, row.custom_fields or {})
  for name, value in pairs(custom) do if value == null then custom[name] = nil end end
  local held, all = {}, list {}
  for _, ids in ipairs { known and known.fields.list_ids or {}, list_ids or {} } do
    for _, id in ipairs(ids) do
      if not held[id] then all[#all + 1] = id end
      held[id] = true
    end
  end
  local laid = merge(row, { custom_fields = custom, list_ids = all })
  if known then contacts:update(known, laid) one.updated = one.updated + 1 else contacts:create(laid, uuid()) one.created_count = one.created_count + 1 end
end
route("PUT /v3/marketing/contacts", { bytes = 6 << 20 }, function(request)
  local body = request:json()
  local rows = body.contacts
  if type(rows) ~= "table" or #rows == 0 or #rows > 30000 then refuse_with(400, "between 1 and 30000 contacts are needed") end
  request.rows = #rows
  for _, row in ipairs(rows) do
    for id in pairs(row.custom_fields or {}) do
      local known = false
      for _, field in ipairs(fields) do known = known or field.id == id end
      if not known then refuse(400, { errors = list { { field = "custom_fields", message = "unknown custom field id: " .. id } } }) end
    end
  end
  local one = job { kind = "import", id = uuid(), total = #rows, errored = 0, updated = 0, created_count = 0 }
  one.run = function() for _, row in ipairs(rows) do import(one, row, body.list_ids) end end
  return 202, { job_id = one.id }
end)
route("GET /v3/marketing/contacts/imports/{id}", function(_, id)
  local one = find_job(id) or refuse_with(404, "not found")
  local done = one:stage() == "done"
  local status = not done and "pending" or one.errored == 0 and "completed" or one.errored == one.total and "failed" or "errored"
  return 200, { id = one.id, status = status, job_type = "upsert", started_at = iso(one.created), finished_at = done and iso(one.done_at) or nil,
    results = { requested_count = one.total, created_count = one.created_count, updated_count = one.updated, errored_count = one.errored, deleted_count = 0,
      errors_url = one.errored > 0 and "https://api.sendgrid.com/errors/" .. one.id or nil } }
end)
route("POST /v3/marketing/contacts/search/emails", function(request)
  local emails, result = request:json().emails, {}
  if type(emails) ~= "table" or #emails == 0 or #emails > 100 then refuse_with(400, "between 1 and 100 emails are needed") end
  for _, email in ipairs(emails) do
    local known = contacts:find("email", email)
    if known then result[email] = { contact = shown(known) } end
  end
  if not next(result) then refuse_with(404, "no contacts were found") end
  return 200, { result = result }
end)
route("DELETE /v3/marketing/contacts", function(request)
  local ids = split(request.params.ids or refuse_with(400, "ids is missing"), ",")
  request.rows = #ids
  for _, id in ipairs(ids) do
    local known = contacts:get(id)
    if known then contacts:delete(known) end
  end
  return 202, { job_id = uuid() }
end)
route("GET /v3/marketing/field_definitions", function()
  return 200, { custom_fields = fields, reserved_fields = list { { id = "_rf2_T", name = "email", field_type = "Text" } } }
end)
route("GET /v3/marketing/lists", function()
  local all = list {}
  for one in lists:each() do all[#all + 1] = { id = one.id, name = one.fields.name, contact_count = 0 } end
  return 200, { result = all, _metadata = { count = #all } }
end)
route("POST /v3/marketing/lists", function(request)
  local name = request:json().name or refuse_with(400, "name is missing")
  local one = lists:create({ name = name }, uuid())
  return 201, { id = one.id, name = name, contact_count = 0 }
end)
route("POST /v3/mail/send", function(request)
  local body = request:json()
  if type(body.personalizations) ~= "table" or type(body.from) ~= "table" then refuse_with(400, "personalizations and from are needed") end
  request.rows = 1
  mails:create(body)
  return 202, nil, { ["X-Message-Id"] = hex(22) }
end)
