-- Notion API 2025-09-03 and later: pages of a data source, queries. developers.notion.com (2026).
local pages = records("pages")
local properties = { Name = "title", Email = "email", Score = "number", Tier = "select", Tags = "multi_select", Text = "rich_text", Since = "date", Vip = "checkbox", Key = "rich_text", Phone = "phone_number", Url = "url" }

local function error_of(status, code, message) return { object = "error", status = status, code = code, message = message, request_id = uuid() } end
vendor {
  refusal = function(status, why)
    local codes = { [401] = "unauthorized", [404] = "object_not_found", [409] = "conflict_error", [429] = "rate_limited", [503] = "service_unavailable" }
    return error_of(status, codes[status] or (status >= 500 and "internal_server_error" or "validation_error"), why or "The request was refused.")
  end,
  limits = { "integration" },
  login = function(request)
    if token_problem(bearer(request)) then refuse_with(401, "API token is invalid.") end
    if not is_text(request.headers["notion-version"]) then refuse(400, error_of(400, "missing_version", "Notion-Version header should be defined.")) end
  end,
}
limit("integration", { rate = "3/1s", refuse = function(a)
  return 429, error_of(429, "rate_limited", "You have been rate limited. Please try again in a few minutes."), { ["Retry-After"] = math.ceil(a.wait) }
end })

local function bad(message) refuse_with(400, "body failed validation: " .. message) end
local function text_of(value)
  local all = ""
  for _, part in ipairs(type(value) == "table" and value or {}) do all = all .. (part.plain_text or part.text and part.text.content or "") end
  return all
end
local function check(given)
  for name, value in pairs(given or {}) do
    local kind = properties[name]
    if not kind then bad(name .. " is not a property that exists.") end
    if type(value) ~= "table" or value[kind] == nil then bad(("%s is expected to be %s."):format(name, kind)) end
    if kind == "email" and present(value.email) and not is_email(value.email) then bad(name .. ".email should be a valid address") end
    if (kind == "title" or kind == "rich_text") and #text_of(value[kind]) > 2000 then bad(name .. " should be at most 2000 characters") end
    if chosen(json(value)) then bad("refused by the sandbox") end
  end
end
-- Kept as sent; `plain` has what a filter compares.
local function plain(given)
  local fields = {}
  for name, value in pairs(given) do
    local held = value[properties[name]]
    if type(held) == "table" then held = held.name or held.start or text_of(held) end
    fields[name] = held
  end
  return fields
end
local function shown(page)
  local all = {}
  for name, value in pairs(page.sent) do all[name] = merge({ id = name, type = properties[name] }, value) end
  return { object = "page", id = page.id, created_time = iso(page.created), last_edited_time = iso(page.updated), archived = page.archived == true, in_trash = page.archived == true,
    parent = page.parent, properties = all, url = "https://www.notion.so/" .. page.id:gsub("-", ""), public_url = null, icon = null, cover = null,
    created_by = { object = "user", id = "00000000-0000-4000-8000-000000000001" }, last_edited_by = { object = "user", id = "00000000-0000-4000-8000-000000000001" } }
end
route("POST /v1/pages", function(request)
  local body = request:json()
  request.rows, request.rejected = 1, 1
  if type(body.parent) ~= "table" then bad("parent should be defined") end
  check(body.properties)
  request.rejected = 0
  local page = pages:create(plain(body.properties or {}), uuid())
  page.sent, page.parent = body.properties or {}, body.parent
  return 200, shown(page)
end)
local function find(id) return pages:get(id) or refuse_with(404, "Could not find page with ID: " .. id) end
route("GET /v1/pages/{id}", function(_, id) return 200, shown(pages:gone(id) or find(id)) end)
route("PATCH /v1/pages/{id}", function(request, id)
  local body, page = request:json(), find(id)
  request.rows, request.rejected = 1, 1
  check(body.properties)
  request.rejected = 0
  page.sent = merge(page.sent, body.properties or {})
  pages:update(page, plain(body.properties or {}))
  if body.archived == true or body.in_trash == true then pages:delete(page) end
  return 200, shown(page)
end)
local function matches(filter)
  if filter["or"] then
    local all = {}
    for _, one in ipairs(filter["or"]) do for _, page in ipairs(matches(one)) do all[#all + 1] = page end end
    return all
  end
  local how = filter[properties[filter.property] or bad("filter.property is not a property that exists.")]
  return pages:search(filter.property, type(how) == "table" and how.equals or bad("the sandbox reads filters with equals"))
end
local function query(request)
  local body, found, results = request:json(), {}, list {}
  if body.filter then found = matches(body.filter) else for page in pages:each() do found[#found + 1] = page end end
  local size, from = math.min(body.page_size or 100, 100), tonumber(body.start_cursor) or 1
  for place = from, math.min(#found, from + size - 1) do results[#results + 1] = shown(found[place]) end
  local more = from + size <= #found
  return 200, { object = "list", results = results, has_more = more, next_cursor = more and tostring(from + size) or null, type = "page_or_data_source", page_or_data_source = {} }
end
route("POST /v1/data_sources/{id}/query", query)
route("POST /v1/databases/{id}/query", query)
route("GET /v1/data_sources/{id}", function(_, id)
  local all = {}
  for name, kind in pairs(properties) do all[name] = { id = name, name = name, type = kind, [kind] = {} } end
  return 200, { object = "data_source", id = id, properties = all, title = list {} }
end)
