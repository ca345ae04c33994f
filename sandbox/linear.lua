-- Linear GraphQL. linear.app/developers (2026): issueCreate, issueUpdate, issueDelete, customerUpsert, and look-ups of issues.
-- A small reader of GraphQL: one operation, whose fields are looked for by name; inputs come as variables or inline.
local issues = records("issues")

local function errors_of(code, message, path)
  return { errors = list { { message = message, path = path and list { path } or nil, extensions = { type = code, code = code, userPresentableMessage = message } } } }
end
vendor {
  refusal = function(status, why)
    local codes = { [401] = "AUTHENTICATION_ERROR", [429] = "RATELIMITED" }
    return errors_of(codes[status] or (status >= 500 and "INTERNAL_SERVER_ERROR" or "GRAPHQL_VALIDATION_FAILED"), why or "The request was refused")
  end,
  limits = { "hour" },
  login = function(request)
    local token = bearer(request) or request.headers.authorization
    if token_problem(token) then refuse_with(401, "Authentication required, not authenticated") end
  end,
}
local function headers(a) return { ["X-RateLimit-Requests-Limit"] = a.limit, ["X-RateLimit-Requests-Remaining"] = a.remaining, ["X-RateLimit-Requests-Reset"] = a.reset * 1000 } end
-- What is over the limit is an error of GraphQL under status 400.
limit("hour", { rate = "5000/1h", headers = headers, refuse = function(a) return 400, errors_of("RATELIMITED", "Rate limit exceeded"), headers(a) end })

-- {title: "a", priority: $p} as JSON: names quoted, variables filled in.
local function inline(text, variables)
  local with = text:gsub("%$([%w_]+)", function(name) return json(variables[name]) end)
  return parse_json((with:gsub("([{,%s])([%a_][%w_]*)%s*:", '%1"%2":')))
end
-- The calls of an operation: alias, name, arguments.
local function calls(query, variables)
  local all, body = {}, query:match("^[^{]*(%b{})%s*$")
  if not body then refuse_with(400, "Syntax Error: the query cannot be read") end
  body = body:sub(2, -2):gsub("^%s+", "")
  local place = 1
  while place <= #body do
    local from, to, word = body:find("^%s*,?%s*([%a_][%w_]*)", place)
    if not from then break end
    local alias, name = word, word
    local from2, to2, real = body:find("^%s*:%s*([%a_][%w_]*)", to + 1)
    if from2 then name, to = real, to2 end
    local _, to3, arguments = body:find("^%s*(%b())", to + 1)
    local _, to4 = body:find("^%s*(%b{})", (to3 or to) + 1)
    local given = {}
    if arguments then given = inline("{" .. arguments:sub(2, -2) .. "}", variables) or refuse_with(400, "Syntax Error: " .. arguments) end
    all[#all + 1] = { alias = alias, name = name, given = given }
    place = (to4 or to3 or to) + 1
  end
  return all
end
local function shown(issue)
  return merge({ description = null, priority = 0 }, issue.fields, { id = issue.id, identifier = "ENG-" .. issue.number, createdAt = iso(issue.created), updatedAt = iso(issue.updated),
    url = "https://linear.app/example/issue/ENG-" .. issue.number })
end
local function invalid(path, message) return nil, errors_of("INVALID_INPUT", message, path).errors[1] end
local fields = {}
function fields.issueCreate(given)
  local row = given.input or {}
  if not is_text(row.title) or not is_text(row.teamId) then return invalid("issueCreate", "title and teamId are required") end
  if chosen(row.title) then return invalid("issueCreate", "refused by the sandbox") end
  if row.id and issues:get(row.id) then return invalid("issueCreate", "Entity with this id already exists") end
  local own = merge(row)
  own.id = nil
  local issue = issues:create(own, row.id or uuid())
  issue.number = next_id("ENG")
  return { success = true, lastSyncId = next_id("sync"), issue = shown(issue) }, nil, true
end
function fields.issueUpdate(given)
  local issue = issues:get(given.id or "")
  if not issue then return invalid("issueUpdate", "Entity not found: Issue") end
  issues:update(issue, given.input or {})
  return { success = true, lastSyncId = next_id("sync"), issue = shown(issue) }, nil, true
end
function fields.issueDelete(given)
  local issue = issues:get(given.id or "")
  if not issue then return invalid("issueDelete", "Entity not found: Issue") end
  issues:delete(issue)
  return { success = true, lastSyncId = next_id("sync") }, nil, true
end
function fields.issues(given)
  local nodes = list {}
  local name, how = next(given.filter or {})
  local values = how and (how["in"] or { how.eq })
  if values then
    for _, value in ipairs(values) do for _, issue in ipairs(issues:search(name, value)) do nodes[#nodes + 1] = shown(issue) end end
  else
    for issue in issues:each() do nodes[#nodes + 1] = shown(issue) end
  end
  return { nodes = nodes, pageInfo = { hasNextPage = false, endCursor = null } }
end
function fields.teams() return { nodes = list { { id = "team-1", key = "ENG", name = "Engineering" } }, pageInfo = { hasNextPage = false } } end
function fields.viewer() return { id = "user-1", name = "Penstock", email = "us@x.example" } end

route("POST /graphql", function(request)
  local body = request:json()
  if not is_text(body.query) then refuse_with(400, "query is missing") end
  local data, errors = {}, list {}
  for _, call in ipairs(calls(body.query, body.variables or {})) do
    local run = fields[call.name]
    if not run then refuse_with(400, ('Cannot query field "%s"'):format(call.name)) end
    local value, wrong, writes = run(call.given)
    if writes or wrong then request.rows = request.rows + 1 end
    if wrong then request.rejected = request.rejected + 1 end
    data[call.alias] = value or null
    if wrong then errors[#errors + 1] = merge(wrong, { path = list { call.alias } }) end
  end
  return 200, { data = data, errors = #errors > 0 and errors or nil }
end)
