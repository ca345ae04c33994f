-- Pipedrive API v2 (and the v1 names that are left): persons, organizations, deals, leads, activities, products; search.
-- developers.pipedrive.com (2026). A token in the header x-api-token or a Bearer one.
local kinds = { persons = "name", organizations = "name", deals = "title", products = "name", activities = "subject", leads = "title" }

vendor {
  refusal = function(status, why)
    local texts = { [401] = "unauthorized access", [404] = "Not found", [429] = "request over limit" }
    return { success = false, error = texts[status] or why or "Bad request", error_info = "Please check developers.pipedrive.com", data = null, additional_data = null }
  end,
  limits = { "burst" },
  login = function(request) if token_problem(bearer(request) or request.headers["x-api-token"] or request.params.api_token) then refuse_with(401) end end,
}
local function headers(a) return { ["x-ratelimit-limit"] = a.limit, ["x-ratelimit-remaining"] = a.remaining, ["x-ratelimit-reset"] = a.admitted and 2 or math.ceil(a.wait) } end
limit("burst", { rate = "80/2s", headers = headers })
limit("search", { rate = "10/2s", headers = headers })

local function first_email(row)
  for _, name in ipairs { "emails", "email" } do
    local all = row[name]
    if type(all) == "string" then return all end
    if type(all) == "table" and type(all[1]) == "table" then return all[1].value end
    if type(all) == "table" then return all[1] end
  end
end
for kind, title in sorted(kinds) do
  local store = records(kind, { fold = { "search_email" } })
  local function shown(record)
    local all = merge({ owner_id = 1, add_time = iso(record.created), update_time = iso(record.updated) }, record.fields, { id = record.id })
    all.search_email = nil
    return all
  end
  local function write(request, known)
    local row = request:json()
    request.rows, request.rejected = 1, 1
    if (not known or row[title] ~= nil) and not is_text(row[title]) then refuse_with(400, ("Validation failed: %s: Required"):format(title)) end
    local email = first_email(row)
    if is_text(email) and not is_email(email) then refuse_with(400, "Validation failed: emails: not a valid address") end
    if chosen(tostring(email or row[title] or "")) then refuse_with(400, "refused by the sandbox") end
    if row.custom_fields and known then row.custom_fields = merge(known.fields.custom_fields or {}, row.custom_fields) end
    local fields = merge(row, { search_email = email })
    request.rejected = 0
    if known then return 200, { success = true, data = shown(store:update(known, fields)) } end
    return 201, { success = true, data = shown(store:create(fields)) }
  end
  local function find(id) return store:get(id) or refuse_with(404) end
  for _, base in ipairs { "/api/v2/", "/v1/", "/api/v1/" } do
    local path = base .. kind
    -- By default a search takes parts of words; exact_match=true is what a look-up wants.
    route("GET " .. path .. "/search", { limits = { "search" } }, function(request)
      local p, items = request.params, list {}
      if not is_text(p.term) or #p.term < 2 then refuse_with(400, "term must be at least 2 characters") end
      for record in store:each() do
        local values = { record.fields.search_email, record.fields[title] }
        for _, value in pairs(record.fields.custom_fields or {}) do values[#values + 1] = tostring(value) end
        for _, value in pairs(values) do
          local one, term = tostring(value):lower(), p.term:lower()
          if one == term or (p.exact_match ~= "true" and one:find(term, 1, true)) then
            items[#items + 1] = { result_score = 1, item = merge(shown(record), { type = kind:sub(1, -2) }) }
            break
          end
        end
      end
      return 200, { success = true, data = { items = items }, additional_data = { next_cursor = null } }
    end)
    route("POST " .. path, function(request) return write(request) end)
    route("GET " .. path, function(request)
      local all, from, most = list {}, tonumber(request.params.cursor) or 1, math.min(tonumber(request.params.limit) or 100, 500)
      local rows, ids = {}, request.params.ids
      local asked = is_text(ids) and split(ids, ",") or {}
      if #asked > 100 then refuse_with(400, "ids: at most 100") end
      for _, id in ipairs(asked) do rows[#rows + 1] = store:get(id) end
      if not ids then for record in store:each() do rows[#rows + 1] = record end end
      for place = from, math.min(#rows, from + most - 1) do all[#all + 1] = shown(rows[place]) end
      return 200, { success = true, data = all, additional_data = { next_cursor = from + most <= #rows and tostring(from + most) or null } }
    end)
    route("GET " .. path .. "/{id}", function(_, id) return 200, { success = true, data = shown(find(id)) } end)
    for _, method in ipairs { "PATCH", "PUT" } do
      route(method .. " " .. path .. "/{id}", function(request, id) return write(request, find(id)) end)
    end
    route("DELETE " .. path .. "/{id}", function(request, id)
      request.rows = 1
      store:delete(find(id))
      return 200, { success = true, data = { id = tonumber(id) or id } }
    end)
  end
  local one = kind == "activities" and "activity" or kind:sub(1, -2)
  for _, base in ipairs { "/v1/", "/api/v1/", "/api/v2/" } do
    route("GET " .. base .. one .. "Fields", function()
      return 200, { success = true, data = list { { key = title, name = title, field_type = "varchar", edit_flag = true, mandatory_flag = true } }, additional_data = { next_cursor = null } }
    end)
  end
end
