-- Mailchimp Marketing API 3.0: list members in batches and one by one, segments, tags.
-- mailchimp.com/developer/marketing (2026). Members are known by the MD5 of the lower-case address.
local rows_max = 500
local statuses = { subscribed = true, unsubscribed = true, cleaned = true, pending = true, transactional = true }

local function problem(status, title, detail, errors)
  return { type = "https://mailchimp.com/developer/marketing/docs/errors/", title = title, status = status, detail = detail, instance = uuid(), errors = errors }
end
vendor {
  refusal = function(status, why)
    local titles = { [401] = "API Key Invalid", [404] = "Resource Not Found", [405] = "Method Not Allowed", [429] = "Too Many Requests" }
    return problem(status, titles[status] or "Invalid Resource", why or "The request was refused.")
  end,
  limits = { "at once" },
  login = function(request) if token_problem(bearer(request) or select(2, basic(request))) then refuse_with(401) end end,
  after = function(_, status, headers) if status >= 400 then headers["Content-Type"] = "application/problem+json" end end,
}
limit("at once", { at_once = 10, refuse = function() return 429, problem(429, "Too Many Requests", "You have exceeded the limit of 10 simultaneous connections.") end })

local function members(id) return records("list_" .. id, { fold = { "email_address" } }) end
local function shown(id, member)
  return merge({ merge_fields = {}, interests = {}, tags = list {} }, member.fields,
    { id = member.id, contact_id = member.id, list_id = id, unique_email_id = member.id:sub(1, 10), last_changed = iso(member.updated) })
end
local function write(store, known, row)
  local fields = merge(row, { merge_fields = merge(known and known.fields.merge_fields or {}, row.merge_fields or {}) })
  for name, value in pairs(fields.merge_fields) do if value == "" or value == null then fields.merge_fields[name] = nil end end
  if row.interests and known then fields.interests = merge(known.fields.interests or {}, row.interests) end
  fields.status_if_new = nil
  if known then return store:update(known, fields, row.email_address) end
  return store:create(merge({ status = row.status_if_new }, fields), md5(row.email_address:lower()), row.email_address)
end
local function wrong(row)
  if not is_email(row.email_address) then return "Please provide a valid email address.", "ERROR_GENERIC", "email_address" end
  if row.status and not statuses[row.status] then return "The status is not valid.", "ERROR_GENERIC", "status" end
  if chosen(row.email_address:lower()) then return "refused by the sandbox", "ERROR_GENERIC", "email_address" end
end

route("POST /3.0/lists/{id}", function(request, id)
  local body, store, seen = request:json(), members(id), {}
  local made, updated, errors = list {}, list {}, list {}
  if type(body.members) ~= "table" or #body.members > rows_max then refuse_with(400, "members must be an array of at most 500") end
  request.rows = #body.members
  for _, row in ipairs(body.members) do
    local address = tostring(row.email_address or ""):lower()
    local why, code, field = wrong(row)
    local known = not why and store:find("email_address", address)
    if not why and seen[address] then why, code = "The address is in the request twice.", "ERROR_GENERIC" end
    if not why and known and not body.update_existing then why, code = address .. " is already a list member.", "ERROR_CONTACT_EXISTS" end
    if not why and not known and not row.status then why, code, field = "The status is missing.", "ERROR_GENERIC", "status" end
    seen[address] = true
    if why then
      errors[#errors + 1] = { email_address = row.email_address or "", error = why, error_code = code, field = field or "", field_message = why }
    else
      local into = known and updated or made
      into[#into + 1] = shown(id, write(store, known or nil, row))
    end
  end
  request.rejected = #errors
  return 200, { new_members = made, updated_members = updated, errors = errors, total_created = #made, total_updated = #updated, error_count = #errors }
end)

local function find(id, key)
  local store = members(id)
  return store:get(key) or store:find("email_address", key)
end
local base = "/3.0/lists/{id}/members/{member}"
local function single(request, id, row, known)
  request.rows = 1
  local why, _, field = wrong(row)
  if why then
    request.rejected = 1
    refuse(400, problem(400, "Invalid Resource", "The resource submitted could not be validated.", list { { field = field, message = why } }))
  end
  return 200, shown(id, write(members(id), known, row))
end
route("PUT " .. base, function(request, id, key)
  local row, known = request:json(), find(id, key)
  if not known and not row.status_if_new and not row.status then refuse_with(400, "status_if_new is missing") end
  return single(request, id, merge({ email_address = known and known.fields.email_address }, row), known)
end)
route("PATCH " .. base, function(request, id, key)
  local known = find(id, key) or refuse_with(404, "The requested resource could not be found.")
  return single(request, id, merge({ email_address = known.fields.email_address }, request:json()), known)
end)
route("GET " .. base, function(_, id, key) return 200, shown(id, find(id, key) or refuse_with(404)) end)
local function remove(request, id, key)
  request.rows = 1
  members(id):delete(find(id, key) or refuse_with(404))
  return 204
end
route("DELETE " .. base, remove)
route("POST " .. base .. "/actions/delete-permanent", remove)
route("POST /3.0/lists/{id}/members", function(request, id)
  local row = request:json()
  if find(id, tostring(row.email_address)) then
    request.rows, request.rejected = 1, 1
    refuse(400, problem(400, "Member Exists", row.email_address .. " is already a list member. Use PUT to insert or update list members."))
  end
  return single(request, id, row)
end)
route("POST " .. base .. "/tags", function(request, id, key)
  local member = find(id, key) or refuse_with(404)
  local held = {}
  for _, tag in ipairs(member.fields.tags or {}) do held[tag.name] = true end
  for _, tag in ipairs(request:json().tags or {}) do held[tag.name] = tag.status == "active" or nil end
  local tags = list {}
  for name in sorted(held) do tags[#tags + 1] = { id = #tags + 1, name = name } end
  members(id):update(member, { tags = tags })
  return 204
end)
route("POST /3.0/lists/{id}/segments/{segment}", function(request, id, segment)
  local body, store, errors, added, removed = request:json(), records("segment_" .. segment), list {}, list {}, list {}
  for _, address in ipairs(body.members_to_add or {}) do
    local member = find(id, address)
    request.rows = request.rows + 1
    if member and not store:get(member.id) then store:create({ email_address = address }, member.id) end
    if member then added[#added + 1] = shown(id, member) else errors[#errors + 1] = { email_addresses = list { address }, error = "not a member of the list" } end
  end
  for _, address in ipairs(body.members_to_remove or {}) do
    local member = find(id, address)
    local held = member and store:get(member.id)
    request.rows = request.rows + 1
    if held then store:delete(held) removed[#removed + 1] = shown(id, member) end
  end
  return 200, { members_added = added, members_removed = removed, errors = errors, total_added = #added, total_removed = #removed, error_count = #errors }
end)
route("GET /3.0/lists/{id}/merge-fields", function(_, id)
  return 200, { list_id = id, total_items = 1, merge_fields = list { { merge_id = 1, tag = "FNAME", name = "First Name", type = "text", required = false } } }
end)
route("GET /3.0/ping", function() return 200, { health_status = "Everything's Chimpy!" } end)
