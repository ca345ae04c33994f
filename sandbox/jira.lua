-- Jira Cloud REST v3: issues one by one and in bulk, search. developer.atlassian.com (2026).
local issues = records("issues")
local bulk_max = 50

local function error_of(message, fields) return { errorMessages = list { message }, errors = fields or {} } end
vendor {
  refusal = function(status, why)
    local texts = { [401] = "Client must be authenticated to access this resource.", [404] = "Issue does not exist or you do not have permission to see it.", [429] = "Rate limit exceeded." }
    return error_of(texts[status] or why or "The request was refused.")
  end,
  limits = { "site" },
  login = function(request) if token_problem(bearer(request) or select(2, basic(request))) then refuse_with(401) end end,
}
limit("site", { rate = "100/1s", refuse = function(a)
  return 429, error_of("Rate limit exceeded."), { ["Retry-After"] = math.ceil(a.wait), ["X-RateLimit-Limit"] = a.limit, ["X-RateLimit-Remaining"] = 0, ["X-RateLimit-NearLimit"] = "true" }
end })

-- What is wrong with the fields of an issue: {field = text}, or nil.
local function wrong(fields, creating)
  local found = {}
  if creating and not (type(fields.project) == "table" and (fields.project.key or fields.project.id)) then found.project = "valid project is required" end
  if creating and type(fields.issuetype) ~= "table" then found.issuetype = "Specify a valid issue type" end
  if (creating or fields.summary ~= nil) and not is_text(fields.summary) then found.summary = "You must specify a summary of the issue." end
  if #tostring(fields.summary or "") > 255 then found.summary = "Summary must be less than 255 characters." end
  if present(fields.description) and type(fields.description) ~= "table" then found.description = "Operation value must be an Atlassian Document" end
  for name in pairs(fields) do
    if strict and name:find("^customfield_") then found[name] = "Field cannot be set. It is not on the appropriate screen, or unknown." end
  end
  if chosen(tostring(fields.summary or "")) then found.summary = "refused by the sandbox" end
  if next(found) then return found end
end
local function create(fields)
  local project = fields.project.key or "P" .. fields.project.id
  local number = next_id("issue of " .. project)
  local issue = issues:create(merge(fields, { key = project .. "-" .. number }), 10000 + next_id("issue"))
  return { id = tostring(issue.id), key = issue.fields.key, self = "https://example.atlassian.net/rest/api/3/issue/" .. issue.id }
end
local function find(key) return issues:get(key) or issues:find("key", key) or refuse_with(404) end
local function shown(issue) return { id = tostring(issue.id), key = issue.fields.key, fields = merge(issue.fields, { created = iso(issue.created), updated = iso(issue.updated) }) } end

local api = "/rest/api/3/"
route("POST " .. api .. "issue/bulk", function(request)
  local rows, made, errors = request:json().issueUpdates, list {}, list {}
  if type(rows) ~= "table" or #rows == 0 or #rows > bulk_max then refuse_with(400, "between 1 and 50 issues are needed") end
  request.rows = #rows
  for place, row in ipairs(rows) do
    local problem = wrong(row.fields or {}, true)
    if problem then
      errors[#errors + 1] = { status = 400, elementErrors = { errorMessages = list {}, errors = problem }, failedElementNumber = place - 1 }
    else
      made[#made + 1] = create(row.fields)
    end
  end
  request.rejected = #errors
  return #made == 0 and 400 or 201, { issues = made, errors = errors }
end)
-- By their ids or keys; what is not there is in neither list.
route("POST " .. api .. "issue/bulkfetch", function(request)
  local asked, found, seen = request:json().issueIdsOrKeys, list {}, {}
  if type(asked) ~= "table" or #asked == 0 or #asked > 100 then refuse_with(400, "between 1 and 100 issueIdsOrKeys are needed") end
  for _, id in ipairs(asked) do
    local issue = issues:get(id) or issues:find("key", id)
    if issue and not seen[issue] then found[#found + 1] = shown(issue) seen[issue] = true end
  end
  return 200, { expand = "schema,names", issues = found, issueErrors = list {} }
end)
route("POST " .. api .. "issue", function(request)
  local fields = request:json().fields or {}
  local problem = wrong(fields, true)
  request.rows, request.rejected = 1, problem and 1 or 0
  if problem then return 400, { errorMessages = list {}, errors = problem } end
  return 201, create(fields)
end)
route("PUT " .. api .. "issue/{key}", function(request, key)
  local fields, issue = request:json().fields or {}, find(key)
  local problem = wrong(fields, false)
  request.rows, request.rejected = 1, problem and 1 or 0
  if problem then return 400, { errorMessages = list {}, errors = problem } end
  issues:update(issue, fields)
  return 204
end)
route("GET " .. api .. "issue/{key}", function(_, key) return 200, shown(find(key)) end)
route("DELETE " .. api .. "issue/{key}", function(request, key)
  request.rows = 1
  issues:delete(find(key))
  return 204
end)
-- jql: field = "value", field in ("a", "b"), cf[10001] ~ "value"
route("POST " .. api .. "search/jql", function(request)
  local body, found, seen = request:json(), list {}, {}
  local name, values = (body.jql or ""):match('([%w_%[%]"]+)%s*[=~]%s*(".-")')
  if not name then name, values = (body.jql or ""):match('([%w_%[%]"]+)%s+[Ii][Nn]%s*%((.-)%)') end
  if not name then refuse_with(400, "The sandbox reads jql of the form field = \"value\" and field in (...)") end
  name = name:gsub('"', ""):gsub("^cf%[(%d+)%]$", "customfield_%1")
  for value in values:gmatch('"([^"]*)"') do
    for _, issue in ipairs(issues:search(name, value)) do
      if not seen[issue] then found[#found + 1] = shown(issue) end
      seen[issue] = true
    end
  end
  return 200, { issues = found, isLast = true }
end)
route("GET " .. api .. "field", function()
  return 200, list { { id = "summary", key = "summary", name = "Summary", custom = false, schema = { type = "string" } },
    { id = "customfield_10001", key = "customfield_10001", name = "External id", custom = true, schema = { type = "string" } } }
end)
