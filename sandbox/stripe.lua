-- Stripe API v1: customers, products, prices, coupons, subscriptions, form-encoded; search; idempotency keys.
-- docs.stripe.com (2026). What is left out stays, "" clears.
local kinds = { customers = { one = "customer", prefix = "cus_" }, products = { one = "product", prefix = "prod_", own_id = true },
  prices = { one = "price", prefix = "price_", no_delete = true }, coupons = { one = "coupon", prefix = "", own_id = true },
  subscriptions = { one = "subscription", prefix = "sub_" } }
local required = { products = { "name" }, prices = { "currency" }, coupons = {}, customers = {}, subscriptions = { "customer" } }

local function error_of(kind, message, code, param) return { error = { type = kind, code = code, message = message, param = param } } end
vendor {
  refusal = function(status, why)
    if status == 429 then return error_of("invalid_request_error", "Too many requests.", "rate_limit") end
    return error_of(status >= 500 and "api_error" or "invalid_request_error", why or "The request was refused.", status == 404 and "resource_missing" or nil)
  end,
  limits = { "account", "endpoint" },
  login = function(request) if token_problem(bearer(request) or basic(request)) then refuse_with(401, "Invalid API Key provided") end end,
}
local function too_many() refuse(429, error_of("invalid_request_error", "Too many requests.", "rate_limit"), { ["Stripe-Should-Retry"] = "true" }) end
limit("account", { rate = "100/1s", refuse = too_many })
limit("endpoint", { rate = "25/1s", key = function(r) return r.method .. (r.path:match("^/v1/%w+") or "") end, refuse = too_many })
limit("search", { rate = "20/1s", refuse = too_many })

-- a[b][0][c]=v as nested tables; lists are tables of "0", "1", ...
local function nested(form)
  local all = {}
  for name, value in pairs(form) do
    local at, last = all, name:match("^[^%[]+")
    for part in name:gmatch("%[([^%]]*)%]") do
      at[last] = type(at[last]) == "table" and at[last] or {}
      at, last = at[last], part
    end
    at[last] = value
  end
  return all
end
local function shown(kind, record)
  return merge({ object = kind.one, livemode = false, metadata = {}, created = record.created // 1000 }, record.fields, { id = record.id })
end
local function bad(message, param, code) refuse(400, error_of("invalid_request_error", message, code or "parameter_invalid", param)) end
local function check(name, row, creating)
  if is_text(row.email) and not is_email(row.email) then bad("Invalid email address: " .. row.email, "email", "email_invalid") end
  for _, field in ipairs(creating and required[name] or {}) do
    if not is_text(row[field]) then bad("Missing required param: " .. field .. ".", field, "parameter_missing") end
  end
  local count = 0
  for key, value in pairs(type(row.metadata) == "table" and row.metadata or {}) do
    count = count + 1
    if #key > 40 then bad("Metadata keys can be at most 40 characters.", "metadata") end
    if #value > 500 then bad("Metadata values can be at most 500 characters.", "metadata") end
  end
  if count > 50 then bad("You can have at most 50 metadata keys.", "metadata") end
  if chosen(tostring(row.email or row.name or row.id or "")) then refuse(402, error_of("card_error", "refused by the sandbox", "card_declined")) end
end
local function fields_of(row, known)
  local fields = merge(row)
  fields.id = nil
  if type(row.metadata) == "table" then
    fields.metadata = merge(known and known.fields.metadata or {}, row.metadata)
    for key, value in pairs(fields.metadata) do if value == "" then fields.metadata[key] = nil end end
  end
  for name, value in pairs(fields) do
    if value == "" then fields[name] = null end
    if value == "true" or value == "false" then fields[name] = value == "true" end
    if (name == "unit_amount" or name == "balance" or name == "percent_off" or name == "amount_off") and value ~= "" then
      fields[name] = tonumber(value) or bad("Invalid integer: " .. tostring(value), name)
    end
  end
  return fields
end

-- The first answer to a key is given again; another body under the same key is a mistake.
local answers = {}
local function once(request, run)
  local key = request.headers["idempotency-key"]
  if key and #key > 255 then bad("Idempotency-Key is too long") end
  local held = key and answers[key]
  if held then
    if held.body ~= request.path .. "\n" .. request.body then
      refuse(400, error_of("idempotency_error", "Keys for idempotent requests can only be used with the same parameters they were first used with."))
    end
    return held.status, held.reply, { ["Idempotent-Replayed"] = "true" }
  end
  if (request.headers["content-type"] or "application/x-www-form-urlencoded"):find("json") then
    refuse(415, error_of("invalid_request_error", "The body has to be form-encoded"))
  end
  request.rows, request.rejected = 1, 1
  local status, reply = run(nested(request:form()))
  request.rejected = 0
  if key then answers[key] = { body = request.path .. "\n" .. request.body, status = status, reply = reply } end
  return status, reply
end

for name, kind in sorted(kinds) do
  local store, path = records(name), "/v1/" .. name
  local function find(id) return store:get(id) or refuse(404, error_of("invalid_request_error", ("No such %s: '%s'"):format(kind.one, id), "resource_missing", "id")) end
  local function page(found, most)
    local data = list {}
    for place = 1, math.min(#found, most) do data[place] = shown(kind, found[place]) end
    return data, #found > most
  end
  -- metadata['ext']:'42' OR email:'a'
  route("GET " .. path .. "/search", { limits = { "account", "search" } }, function(request)
    local query, found, seen = request.params.query or bad("Missing required param: query.", "query"), {}, {}
    for field, value in query:gmatch("([%w_]+%[?'?[%w_]*'?%]?)%s*:%s*['\"]([^'\"]*)['\"]") do
      local key = field:match("^metadata%['([^']+)'%]$")
      for record in store:each() do
        local held = key and (record.fields.metadata or {})[key] or not key and record.fields[field]
        if held == value and not seen[record] then found[#found + 1] = record seen[record] = true end
      end
    end
    local data, more = page(found, tonumber(request.params.limit) or 10)
    return 200, { object = "search_result", url = path .. "/search", data = data, has_more = more, next_page = null }
  end)
  route("GET " .. path, function(request)
    local found = {}
    for record in store:each() do
      if not request.params.email or record.fields.email == request.params.email then found[#found + 1] = record end
    end
    local data, more = page(found, tonumber(request.params.limit) or 10)
    return 200, { object = "list", url = path, data = data, has_more = more }
  end)
  route("POST " .. path, function(request)
    return once(request, function(row)
      check(name, row, true)
      if row.id and not kind.own_id then bad("Received unknown parameter: id", "id", "parameter_unknown") end
      if row.id and store:get(row.id) then bad(kind.one .. " already exists.", "id", "resource_already_exists") end
      return 200, shown(kind, store:create(fields_of(row), row.id or kind.prefix .. hex(14)))
    end)
  end)
  route("POST " .. path .. "/{id}", function(request, id)
    return once(request, function(row)
      local known = find(id)
      check(name, row, false)
      return 200, shown(kind, store:update(known, fields_of(row, known)))
    end)
  end)
  -- Customers that were deleted are still told of.
  route("GET " .. path .. "/{id}", function(_, id)
    if name == "customers" and store:gone(id) then return 200, { id = id, object = kind.one, deleted = true } end
    return 200, shown(kind, find(id))
  end)
  if not kind.no_delete then
    route("DELETE " .. path .. "/{id}", function(request, id)
      request.rows = 1
      store:delete(find(id))
      return 200, { id = id, object = kind.one, deleted = true }
    end)
  end
end
