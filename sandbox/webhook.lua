-- A receiver of webhooks: takes any method on any path, keeps what it gets as records of "requests", and each JSON value
-- of a body (one object, an array, or lines) as records of "rows". An Idempotency-Key or webhook-id that was seen before
-- is answered as before and not kept again.
local requests, rows = records("requests"), records("rows")

vendor { refusal = function(status) return { error = status } end, limits = { "all" } }
limit("all", { rate = "100000/1s" })

local function values_of(request)
  local one = parse_json(request.body)
  if type(one) == "table" then return #one > 0 and one or next(one) and { one } or {} end
  local values = {}
  for line in request.body:gmatch("[^\r\n]+") do values[#values + 1] = parse_json(line) end
  return values
end
route("* /{path*}", { login = false }, function(request, path)
  local once = request.headers["idempotency-key"] or request.headers["webhook-id"]
  local token = bearer(request)
  if token and token_problem(token) then refuse_with(401) end
  if once and requests:find("once", once) then return 200, { ok = true, duplicate = true } end
  local values = values_of(request)
  request.rows = #values
  for _, value in ipairs(values) do
    if chosen(json(value)) then
      request.rejected = request.rejected + 1
      return 422, { error = "refused by the sandbox" }
    end
  end
  requests:create { method = request.method, path = "/" .. path, query = request.query, headers = request.headers, body = request.body, once = once }
  for _, value in ipairs(values) do rows:create(type(value) == "table" and value or { value = value }) end
  return 200, { ok = true }
end)
