-- GitHub REST: issues, labels, repository dispatch. docs.github.com/rest (2026).
local function error_of(message, errors) return { message = message, errors = errors, documentation_url = "https://docs.github.com/rest" } end
vendor {
  refusal = function(status, why)
    local texts = { [401] = "Bad credentials", [404] = "Not Found", [429] = "You have exceeded a secondary rate limit" }
    return error_of(texts[status] or why or "Bad Request")
  end,
  limits = { "hour" },
  login = function(request)
    if token_problem((request.headers.authorization or ""):match("^%a+ (.+)$")) then refuse_with(401) end
    if not is_text(request.headers["user-agent"]) then refuse(403, error_of("Request forbidden by administrative rules. Please make sure your request has a User-Agent header")) end
  end,
}
local function headers(a)
  return { ["x-ratelimit-limit"] = a.limit, ["x-ratelimit-remaining"] = a.remaining, ["x-ratelimit-used"] = a.limit - a.remaining, ["x-ratelimit-reset"] = a.reset, ["x-ratelimit-resource"] = "core" }
end
limit("hour", { rate = "5000/1h", headers = headers, refuse = function(a) return 403, error_of("API rate limit exceeded"), headers(a) end })
-- Content that notifies people has a limit of its own.
limit("content", { rate = "80/1m", refuse = function(a)
  return 403, error_of("You have exceeded a secondary rate limit"), { ["Retry-After"] = math.ceil(a.wait) }
end })

local function issues(owner, repo) return records(owner .. "/" .. repo) end
local function shown(issue, owner, repo)
  local f, labels = issue.fields, list {}
  for place, name in ipairs(f.labels or {}) do labels[place] = { name = name } end
  return merge({ state = "open", body = null }, f, { number = issue.id, id = issue.id + 1000, labels = labels, created_at = iso(issue.created), updated_at = iso(issue.updated),
    html_url = ("https://github.com/%s/%s/issues/%d"):format(owner, repo, issue.id) })
end
local function check(request, creating)
  local row = request:json()
  request.rows = 1
  if (creating or row.title ~= nil) and not is_text(row.title) or chosen(tostring(row.title)) then
    request.rejected = 1
    refuse(422, error_of("Validation Failed", list { { resource = "Issue", field = "title", code = "missing_field" } }))
  end
  return row
end
local path = "/repos/{owner}/{repo}/issues"
route("POST " .. path, { limits = { "hour", "content" } }, function(request, owner, repo) return 201, shown(issues(owner, repo):create(check(request, true)), owner, repo) end)
route("GET " .. path, function(request, owner, repo)
  local all, page, size = {}, tonumber(request.params.page) or 1, math.min(tonumber(request.params.per_page) or 30, 100)
  for issue in issues(owner, repo):each() do
    local has = not request.params.labels
    for _, name in ipairs(issue.fields.labels or {}) do has = has or name == request.params.labels end
    if has then all[#all + 1] = shown(issue, owner, repo) end
  end
  return 200, list { table.unpack(all, (page - 1) * size + 1, page * size) }
end)
local function find(owner, repo, number) return issues(owner, repo):get(number) or refuse_with(404) end
route("GET " .. path .. "/{number}", function(_, owner, repo, number) return 200, shown(find(owner, repo, number), owner, repo) end)
route("PATCH " .. path .. "/{number}", function(request, owner, repo, number)
  return 200, shown(issues(owner, repo):update(find(owner, repo, number), check(request, false)), owner, repo)
end)
route("POST " .. path .. "/{number}/comments", { limits = { "hour", "content" } }, function(request, owner, repo, number)
  local body = request:json().body
  request.rows = 1
  if not is_text(body) then refuse(422, error_of("Validation Failed")) end
  local comment = records("comments"):create { body = body, issue = find(owner, repo, number).id }
  return 201, { id = comment.id, body = body, created_at = iso(comment.created) }
end)
route("POST /repos/{owner}/{repo}/dispatches", function(request, owner, repo)
  local row = request:json()
  request.rows = 1
  if not is_text(row.event_type) then refuse(422, error_of("Invalid request. 'event_type' wasn't supplied.")) end
  records("dispatches"):create(merge(row, { repository = owner .. "/" .. repo }))
  return 204
end)
route("GET /search/issues", function(request)
  local wanted, items = (request.params.q or ""):match('"([^"]+)"'), list {}
  local owner, repo = (request.params.q or ""):match("repo:([^/]+)/(%S+)")
  if not wanted or not owner then refuse(422, error_of("Validation Failed")) end
  for issue in issues(owner, repo):each() do
    if ((issue.fields.title or "") .. (present(issue.fields.body) and issue.fields.body or "")):find(wanted, 1, true) then items[#items + 1] = shown(issue, owner, repo) end
  end
  return 200, { total_count = #items, incomplete_results = false, items = items }
end)
